"""What commands say: in the terminal's language, errors in one line on standard error."""

from __future__ import annotations

import os
from pathlib import Path

import click
from rich.console import Console

import core
from core import settings
from core.language import LANGUAGES, _, load_catalogues, translate, translate_plural

ROOM = Path(core.__file__).parent

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

_language: str | None = None


def language() -> str:
    """That of the terminal (LC_ALL, LC_MESSAGES, LANG) where it names one of ours, else the installation's."""
    global _language
    if _language is None:
        load_catalogues([ROOM / "locale"])
        _language = _from_environment() or _from_settings()
    return _language


def _from_environment() -> str | None:
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(variable, "")
        if value:
            return value[:2] if value[:2] in LANGUAGES else None
    return None


def _from_settings() -> str:
    try:
        return settings.current().language
    except settings.SettingsError:
        return "en"


def t(message: str, **values: object) -> str:
    """The message in the terminal's language, its %(names)s filled in."""
    text = translate(language(), message)
    return text % values if values else text


def tn(singular: str, plural: str, number: int) -> str:
    """The form that goes with the number."""
    return translate_plural(language(), singular, plural, number) % {"number": number}


def say(message: str, **values: object) -> None:
    """Tell it on standard output; plain text, never read as markup."""
    out.print(t(message, **values), markup=False)


def complain(text: str) -> None:
    """Tell what went wrong, in one line on standard error."""
    click.echo(f"smalta: {text}", err=True)


def usage_sentence(error: click.UsageError) -> str:
    """What was wrong about the call, with the way to the help."""
    text = error.format_message()
    if isinstance(error, click.NoSuchOption):
        text = t(_("There is no option %(name)s."), name=error.option_name)
        text += _near(error.possibilities)
    elif isinstance(error, click.NoSuchCommand):
        text = t(_("There is no command %(name)s."), name=error.command_name)
        text += _near(error.possibilities)
    elif isinstance(error, click.MissingParameter) and error.param is not None:
        text = t(_("%(name)s is missing."), name=error.param.get_error_hint(error.ctx))
    path = error.ctx.command_path if error.ctx else "smalta"
    return f"{text} {t(_('See %(command)s --help.'), command=path)}"


def _near(possibilities: list[str] | None) -> str:
    return " " + t(_("Did you mean %(names)s?"), names=", ".join(possibilities)) if possibilities else ""
