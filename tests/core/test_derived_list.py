"""The derived list: what it shows, finds, filters, sorts and remembers, for whoever reads it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio

from core import database, records
from core.context import Context
from tests.core.derived_ships import KIND, ships_at_sea

PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def fleet(installation: Any) -> AsyncIterator[None]:
    """A hundred and twenty ships."""
    from core.context import system

    async with ships_at_sea():
        rows = [
            {
                "name": f"Ship {number:03}",
                "flag": "ru" if number % 3 else "mt",
                "price": Decimal(1000 * number),
                "built": dt.date(2000, 1, 1) + dt.timedelta(days=number),
                "tags": ["old", "<b>bold</b>"] if number % 2 else [],
            }
            for number in range(1, 121)
        ]
        await records.create_many(system(language="en"), KIND, rows)
        yield


def names(html: str) -> list[str]:
    """The names of the rows."""
    return re.findall(r'class="rowlink" href="[^"]+">([^<]+)<', html)


async def test_the_list_shows_fifty_rows_and_a_link_to_more(http: Any) -> None:
    page = await http.get("/ships")
    assert page.status_code == 200, page.text[-2000:]
    assert names(page.text) == [f"Ship {number:03}" for number in range(120, 70, -1)]
    assert "Show 50 more" in page.text
    assert ">120</span>" in page.text
    href = re.search(r'class="more-row" hx-get="([^"]+)"', page.text)
    assert href
    more = await http.get(href[1].replace("&amp;", "&"), headers=PARTIAL)
    assert names(more.text) == [f"Ship {number:03}" for number in range(70, 20, -1)]
    assert "<html" not in more.text
    assert "<thead" not in more.text
    whole = await http.get(href[1].replace("&amp;", "&"))
    assert "<html" in whole.text
    assert names(whole.text) == names(more.text)


async def test_values_are_escaped(http: Any) -> None:
    page = await http.get("/ships")
    assert "<b>bold</b>" not in page.text
    assert "&lt;b&gt;bold&lt;/b&gt;" in page.text


async def test_filters_are_chips_that_read_as_a_sentence(http: Any) -> None:
    page = await http.get("/ships?flag=mt&price__gte=60000&tags=old")
    assert names(page.text) == [f"Ship {n:03}" for n in range(117, 59, -1) if n % 3 == 0 and n % 2]
    chips = re.findall(r'class="chip">(.*?)</span><b><a[^>]*>(.*?)</a></b><a href="(.*?)"', page.text)
    assert [re.sub("<.*?>", "", text) for text, *_rest in chips] == ["Flag", "Price from", "Tags has"]
    assert [value for _text, value, _href in chips] == ["Maltese", "60,000", "old"]
    assert chips[0][2] == "/ships?price__gte=60000&amp;tags=old"


async def test_a_filter_is_built_by_a_form_without_javascript(http: Any) -> None:
    page = await http.get("/ships/filter?flag=mt&q=Ship")
    assert "Filter by" in page.text
    assert "/ships/filter?flag=mt&amp;q=Ship&amp;field=price" in page.text
    form = await http.get("/ships/filter?flag=mt&q=Ship&field=price")
    assert 'name="low"' in form.text
    assert 'value="flag=mt&amp;q=Ship"' in form.text
    done = await http.get("/ships/filter?apply=1&field=price&query=flag%3Dmt&low=10&high=20000")
    assert done.status_code == 303
    assert done.headers["location"] == "/ships?flag=mt&price__gte=10&price__lte=20000"
    wrong = await http.get("/ships/filter?apply=1&field=price&query=&low=abc&high=")
    assert wrong.status_code == 422
    assert "is not a number" in wrong.text
    many = await http.get("/ships/filter?apply=1&field=flag&query=&value=ru&value=mt")
    assert many.headers["location"] == "/ships?flag__in=ru%2Cmt"


async def test_a_head_sorts_and_turns_round(http: Any) -> None:
    page = await http.get("/ships?sort=price&flag=ru")
    assert names(page.text)[:2] == ["Ship 001", "Ship 002"]
    assert 'aria-sort="ascending"><a href="/ships?flag=ru&amp;sort=-price"' in page.text
    turned = await http.get("/ships?sort=-price")
    assert names(turned.text)[0] == "Ship 120"
    assert 'aria-sort="descending"' in turned.text


async def test_search_answers_with_the_table_alone(http: Any) -> None:
    page = await http.get("/ships?q=ship+07", headers=PARTIAL)
    expected = [f"Ship {number:03}" for number in range(1, 121) if "07" in f"{number:03}"]
    assert sorted(names(page.text)) == expected
    assert "<html" not in page.text
    assert 'id="records"' in page.text
    assert f'hx-swap-oob="true">{len(expected)}<' in page.text


async def test_nothing_found_and_nothing_there_say_what_to_do(http: Any) -> None:
    page = await http.get("/ships?q=zeppelin")
    assert "Nothing found" in page.text
    assert "Show all" in page.text


async def test_columns_are_chosen_ordered_and_remembered(http: Any, sign_in: Any, make_user: Any) -> None:
    form = await http.get("/ships/columns?flag=mt")
    csrf = re.search(r'name="_csrf" value="([^"]+)"', form.text)
    assert csrf
    assert 'value="guns"' in form.text
    token = {"_csrf": csrf[1]}
    moved = await http.post(
        "/ships/columns", data={**token, "column": ["name", "flag", "price"], "up": "price", "query": "flag=mt"}
    )
    assert re.findall(r'name="column" value="(\w+)" checked', moved.text) == ["name", "price", "flag"]
    saved = await http.post(
        "/ships/columns", data={**token, "column": ["name", "guns", "built"], "save": "1", "query": "flag=mt"}
    )
    assert saved.headers["location"] == "/ships?flag=mt"
    page = await http.get("/ships")
    assert re.findall(r'<th scope="col"[^>]*><a [^>]*>(\w+)', page.text) == ["Name", "Guns", "Built"]
    other = await sign_in(await make_user(role="admin"))
    assert "Flag" in (await other.get("/ships")).text
    await http.post("/ships/columns", data={**token, "reset": "1", "query": ""})
    assert "Flag" in (await http.get("/ships")).text


async def test_a_view_is_saved_shared_and_deleted(http: Any, sign_in: Any, make_user: Any) -> None:
    token = {"_csrf": await csrf_of(http)}
    saved = await http.post("/ships/views", data={**token, "name": "Maltese ones", "query": "flag=mt&sort=name"})
    number = re.fullmatch(r"/ships\?flag=mt&sort=name&view=(\d+)", saved.headers["location"])
    assert number
    page = await http.get(saved.headers["location"])
    assert f'view={number[1]}" aria-current="true">Maltese ones' in page.text
    assert names(page.text)[0] == "Ship 003"
    other = await sign_in(await make_user(role="admin"))
    assert "Maltese ones" not in (await other.get("/ships")).text
    form = {**token, "name": "All Maltese", "share": "everyone", "query": "flag=mt"}
    await http.post(f"/ships/views/{number[1]}", data=form)
    assert "All Maltese" in (await other.get("/ships")).text
    theirs = {"_csrf": await csrf_of(other), "delete": "1"}
    assert (await other.post(f"/ships/views/{number[1]}", data=theirs)).status_code == 404
    await http.post(f"/ships/views/{number[1]}", data={**token, "delete": "1"})
    assert "All Maltese" not in (await other.get("/ships")).text


async def test_mine_are_mine(http: Any, sign_in: Any, make_user: Any, ctx: Context) -> None:
    user = await make_user(role="sales", name="Anna")
    await records.create(ctx, KIND, {"name": "Anna's", "owner": user.id})
    anna = await sign_in(user)
    page = await anna.get("/ships?owner=me")
    assert names(page.text) == ["Anna&#39;s"]
    assert 'href="/ships?owner=me" aria-current="true">Mine' in page.text
    assert "<b><a" in page.text
    assert ">me</a></b>" in page.text


async def test_who_may_not_see_the_kind_is_refused(sign_in: Any, make_user: Any, visitor: Any) -> None:
    user = await make_user(role="sales")
    await database.execute("DELETE FROM core_user_role WHERE user_id = $1", user.id)
    await database.bump_epoch()
    assert (await (await sign_in(user)).get("/ships")).status_code == 403
    assert (await visitor.get("/ships")).status_code == 303


async def test_records_chosen_by_their_numbers_are_a_filter_with_a_way_out(http: Any) -> None:
    page = await http.get("/ships?id__in=1,2")
    assert len(names(page.text)) == 2
    assert "Chosen records" in page.text


async def test_a_page_of_the_list_takes_few_statements(http: Any, counted: Any) -> None:
    await http.get("/ships?flag=mt")
    with counted() as statements:
        await http.get("/ships?flag=mt")
    assert len(statements) <= 4, statements


@pytest.fixture
def counted() -> Any:
    """Counts the statements that reach the database."""
    from contextlib import contextmanager

    import asyncpg

    @contextmanager
    def counting() -> Any:
        found: list[str] = []
        former = asyncpg.Connection._execute

        async def noted(self: Any, query: str, *args: Any, **kwargs: Any) -> Any:
            found.append(query)
            return await former(self, query, *args, **kwargs)

        asyncpg.Connection._execute = noted  # type: ignore[method-assign]
        try:
            yield found
        finally:
            asyncpg.Connection._execute = former  # type: ignore[method-assign]

    return counting


async def csrf_of(client: Any) -> str:
    """The token that forms of this user carry."""
    found = re.search(r'name="_csrf" value="([^"]+)"', (await client.get("/ships")).text)
    assert found
    return found[1]
