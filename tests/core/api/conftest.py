"""A plugin with a kind of record, the application that serves it, and programs with keys."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import httpx
import msgspec
import pytest

from core import accounts, database, own, plugins
from core.testing import Installation, MakeUser, User, anonymous_client, write_plugin

CODE = '''
"""Boxes with parts."""
from piccolo.columns import Array, Boolean, Date, ForeignKey, Integer, Text, Timestamptz, Varchar
from piccolo.columns.base import OnDelete
from core.hookspecs import hookimpl
from core.parts import Lines, RecordKind, Section
from core.records import Choice, Line, Money, Option, Record


class Box(Record, tablename="lab_box"):
    title = Varchar(length=200, required=True, help_text="Title")
    title_key = Text(default="")
    amount = Money(null=True, default=None, help_text="Amount")
    currency = Varchar(length=3, default="RUB", help_text="Currency")
    colour = Choice(options=[Option("red", "Red"), Option("blue", "Blue")], null=True, default=None, help_text="Colour")
    due = Date(null=True, default=None, help_text="Due")
    seen_at = Timestamptz(null=True, default=None, help_text="Seen")
    number = Integer(null=True, default=None, help_text="Number")
    done = Boolean(default=False, help_text="Done")
    tags = Array(Varchar(length=60), default=list, help_text="Tags")
    secret = Varchar(length=100, null=True, default=None, help_text="Secret")
    fixed = Varchar(length=100, null=True, default=None, help_text="Fixed")


class Part(Line, tablename="lab_part"):
    box = ForeignKey(Box, on_delete=OnDelete.cascade, null=False)
    kind = Choice(options=[Option("phone", "Phone"), Option("other", "Other")], default="phone", required=True)
    value = Varchar(length=200, required=True, help_text="Value")


@hookimpl
def register_records():
    return [RecordKind(
        key="lab.boxes", label="Box", label_plural="Boxes", table=Box, title=Box.title,
        columns=[Box.title, Box.amount, Box.colour], filters=[Box.colour, Box.amount, Box.due, Box.done],
        search=[Box.title],
        form=[Section("Box", [Box.title, Box.amount, Box.currency, Box.colour, Box.due, Box.seen_at, Box.number,
                              Box.done, Box.tags, Box.secret])],
        lines=[Lines(Part, Part.box, [Part.kind, Part.value], key="parts", label="Parts", value=Part.value,
                     flat={"phones": {"kind": "phone"}})],
    )]
'''

TABLES = """
DROP TABLE IF EXISTS lab_part, lab_box CASCADE;
CREATE TABLE lab_box (
    id BIGSERIAL PRIMARY KEY, created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(), version INTEGER NOT NULL DEFAULT 1,
    owner BIGINT REFERENCES core_user ON DELETE SET NULL,
    team BIGINT REFERENCES core_team ON DELETE SET NULL, deleted_at TIMESTAMPTZ, custom JSONB NOT NULL DEFAULT '{}',
    title VARCHAR(200) NOT NULL, title_key TEXT COLLATE "C" NOT NULL DEFAULT '', amount NUMERIC(18, 2),
    currency VARCHAR(3) NOT NULL DEFAULT 'RUB', colour VARCHAR(40), due DATE, seen_at TIMESTAMPTZ, number INTEGER,
    done BOOLEAN NOT NULL DEFAULT FALSE, tags VARCHAR(60)[] NOT NULL DEFAULT '{}',
    secret VARCHAR(100), fixed VARCHAR(100)
);
CREATE TABLE lab_part (
    id BIGSERIAL PRIMARY KEY, position BIGINT NOT NULL DEFAULT 0,
    box BIGINT NOT NULL REFERENCES lab_box ON DELETE CASCADE, kind VARCHAR(40) NOT NULL, value VARCHAR(200) NOT NULL
);
"""

BOXES = "/api/v1/lab/boxes"


@pytest.fixture(scope="module")
async def lab(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("plugins")
    write_plugin(folder, "lab", CODE)
    plugins.install(plugins.load(["lab"], own, extra_folders=[folder], strict=True))
    await database.execute(TABLES)


@pytest.fixture(scope="module")
async def served(lab: None) -> Any:
    from core import app, settings

    chosen = settings.current()
    settings.install(chosen.model_copy(update={"plugins": ()}))
    built = plugins.registry()
    original, app.assemble = app.assemble, lambda _chosen: built
    try:
        return app.create_app()
    finally:
        app.assemble = original


class Program:
    """A program with a key."""

    def __init__(self, client: httpx.AsyncClient, user: User) -> None:
        self.client = client
        self.user = user

    async def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        content = body if isinstance(body, bytes) else None if body is None else msgspec.json.encode(body)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if content is not None:
            sent.setdefault("Content-Type", "application/json")
        return await self.client.request(method, path, content=content, headers=sent)

    async def make(self, **values: Any) -> dict[str, Any]:
        answer = await self("POST", BOXES, {"title": "Box", **values})
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made


@pytest.fixture
async def program_of(served: Any) -> AsyncIterator[Callable[[User], Awaitable[Program]]]:
    """A program with a new key of that user."""
    async with AsyncExitStack() as stack:

        async def start(user: User) -> Program:
            client = await stack.enter_async_context(anonymous_client(served))
            ctx = await user.context()
            assert ctx is not None
            client.headers["Authorization"] = f"Bearer {await accounts.add_token(ctx, 'tests')}"
            return Program(client, user)

        yield start


@pytest.fixture
async def api(program_of: Any, make_user: MakeUser) -> Program:
    """A program of an administrator."""
    return await program_of(await make_user(role="admin"))  # type: ignore[no-any-return]


@pytest.fixture
async def seller(program_of: Any, make_user: MakeUser) -> Program:
    """A program of somebody who sees their team's records."""
    return await program_of(await make_user(role="sales"))  # type: ignore[no-any-return]
