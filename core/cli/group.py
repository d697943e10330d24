"""The group of commands: core's own at hand, the plugins' once somebody asks for one, errors in a sentence."""

from __future__ import annotations

import sys

import click

from core import __version__
from core.cli.words import complain, language, t, usage_sentence
from core.context import Refuse
from core.database import DatabaseError, MigrationError, is_unavailable
from core.language import _, translate
from core.plugins import PluginError, Registry
from core.settings import SettingsError

EXPLAINED = (DatabaseError, MigrationError, PluginError, SettingsError)
"""Errors that say in a sentence what is wrong; their traceback would add nothing."""


class Commands(click.Group):
    """Core's commands and those that rooms and plugins registered."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All of them; with settings or plugins that are broken, those of core alone."""
        try:
            more = set(_registered())
        except EXPLAINED:
            more = set()
        return sorted({*super().list_commands(ctx), *more})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, its help in the terminal's language."""
        found = super().get_command(ctx, cmd_name) or _registered().get(cmd_name)
        if found:
            _translate(found)
        return found


def _registered() -> dict[str, click.Command]:
    from core.parts import Command

    return {part.key.rpartition(".")[2]: part.command for part in _registry().of(Command)}


def _registry() -> Registry:
    # Only a command of a plugin, or the list of all commands, pays for loading everything.
    from core import settings
    from core.app import assemble
    from core.plugins import registry

    return registry() if registry().owned else assemble(settings.current())


def _translate(command: click.Command) -> None:
    """Put the texts of a command and of those below into the terminal's language."""
    if command.help:
        text = " ".join(command.help.split())
        command.help = translate(language(), text)
    for parameter in command.params:
        if isinstance(parameter, click.Option) and parameter.help:
            parameter.help = translate(language(), parameter.help)
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            _translate(inner)


@click.group(
    cls=Commands,
    help=_("Smalta, a CRM made of plugins."),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="smalta", message="%(prog)s %(version)s", help=_("Show the version."))
def smalta() -> None:
    """Hold the commands; the help text stands in the decorator, for its translation."""


def main() -> None:
    """Run the command line; wrong use ends with 2, what cannot be done with 1."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code."""
    _translate(smalta)
    try:
        result = smalta.main(arguments, prog_name="smalta", standalone_mode=False)
    except click.UsageError as error:
        if isinstance(error, click.exceptions.NoArgsIsHelpError):
            click.echo(error.format_message())
            return 2
        complain(usage_sentence(error))
        return 2
    except click.ClickException as error:
        complain(error.format_message())
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        complain(t(_("Interrupted.")))
        return 130
    except Exception as error:
        sentence = explained(error)
        if sentence is None:
            raise
        complain(sentence)
        return 1
    return result if isinstance(result, int) else 0


def explained(error: BaseException) -> str | None:
    """The sentence for an error that people can do something about, or None for a fault of ours."""
    if isinstance(error, Refuse):
        fields = "; ".join(t(message) for message in error.fields.values())
        return t(error.message, **error.values) + (f" {fields}" if fields else "")
    if isinstance(error, DatabaseError):
        return t(error.message, **error.values)
    if isinstance(error, EXPLAINED):
        return str(error)
    if is_unavailable(error):
        return t(_("The database server went away."))
    return None
