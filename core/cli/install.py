"""Setting an installation up: init, migrate, demo."""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
from pathlib import Path

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from core import database, plugins, settings
from core.cli.session import in_pool, load_registry, open_database, with_installation
from core.cli.words import err, say, t
from core.context import Refuse, system
from core.database import Migration
from core.language import LANGUAGES, _
from core.parts import DemoData
from core.plugins import Registry

PASSWORD_VARIABLE = "SMALTA_ADMIN_PASSWORD"  # noqa: S105  (the name of a variable)


@click.command(
    help=_("Set the installation up: data folder, database, first administrator. Repeating it changes nothing.")
)
@click.option("--admin-email", default="", help=_("The first administrator's e-mail; asked for if it is left out."))
@click.option("--admin-name", default="", help=_("The first administrator's name."))
@click.option("--generate-password", is_flag=True, help=_("Make a password and print it, instead of asking for one."))
@click.option("--preset", default="", help=_("Which plugins to begin with: minimal, sales …"))
def init(admin_email: str, admin_name: str, generate_password: bool, preset: str) -> None:
    """Set the installation up; the password comes from SMALTA_ADMIN_PASSWORD or is asked for."""
    _write_site_file(preset)
    settings.install(settings.read())
    _write_secret(settings.current().data)
    settings.install(settings.read())
    registry = load_registry()
    with open_database() as used:
        asyncio.run(in_pool(used.dsn, _prepare(registry)))
        if asyncio.run(in_pool(used.dsn, _has_users())):
            say(_("The installation is ready; it has users already."))
            return
        email = admin_email or _asked(_("E-mail of the first administrator"))
        password = _password(generate_password)
        asyncio.run(in_pool(used.dsn, _add_admin(email, password, admin_name)))
    say(_("The installation is ready. Start it with smalta serve, then sign in:"))
    say(_("  address   %(address)s"), address=settings.current().address())
    say(_("  e-mail    %(email)s"), email=email)
    if generate_password:
        say(_("  password  %(password)s"), password=password)


@click.command(help=_("Bring the database up to date. Safe to repeat, and to interrupt."))
def migrate() -> None:
    """Run the migrations of core and of the enabled plugins that the database lacks."""
    registry = load_registry()
    with open_database() as used:
        asyncio.run(in_pool(used.dsn, _prepare(registry)))


@click.command(help=_("Fill the installation with a demo company, the same one for the same seed."))
@click.option(
    "--clients", default=1000, show_default=True, type=click.IntRange(1, 10_000_000), help=_("How many clients.")
)
@click.option("--seed", default=1, show_default=True, type=int, help=_("Which company."))
@click.option(
    "--language", type=click.Choice(list(LANGUAGES)), help=_("Of names and texts; the installation's if left out.")
)
@click.option("--force", is_flag=True, help=_("Add it to the records that are there."))
@with_installation
async def demo(clients: int, seed: int, language: str | None, force: bool) -> None:
    """Call each part of the demo company in order; refuse where people already work."""
    if not force and await _has_records():
        raise Refuse(_("There are records here already. With --force the demo company is added to them."))
    chosen = language or settings.current().language
    registry = plugins.registry()
    made: dict[str, int] = {}
    with _progress() as progress:
        bar = progress.add_task("", total=len(registry.of(DemoData)))
        for part in registry.of(DemoData):
            progress.update(bar, description=t(part.label))
            made.update(await part.fill(system(language=chosen), clients, seed))
            progress.advance(bar)
    await database.execute("ANALYZE")
    for label, number in made.items():
        say(_("  %(label)s: %(number)s"), label=t(label), number=number)
    say(_("The demo company is ready: %(address)s"), address=settings.current().address())


async def _prepare(registry: Registry) -> None:
    """Migrate, with a bar that names the step under way."""
    apps = plugins.migration_apps(registry)
    pending = await database.pending_migrations(apps)
    with _progress() as progress:
        bar = progress.add_task(t(_("Database")), total=len(pending))

        def tell(step: Migration) -> None:
            progress.update(bar, advance=1, description=step.description)

        done = await database.migrate(apps, tell)
        progress.update(bar, completed=len(pending), description=t(_("Database")))
    say(_("The database is up to date (migrations run: %(number)s)."), number=len(done))


def _progress() -> Progress:
    """A bar on standard error, which vanishes when the work is done; nothing where nobody looks."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=err, transient=True, disable=not err.is_terminal)


async def _has_users() -> bool:
    return bool(await database.fetch_value("SELECT EXISTS (SELECT FROM core_user)"))


async def _has_records() -> bool:
    for kind in plugins.registry().kinds():
        if getattr(kind.table, "ownerless", False):
            continue  # A catalogue comes filled.
        # The name of a table is that of a class; nothing from outside.
        if await database.fetch_value(f"SELECT EXISTS (SELECT FROM {kind.table._meta.tablename})"):
            return True
    return False


async def _add_admin(email: str, password: str, name: str) -> None:
    from core import accounts

    await accounts.create_admin(email, password, name or email.partition("@")[0])


def _asked(message: str, *, hidden: bool = False) -> str:
    if not sys.stdin.isatty():
        raise click.UsageError(
            t(_("Without a terminal, give --admin-email, and the password in SMALTA_ADMIN_PASSWORD."))
        )
    return str(click.prompt(t(message), hide_input=hidden, confirmation_prompt=hidden, err=True))


def _password(generate: bool) -> str:
    if generate:
        return secrets.token_urlsafe(12)
    return os.environ.get(PASSWORD_VARIABLE) or _asked(_("Password"), hidden=True)


def _write_site_file(preset: str) -> None:
    """The installation's own settings: what the preset says, or a file that only tells what it is for."""
    folder = settings.data_folder()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = Path(os.environ.get("SMALTA_SETTINGS") or folder / settings.SITE_FILE)
    source = settings.FOLDER / "presets" / f"{preset}.toml"
    if preset and not source.exists():
        known = ", ".join(sorted(each.stem for each in source.parent.glob("*.toml")))
        raise click.UsageError(t(_("There is no preset %(name)s; there are %(known)s."), name=preset, known=known))
    if file.exists():
        if preset and file.read_text(encoding="utf-8") != source.read_text(encoding="utf-8"):
            raise Refuse(_("%(file)s is there already; edit it, or remove it to begin with a preset."), file=file)
        return
    empty = "# Settings of this installation; settings/base.toml of the product lists them all.\n"
    file.write_text(source.read_text(encoding="utf-8") if preset else empty, encoding="utf-8")


def _write_secret(folder: Path) -> None:
    """The key that signs cookies and links: for the installation's user alone, and not part of a backup."""
    if settings.current().secret_key:
        return
    descriptor = os.open(folder / settings.SECRET_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(48) + "\n")
        file.flush()
        os.fsync(file.fileno())
