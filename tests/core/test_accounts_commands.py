"""The commands `smalta user` and `smalta token`, on the open installation of the test."""

from __future__ import annotations

import asyncio
import json

import pytest
from click.testing import CliRunner

from core import accounts
from core.cli import smalta
from core.testing import PASSWORD


@pytest.fixture
def run(installation, monkeypatch):
    """Run a command; what it would open (settings, plugins, pool) is open already, in another thread's loop."""
    loop = asyncio.get_event_loop()

    def here(work):
        """The command's own coroutine in the loop of the tests, whose pool is open already."""
        return lambda *args, **options: asyncio.run_coroutine_threadsafe(work(*args, **options), loop).result(30)

    for group in (smalta.commands["user"], smalta.commands["token"]):
        for command in group.commands.values():
            monkeypatch.setattr(command, "callback", here(command.callback.__wrapped__))
    commands = smalta.commands

    async def invoke(*words: str, given: str = ""):
        return await asyncio.to_thread(
            CliRunner().invoke, commands[words[0]], list(words[1:]), input=given, catch_exceptions=True
        )

    return invoke


async def test_a_user_is_added_with_role_and_team(run, ctx):
    await accounts.create_team(ctx, "Команда")
    words = ["user", "add", "cli@example.org", "--role", "sales", "--role", "readonly", "--team", "Команда"]
    done = await run(*words, "--name", "Клим", "--password-stdin", given=PASSWORD + "\n")
    assert done.exit_code == 0, done.output
    assert await accounts.sign_in("cli@example.org", PASSWORD)
    found = await accounts.context_of_user(await accounts.find_user("CLI@example.org"))
    assert found.name == "Клим"
    assert found.primary_team is not None


async def test_users_are_listed_for_people_and_programs(run, make_user):
    user = await make_user(role="service", name="Listed")
    assert user.email in (await run("user", "list")).output
    rows = json.loads((await run("user", "list", "--json")).output)
    row = next(row for row in rows if row["id"] == user.id)
    assert (row["name"], row["roles"], row["active"]) == ("Listed", ["service"], True)


async def test_a_user_is_disabled_enabled_unlocked_and_gets_a_password(run, make_user):
    user = await make_user()
    assert (await run("user", "disable", user.email)).exit_code == 0
    assert await accounts.context_of_user(user.id) is None
    assert (await run("user", "enable", user.email)).exit_code == 0
    done = await run("user", "password", user.email, "--password-stdin", given="a password by command\n")
    assert done.exit_code == 0, done.output
    assert await accounts.sign_in(user.email, "a password by command")
    assert (await run("user", "unlock", user.email)).exit_code == 0


async def test_without_a_terminal_the_password_comes_from_the_standard_input_or_not_at_all(run):
    done = await run("user", "add", "none@example.org", "--role", "sales")
    assert done.exit_code == 2
    assert "--password-stdin" in done.output


@pytest.mark.parametrize(
    "words",
    [
        ("user", "add", "no address", "--role", "sales", "--password-stdin"),
        ("user", "add", "x@example.org", "--role", "emperor", "--password-stdin"),
        ("user", "add", "x@example.org", "--role", "sales", "--team", "Atlantis", "--password-stdin"),
        ("user", "disable", "nobody@example.org"),
        ("token", "add", "nobody@example.org", "--name", "x"),
    ],
)
async def test_wrong_use_is_refused(run, words):
    done = await run(*words, given=PASSWORD + "\n")
    assert done.exit_code != 0


async def test_a_key_is_printed_as_the_last_word_and_can_be_revoked(run, make_user):
    user = await make_user(role="readonly")
    done = await run("token", "add", user.email, "--name", "nightly report")
    token = done.output.split()[-1]
    assert (await accounts.context_of_token(token)).user_id == user.id
    listed = (await run("token", "list", user.email)).output
    assert "nightly report" in listed
    assert token not in listed
    assert (await run("token", "revoke", user.email, listed.split()[0])).exit_code == 0
    assert await accounts.context_of_token(token) is None
