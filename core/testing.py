"""The pytest fixtures that we and plugin authors use: a real installation per module, people, clients, a browser's eye.

Load them with `pytest_plugins = ["core.testing"]`. Everything runs in one event loop for the session (the pool of
connections belongs to it), on `SMALTA_TEST_DATABASE_URL` or on the PostgreSQL that comes with the product.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import tempfile
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
import pytest_asyncio

from core import database, own, plugins, settings
from core.context import Context, system

if TYPE_CHECKING:
    import httpx

PASSWORD = "correct horse battery"  # noqa: S105  (of people who exist in tests only)
"""The password of every user that `make_user` creates."""


@dataclass(frozen=True)
class Installation:
    """A migrated database with its registry, in use by the tests of one module."""

    dsn: str
    settings: settings.Settings
    registry: plugins.Registry


@dataclass(frozen=True)
class User:
    """A user with a way to sign in."""

    id: int
    email: str
    name: str
    role: str
    password: str = PASSWORD

    async def context(self) -> Context:
        """What the user may do at this moment."""
        from core import accounts

        ctx = await accounts.context_of_user(self.id)
        assert ctx is not None, "the user is disabled"
        return ctx


_numbers = itertools.count(1)


# --- database --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def database_server() -> Iterator[str]:
    """The address of a server where databases may be created."""
    named = os.environ.get("SMALTA_TEST_DATABASE_URL")
    if named:
        yield named
        return
    # Not pytest's own folder: it is closed to the account that PostgreSQL runs as when root runs the tests.
    with tempfile.TemporaryDirectory(prefix="smalta-test-") as folder:
        server = database.Server(Path(folder) / "postgres", durable=False)
        try:
            yield server.start()
        finally:
            server.stop()


@pytest.fixture(scope="session")
def test_settings(tmp_path_factory: pytest.TempPathFactory) -> settings.Settings:
    """settings/test.toml with the plugins that are there, a data folder of its own and a secret key."""
    chosen = settings.read(settings.FOLDER / "test.toml")
    present = plugins.find_manifests(chosen.plugin_folders)
    data = tmp_path_factory.mktemp("data")
    return chosen.model_copy(
        update={
            "plugins": tuple(name for name in chosen.plugins if name in present),
            "data": data,
            "secret_key": hashlib.sha256(b"tests").hexdigest(),
            "base_url": "http://testserver",
            "port": 8000,
        }
    )


@pytest.fixture(scope="session")
def test_registry(test_settings: settings.Settings) -> plugins.Registry:
    """Core and the plugins of the tests, loaded once."""
    settings.install(test_settings)
    built = plugins.load(test_settings.plugins, own, extra_folders=test_settings.plugin_folders, strict=True)
    plugins.install(built)
    return built


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def template_database(database_server: str, test_registry: plugins.Registry) -> AsyncIterator[str]:
    """The name of a database with every migration, made once per session and worker, from which others are copied."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    await create_database(database_server, name)
    try:
        await database.open_pool(database_address(database_server, name), patience=None)
        await database.migrate(plugins.migration_apps(test_registry))
        await database.close_pool()
        yield name
    finally:
        await database.close_pool()
        await drop_database(database_server, name)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def installation(
    database_server: str, template_database: str, test_registry: plugins.Registry, test_settings: settings.Settings
) -> AsyncIterator[Installation]:
    """A fresh installation for the module: an own database, the pool open, the registry and the settings in place."""
    name = f"{template_database}_{next(_numbers)}"
    dsn = database_address(database_server, name)
    await create_database(database_server, name, template=template_database)
    chosen = test_settings.model_copy(update={"database_url": dsn})
    settings.install(chosen)
    plugins.install(test_registry)
    forget_everything()
    try:
        await database.open_pool(dsn)
        yield Installation(dsn, chosen, test_registry)
    finally:
        await database.close_pool()
        forget_everything()
        await drop_database(database_server, name)


def forget_everything() -> None:
    """Drop what rooms keep in memory by epoch: another database counts its epochs from the start."""
    database.forget_settings()
    for room in (own.room(name) for name in own.ROOMS):
        forget = getattr(room, "forget_caches", None)
        if forget:
            forget()


def database_address(server: str, name: str) -> str:
    """The address of that database on the server."""
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))


async def create_database(server: str, name: str, template: str = "template0") -> None:
    """Create an empty UTF-8 database, or a copy of another that nobody is connected to."""
    connection = await asyncpg.connect(server)
    try:
        options = "" if template != "template0" else await _collation(connection)
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} {options}")
    finally:
        await connection.close()


async def _collation(connection: asyncpg.Connection[Any]) -> str:
    if connection.get_server_version().major >= 17:
        return "ENCODING 'UTF8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'"
    return "ENCODING 'UTF8' LOCALE 'C.UTF-8'"


async def drop_database(server: str, name: str) -> None:
    """Drop it, and whoever is still connected."""
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    finally:
        await connection.close()


# --- people and records ----------------------------------------------------------------------------------------------


@pytest.fixture
def ctx(installation: Installation) -> Context:
    """The installation itself: everything is allowed."""
    return system(source="command", language="en")


MakeUser = Callable[..., Awaitable[User]]


@pytest.fixture
def make_user(ctx: Context) -> MakeUser:
    """Creates users; role, team, name, email and language may be given, all by name."""

    async def make(
        *, role: str = "sales", team: int | None = None, name: str = "", email: str = "", language: str = "en"
    ) -> User:
        from core import accounts

        number = next(_numbers)
        name, email = name or f"User {number}", email or f"user{number}@example.org"
        id = await accounts.create_user(
            ctx, email=email, name=name, roles=[role], team=team, password=PASSWORD, language=language
        )
        return User(id, email, name, role)

    return make


MakeClient = Callable[..., Awaitable[int]]
Lines = dict[str, list[dict[str, Any]]]


@pytest.fixture
def make_client(ctx: Context) -> MakeClient:
    """Creates clients and returns their ids; any field by name, `by` a user's context, `lines` as in records.create."""

    async def make(*, by: Context | None = None, lines: Lines | None = None, **values: Any) -> int:
        from core import records

        values.setdefault("name", f"Client {next(_numbers)}")
        values.setdefault("type", "company")
        return await records.create(by or ctx, "core.clients", values, lines=lines)

    return make


# --- http ------------------------------------------------------------------------------------------------------------


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def app(installation: Installation) -> Any:
    """The ASGI application of the installation; the pool is the module's, so its lifespan is not run."""
    from core.app import create_app

    return create_app()


SignIn = Callable[[User], Awaitable["httpx.AsyncClient"]]


@pytest_asyncio.fixture(loop_scope="session")
async def sign_in(app: Any) -> AsyncIterator[SignIn]:
    """Start a session for a user and get a client that sends its cookie and CSRF token."""
    opened: list[httpx.AsyncClient] = []

    async def enter(user: User) -> httpx.AsyncClient:
        client = anonymous_client(app)
        opened.append(client)
        from core import accounts

        session = await accounts.start_session(user.id)
        client.cookies.set(accounts.cookie_name(), session.token)
        client.headers["X-CSRF-Token"] = session.csrf
        return client

    yield enter
    for client in opened:
        await client.aclose()


@pytest_asyncio.fixture(loop_scope="session")
async def http(sign_in: SignIn, make_user: MakeUser) -> httpx.AsyncClient:
    """A client that is signed in as an administrator."""
    return await sign_in(await make_user(role="admin", name="Administrator"))


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(app: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A client that has not signed in."""
    async with anonymous_client(app) as client:
        yield client


def anonymous_client(app: Any) -> httpx.AsyncClient:
    """An HTTP client on the application, which raises nothing: errors are answers."""
    import httpx

    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://testserver", headers={"Accept": "text/html"})


def write_plugin(folder: Path, name: str, code: str, **manifest: object) -> None:
    """Put a plugin into a folder, for a test of loading: its manifest and its plugin.py."""
    import json

    home = folder / name
    home.mkdir(parents=True)
    lines = {"name": name, "version": "1.0", "core_api": 1, **manifest}
    # JSON's literals are TOML's too, for texts, numbers, booleans and lists.
    (home / "plugin.toml").write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in lines.items()))
    (home / "__init__.py").write_text('"""A plugin of a test."""\n')
    (home / "plugin.py").write_text(code)
