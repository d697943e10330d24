"""What administrators chose for the installation: values of the settings that parts declare."""

from __future__ import annotations

from core import database, parts, plugins
from core.context import Context
from core.language import LANGUAGES, _
from core.settings import current

PRODUCT = "Smalta"

MANAGE = "core.settings.manage"
"""Who may see the plugins and change the settings of the installation."""

SETTINGS = [
    parts.Setting(
        key="core.company",
        label=_("Company"),
        hint=_("Its name stands in the menu and in the titles of pages."),
        order=10,
    ),
    parts.Setting(
        key="core.language",
        label=_("Language of the sign-in page"),
        kind="choice",
        options=[("", _("As the browser asks")), *LANGUAGES.items()],
        order=20,
    ),
]


async def value(key: str, epoch: int) -> object:
    """What is chosen for this setting, or its default."""
    chosen = (await database.settings_values(epoch)).get(key)
    return default(key) if chosen is None else chosen


def default(key: str) -> object:
    """What holds while nobody has chosen."""
    return next((part.default for part in plugins.registry().of(parts.Setting) if part.key == key), None)


async def company(ctx: Context) -> str:
    """The name of the company whose installation this is."""
    return str(await value("core.company", ctx.epoch) or current().company or PRODUCT)


async def visitor_language(epoch: int) -> str:
    """The language for people who have not signed in; empty: as their browser asks."""
    chosen = await value("core.language", epoch)
    return str(chosen) if chosen in LANGUAGES else ""
