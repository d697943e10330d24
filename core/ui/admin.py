"""Pages for administrators: the index of settings, plugins with all their parts, choices for the installation."""

from __future__ import annotations

from collections.abc import Mapping

from litestar import Response
from litestar.datastructures import FormMultiDict

from core import database, parts, plugins
from core.context import Context, Missing, Refuse
from core.history import operation
from core.language import _
from core.settings import current
from core.ui import installation, replies, shell
from core.ui.replies import AnyRequest, Toast

PLUGINS = "/settings/plugins"
INSTALLATION = "/settings/installation"


async def index(ctx: Context, request: AnyRequest) -> Response[str]:
    """GET /settings: every page of settings the user may open."""
    items = list(shell.admin_items(ctx))
    if not items:
        raise Missing(_("There is no such page."))
    return await replies.page(
        ctx, request, "settings/index.html", {"items": items}, title=ctx.t(_("Settings")), active="/settings"
    )


async def menu(ctx: Context, request: AnyRequest) -> Response[str]:
    """GET /menu: the whole menu as a page, for narrow screens."""
    data = {"groups": shell.menu_groups(ctx), "admin": list(shell.admin_items(ctx))}
    return await replies.page(ctx, request, "menu.html", data, title=ctx.t(_("Menu")), active="/menu")


async def show_plugins(ctx: Context, request: AnyRequest) -> Response[str]:
    """GET /settings/plugins: what is loaded, what was left out and why, and every part with its owner."""
    registry = plugins.registry()
    installed = plugins.find_manifests(current().plugin_folders, [])
    idle = [manifest for name, manifest in sorted(installed.items()) if name not in registry.plugins]
    data = {
        "loaded": list(registry.plugins.values()),
        "idle": idle,
        "problems": {problem.plugin: problem.reason for problem in registry.problems},
        "owners": {owner: _parts_of(ctx, owner) for owner in (plugins.CORE, *registry.plugins)},
    }
    return await replies.page(ctx, request, "settings/plugins.html", data, title=ctx.t(_("Plugins")), active=PLUGINS)


def _parts_of(ctx: Context, owner: str) -> list[dict[str, str]]:
    """The parts of one owner: sort, key, label, permission."""
    found = []
    for entry in plugins.registry().owned:
        if entry.owner != owner:
            continue
        part = entry.part
        if isinstance(part, parts.Part):
            label, permission = ctx.t(str(part.label)), str(getattr(part, "permission", ""))
            found.append({"sort": type(part).__name__, "key": part.key, "label": label, "permission": permission})
        else:
            name = f"{part.__module__}.{part.__name__}"
            found.append({"sort": "Event", "key": name, "label": "", "permission": ""})
    return sorted(found, key=lambda row: (row["sort"], row["key"]))


# --- choices for the installation ------------------------------------------------------------------------------------


async def show_installation(ctx: Context, request: AnyRequest) -> Response[str]:
    """GET /settings/installation: one field for each setting that parts declare."""
    chosen = await database.settings_values(ctx.epoch)
    return await _installation_page(ctx, request, {key: str(value) for key, value in chosen.items()}, {})


async def save_installation(ctx: Context, request: AnyRequest) -> Response[str]:
    """POST /settings/installation: check everything, then store what differs."""
    given = await replies.form(request)
    values, errors = read_choices(ctx, given)
    if errors:
        typed = {part.key: str(given.get(part.key, "")) for part in plugins.registry().of(parts.Setting)}
        return await _installation_page(ctx, request, typed, errors)
    before = await database.settings_values(ctx.epoch)
    changed = {key: value for key, value in values.items() if before.get(key, installation.default(key)) != value}
    if changed:
        async with operation(ctx, _("Settings of the installation")):
            for key, value in changed.items():
                await database.save_setting(key, None if value == installation.default(key) else value)
    return replies.redirect(INSTALLATION, toast=Toast(ctx.t(_("Saved"))))


def read_choices(ctx: Context, given: FormMultiDict) -> tuple[dict[str, object], dict[str, str]]:
    """What the form says for each setting it has, and what is wrong with it."""
    values: dict[str, object] = {}
    errors: dict[str, str] = {}
    for part in plugins.registry().of(parts.Setting):
        if part.key not in given:
            continue
        try:
            # A box that is not ticked sends nothing but the hidden 0 before it.
            values[part.key] = read_choice(part, str(given.getall(part.key)[-1]).strip())
        except Refuse as refusal:
            errors[part.key] = refusal.text(ctx)
    return values, errors


def read_choice(part: parts.Setting, text: str) -> object:
    """The value that was typed or chosen for this setting."""
    if part.kind == "boolean":
        return text == "1"
    if part.kind == "choice":
        if text not in {key for key, _label in part.options}:
            raise Refuse(_("Choose one of the list."))
        return text
    if part.kind == "integer":
        if not text.lstrip("-").isdigit() or len(text) > 15:
            raise Refuse(_("Enter a whole number."))
        return int(text)
    if len(text) > 500:
        raise Refuse(_("At most 500 characters."))
    return text


async def _installation_page(
    ctx: Context, request: AnyRequest, typed: Mapping[str, str], errors: Mapping[str, str]
) -> Response[str]:
    groups: dict[str, list[parts.Setting]] = {}
    for part in plugins.registry().of(parts.Setting):
        groups.setdefault(plugins.registry().owner(part), []).append(part)
    labels = {name: manifest.label_in(ctx.language) for name, manifest in plugins.registry().plugins.items()}
    data = {
        "groups": [(labels.get(owner, ctx.t(_("Installation"))), members) for owner, members in groups.items()],
        "typed": {part.key: typed.get(part.key, part.default) for members in groups.values() for part in members},
        "errors": errors,
        "file_settings": _from_files(ctx),
    }
    title, status = ctx.t(_("Installation")), 422 if errors else 200
    template = "settings/installation.html"
    return await replies.page(ctx, request, template, data, title=title, active=INSTALLATION, status=status)


def _from_files(ctx: Context) -> list[tuple[str, str]]:
    """What the settings file says, for reading only; nothing that is secret."""
    settings = current()
    return [
        (ctx.t(_("Address")), settings.address()),
        (ctx.t(_("Theme")), settings.theme),
        (ctx.t(_("Language of new users")), settings.language),
        (ctx.t(_("Time zone of new users")), settings.zone),
        (ctx.t(_("Currency")), settings.currency),
        (ctx.t(_("Plugins")), ", ".join(settings.plugins) or "—"),
    ]
