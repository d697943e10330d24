"""Looking after an installation: plugins, doctor, undo."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import asdict, dataclass, field

import click
from rich.table import Table

from core import __version__, settings
from core.cli.session import in_pool, load_registry, open_database, with_installation
from core.cli.words import language, out, say, t
from core.context import system
from core.doctor import Finding, examine
from core.language import _
from core.parts import Part
from core.plugins import CORE, Registry, find_manifests


@dataclass(frozen=True)
class Row:
    """One plugin for people and programs: `parts` are (sort, key)."""

    name: str
    label: str
    version: str
    state: str
    reason: str = ""
    parts: list[tuple[str, str]] = field(default_factory=list)


@click.command(help=_("List the plugins and what each adds."))
@click.option("--json", "as_json", is_flag=True, help=_("One JSON object."))
@click.option("--parts", "every_part", is_flag=True, help=_("Every part with its key, not only how many."))
def plugins(as_json: bool, every_part: bool) -> None:
    """List every installed plugin, its state and its parts; no database is needed."""
    rows = describe(load_registry())
    if as_json:
        click.echo(json.dumps({"plugins": [asdict(row) for row in rows]}, ensure_ascii=False))
        return
    table = Table(t(_("Plugin")), t(_("Version")), t(_("State")), t(_("Parts")))
    for row in rows:
        table.add_row(f"{row.name}\n{row.label}", row.version, t(row.state), row.reason or _parts(row, every_part))
    out.print(table)


def _parts(row: Row, every_part: bool) -> str:
    if every_part:
        return "\n".join(f"{sort} {key}" for sort, key in row.parts)
    return ", ".join(f"{sort} {number}" for sort, number in Counter(sort for sort, _key in row.parts).items())


def describe(registry: Registry) -> list[Row]:
    """Core and every plugin, enabled or not, with the parts that it owns."""
    owned: dict[str, list[tuple[str, str]]] = {}
    for entry in registry.owned:
        key = entry.part.key if isinstance(entry.part, Part) else getattr(entry.part, "__name__", "")
        sort = type(entry.part).__name__ if isinstance(entry.part, Part) else "Event"
        owned.setdefault(entry.owner, []).append((sort, key))
    reasons = {problem.plugin: problem.reason for problem in registry.problems}
    installed = find_manifests(settings.current().plugin_folders, [])
    rows = [Row(CORE, "Smalta", __version__, _("enabled"), parts=owned.get(CORE, []))]
    for name in [
        *registry.plugins,
        *sorted(set(installed) - set(registry.plugins)),
        *sorted(set(reasons) - set(installed)),
    ]:
        manifest = installed.get(name)
        state = _("enabled") if name in registry.plugins else _("left out") if name in reasons else _("disabled")
        label = manifest.label_in(language()) if manifest else ""
        version = manifest.version if manifest else ""
        rows.append(Row(name, label, version, state, reasons.get(name, ""), owned.get(name, [])))
    return rows


@click.command(help=_("Examine the installation, one line for each thing; exit code 1 when something must be mended."))
@click.option("--json", "as_json", is_flag=True, help=_("One JSON object."))
@click.option("--checksum", is_flag=True, help=_("Print a digest of all records as the last word."))
def doctor(as_json: bool, checksum: bool) -> int:
    """Say what is well and what is not; the digest is the same for the same records."""
    registry = load_registry()
    with open_database() as used:
        findings, digest = asyncio.run(in_pool(used.dsn, _examine(registry, checksum)))
    if as_json:
        found = [asdict(each) | {"text": t(each.text, **each.values)} for each in findings]
        click.echo(json.dumps({"findings": found, "checksum": digest or None}, ensure_ascii=False, default=str))
    else:
        for each in findings:
            click.echo(f"{_mark(each)} {t(each.text, **each.values)}")
        if digest:
            click.echo(t(_("Checksum of all records: %(digest)s"), digest=digest))
    return 1 if any(each.level == "wrong" for each in findings) else 0


def _mark(finding: Finding) -> str:
    return {"well": "✓", "warning": "!", "wrong": "✗"}[finding.level]


async def _examine(registry: Registry, checksum: bool) -> tuple[list[Finding], str]:
    findings = await examine(registry)
    if not checksum or any(each.key == "migrations" and each.level == "wrong" for each in findings):
        return findings, ""
    from core import records

    return findings, await records.checksum()


@click.command(help=_("Undo an operation, by its number in the history."))
@click.argument("operation", type=click.IntRange(min=1))
@with_installation
async def undo(operation: int) -> None:
    """Undo it whole, or refuse and say why."""
    from core import records

    number = await records.undo(system(language=language()), operation)
    say(_("Operation %(operation)s is undone (operation %(number)s)."), operation=operation, number=number)
