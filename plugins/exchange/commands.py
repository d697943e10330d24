"""The commands `smalta import` and `smalta export`."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from core import accounts, jobs, records
from core.context import Context, Missing, Refuse
from core.language import Text, _
from core.parts import Command
from plugins.exchange import exporting, imports, rejects, running
from plugins.exchange.deciding import match_rules
from plugins.exchange.imports import Import
from plugins.exchange.mapping import Plan, from_toml, read_toml, wish_of
from plugins.exchange.sources import Wish
from plugins.exchange.targets import kind_key

FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


def _in_installation(run: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Run it with the installation open; what opens it stands above the plugins, so it is looked up late."""

    @functools.wraps(run)
    def command(*args: object, **options: object) -> None:
        from core.cli import with_installation

        with_installation(run)(*args, **options)

    return command


@click.command(
    "import", help=_("Import a table (CSV, XLSX, XLS, XLSB, ODS) into clients, deals or any other kind of record.")
)
@click.argument("kind")
@click.argument("file", type=FILE)
@click.option(
    "--mapping", type=FILE, help=_("A TOML file that says which column goes where; without it that is guessed.")
)
@click.option(
    "--match",
    help=_("By which fields an existing record is found: inn, phones, name+city … or never. Commas between several."),
)
@click.option(
    "--on-match", type=click.Choice(["update", "fill", "skip"]), help=_("What is done with a record that is found.")
)
@click.option(
    "--unknown",
    type=click.Choice(["empty", "create", "reject"]),
    help=_("What is done when a link names nothing that exists."),
)
@click.option(
    "--bad", type=click.Choice(["reject", "leave"]), help=_("Whether a senseless value rejects its row or is left out.")
)
@click.option(
    "--repeats",
    type=click.Choice(["separate", "join"]),
    help=_("Whether rows that are the same record come in each, or join."),
)
@click.option(
    "--similar/--exact", default=None, help=_("Whether names that differ only in quotes, case and spaces are the same.")
)
@click.option(
    "--require", "required", help=_("Fields that must be filled, or the row is rejected. Commas between several.")
)
@click.option(
    "--set", "constants", multiple=True, metavar="FIELD=VALUE", help=_("A value that every row gets. May be repeated.")
)
@click.option("--events/--no-events", default=None, help=_("Whether automation runs for what is imported."))
@click.option("--encoding", default="", help=_("The encoding of a text file, if it is found wrongly."))
@click.option(
    "--delimiter", default="", help=_("The delimiter of a text file, if it is found wrongly; tab for a tabulator.")
)
@click.option("--sheet", default="", help=_("The sheet of a workbook; the first that holds anything if left out."))
@click.option("--header", type=click.IntRange(0), help=_("The number of the row of headings; 0 if there is none."))
@click.option(
    "--as", "as_user", default="", metavar="EMAIL", help=_("Import in the name and with the rights of this user.")
)
@click.option(
    "--rejected",
    type=click.Path(dir_okay=False, path_type=Path),
    help=_("Write rejected rows to this file (.csv or .xlsx)."),
)
@click.option("--dry-run", is_flag=True, help=_("Only tell what would be done."))
@click.option("--json", "as_json", is_flag=True, help=_("Print one JSON object."))
@_in_installation
async def import_(
    kind: str, file: Path, *, dry_run: bool, as_json: bool, rejected: Path | None, as_user: str, **choices: Any
) -> None:
    """Import a table."""
    ctx = await _who(as_user)
    with _usage(ctx):
        key = kind_key(kind)
        one = None if dry_run else await imports.broken_off(ctx, key, file)
        if one is None:
            one = await _begin(ctx, key, file, choices)
        elif not as_json:
            click.echo(ctx.t(_("Going on with the import that was broken off at row %(row)s."), row=one.done))
    with _bar(ctx, hidden=as_json):
        if dry_run:
            await running.dry_run(ctx, one)
        else:
            one = await running.run(ctx, one)
    one = await imports.get(ctx, one.id)
    if rejected is not None and not dry_run:
        _write(rejected, await rejects.as_file(ctx, one, "xlsx" if rejected.suffix == ".xlsx" else "csv"))
    result = await _result(ctx, one, dry_run)
    click.echo(json.dumps(result, ensure_ascii=False) if as_json else _told(ctx, one, result))


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


async def _who(email: str) -> Context:
    if not email:
        return await accounts.system_context()
    found = await accounts.context_of_user(await accounts.find_user(email))
    if found is None:
        raise Missing(_("There is no user with the e-mail %(email)s."), email=email)
    return found.acting_from("command")


@contextmanager
def _usage(ctx: Context) -> Iterator[None]:
    """What is wrong with the arguments is told in one line, with exit code 2."""
    try:
        yield
    except Refuse as refusal:
        told = "; ".join([refusal.text(ctx), *map(ctx.t, refusal.fields.values())])
        raise click.UsageError(told) from refusal


async def _begin(ctx: Context, key: str, file: Path, choices: dict[str, Any]) -> Import:
    """Read the file and settle the plan: the mapping file, else what is remembered or guessed; options over both."""
    view = await records.view_for(ctx, key)
    given = read_toml(choices["mapping"]) if choices["mapping"] else None
    wish = _wish(wish_of(given) if given else Wish(), choices)
    one = await imports.start(ctx, key, file.name, file, wish)
    plan = Plan(from_toml(given, one.source), given.options) if given else one.plan
    _choose(view, plan, choices)
    return await imports.decide_on(ctx, one, plan)


def _wish(wish: Wish, choices: dict[str, Any]) -> Wish:
    delimiter = {"tab": "\t", "\\t": "\t"}.get(choices["delimiter"], choices["delimiter"])
    given = {"encoding": choices["encoding"], "delimiter": delimiter, "sheet": choices["sheet"]}
    wish = replace(wish, **{name: value for name, value in given.items() if value})
    return wish if choices["header"] is None else replace(wish, header=choices["header"])


def _choose(view: records.KindView, plan: Plan, choices: dict[str, Any]) -> None:
    for name in ("on_match", "unknown", "bad", "repeats", "similar", "events"):
        if choices[name] is not None:
            setattr(plan.options, name, choices[name])
    if choices["match"] is not None:
        plan.options.match = [rule for rule in _listed(choices["match"]) if rule != "never"]
        if unknown := set(plan.options.match) - set(match_rules(view)):
            known = ", ".join(["never", *match_rules(view)])
            raise Missing(
                _("Records cannot be found by “%(name)s”. Possible: %(known)s."), name=min(unknown), known=known
            )
    if choices["required"] is not None:
        plan.options.required = _listed(choices["required"])
    for pair in choices["constants"]:
        name, sign, value = pair.partition("=")
        if not sign:
            raise Refuse(_("“%(text)s” is not FIELD=VALUE."), text=pair)
        plan.mapping.constants[name.strip()] = value


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


@contextmanager
def _bar(ctx: Context, *, hidden: bool) -> Iterator[None]:
    """A progress bar on the terminal's error output, so that the result can be piped."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=hidden or not sys.stderr.isatty()) as bar:
        task = bar.add_task("", total=None)

        def report(done: int, total: int, note: str) -> None:
            bar.update(task, completed=done, total=total, description=ctx.t(Text(note)))

        with jobs.progress_to(report):
            yield


SHOWN_REJECTED = 1_000


async def _result(ctx: Context, one: Import, dry_run: bool) -> dict[str, Any]:
    """The outcome as a program reads it."""
    counts = one.report.counts if dry_run else one
    result: dict[str, Any] = {
        "import": one.id,
        "operation": one.operation,
        "state": one.state,
        "rows": one.total,
        "created": counts.created,
        "changed": counts.changed,
        "skipped": counts.skipped,
        "rejected": counts.rejected,
        "dry_run": dry_run,
    }
    if dry_run:
        found, _more = running.decisions(one, "reject", limit=SHOWN_REJECTED)
        result["rejected_rows"] = [{"row": row.number, "reason": "; ".join(row.why)} for row in found]
        result |= {"sums": one.report.sums, "repeats": one.report.repeats, "unknown": one.report.unknown}
        result["suggested"] = one.report.counts.suggested
    else:
        found_rows = await rejects.rejected(one, SHOWN_REJECTED)
        result["rejected_rows"] = [{"row": number, "reason": reason} for _place, number, reason in found_rows]
    result["flaws"] = [
        {"row": number, "flaw": code, "value": value} for number, code, value in one.source.flaws[:SHOWN_REJECTED]
    ]
    return result


def _told(ctx: Context, one: Import, result: dict[str, Any]) -> str:
    """The outcome in words."""
    lines = [
        ctx.t(
            _("Rows: %(rows)s; created %(created)s, changed %(changed)s, skipped %(skipped)s, rejected %(rejected)s."),
            **result,
        )
    ]
    lines += [ctx.t(_("Row %(row)s: %(reason)s"), **row) for row in result["rejected_rows"][:20]]
    if len(result["rejected_rows"]) > 20:
        lines.append(ctx.t(_("… and %(count)s more; --rejected FILE writes them all."), count=result["rejected"] - 20))
    for name, values in result.get("repeats", {}).items():
        lines.append(ctx.t(_("%(name)s: %(count)s values stand in several rows."), name=name, count=len(values)))
    for name, names in result.get("unknown", {}).items():
        lines.append(ctx.t(_("%(name)s: %(count)s names are not known."), name=name, count=len(names)))
    if result.get("suggested"):
        lines.append(ctx.t(_("Suggested duplicates: %(count)s."), count=result["suggested"]))
    if one.created or one.changed:
        lines.append(ctx.t(_("Take it back with: smalta undo %(operation)s"), operation=one.operation))
    return "\n".join(lines)


@click.command("export", help=_("Export records as CSV or XLSX, by the ending of the file's name."))
@click.argument("kind")
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@click.option(
    "--query",
    default="",
    help=_("A list's address after the question mark: city=Moscow&sort=name&columns=name,phones."),
)
@click.option("--as", "as_user", default="", metavar="EMAIL", help=_("Export what this user sees."))
@click.option("--json", "as_json", is_flag=True, help=_("Print one JSON object."))
@_in_installation
async def export(kind: str, file: Path, *, query: str, as_user: str, as_json: bool) -> None:
    """Export records."""
    ctx = await _who(as_user)
    if file.suffix.lower() not in {".csv", ".xlsx"}:
        raise click.UsageError(ctx.t(_("The file's name must end in .csv or .xlsx.")))
    with _usage(ctx):
        view = await records.view_for(ctx, kind_key(kind))
        wanted = exporting.prepare(ctx, view, parse_qsl(query.lstrip("?"), keep_blank_values=True))
    write = exporting.write_xlsx if file.suffix.lower() == ".xlsx" else exporting.write_csv
    number = await write(ctx, wanted, file)
    told = {"file": str(file), "records": number}
    click.echo(
        json.dumps(told, ensure_ascii=False) if as_json else ctx.t(_("Exported: %(records)s, to %(file)s."), **told)
    )


COMMANDS = [
    Command(key="exchange.import", label=_("Import a table"), command=import_),
    Command(key="exchange.export", label=_("Export records"), command=export),
]
