"""The jinja environments, one per language: where templates come from, and the words every template may use."""

from __future__ import annotations

import datetime as dt
import itertools
import zlib
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from decimal import Decimal
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import jinja2
import jinja2.runtime
from jinja2 import nodes
from jinja2.environment import TemplateModule
from jinja2.loaders import split_template_path
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

from core import language as words
from core import plugins
from core.context import Context
from core.settings import current
from core.ui import assets

CORE_TEMPLATES = plugins.ROOT / "core" / "templates"

reader: ContextVar[Context] = ContextVar("reader")
"""Who reads the page that is being rendered; macros and filters ask it for rights, zone and token."""

TONES = ("blue", "teal", "green", "amber", "orange", "red", "pink", "violet")


class Loader(jinja2.BaseLoader):
    """The theme's template if it has one, else the owner's; `!owner/file.html` is always the owner's."""

    def __init__(self, theme: Path, plugin_folders: Mapping[str, Path]) -> None:
        self.theme = theme
        self.plugin_folders = plugin_folders

    def get_source(self, environment: jinja2.Environment, template: str) -> tuple[str, str | None, Callable[[], bool]]:
        """Read the template's file."""
        for file in self._places(template):
            if file.is_file():
                return file.read_text(encoding="utf-8"), str(file), partial(_is_unchanged, file, file.stat().st_mtime)
        raise jinja2.TemplateNotFound(template)

    def _places(self, template: str) -> list[Path]:
        pieces = split_template_path(template.removeprefix("!"))
        if pieces[0] in self.plugin_folders:
            owner, original = pieces[0], self.plugin_folders[pieces[0]].joinpath("templates", *pieces)
        else:
            pieces = pieces[1:] if pieces[0] == plugins.CORE else pieces
            owner, original = plugins.CORE, CORE_TEMPLATES.joinpath(*pieces)
        if template.startswith("!"):
            return [original]
        inside = pieces[1:] if owner != plugins.CORE else pieces
        return [self.theme.joinpath("templates", owner, *inside), original]

    def list_templates(self) -> list[str]:
        """The names of all templates, without the theme's."""
        found = [str(file.relative_to(CORE_TEMPLATES)) for file in CORE_TEMPLATES.rglob("*.html")]
        for folder in self.plugin_folders.values():
            found += [str(file.relative_to(folder / "templates")) for file in (folder / "templates").rglob("*.html")]
        return sorted(found)


def _is_unchanged(file: Path, since: float) -> bool:
    return file.exists() and file.stat().st_mtime == since


class Careful(jinja2.StrictUndefined):
    """In development a name that is not there may be asked for and compared, but not shown: that is a misspelt one."""

    __bool__ = jinja2.Undefined.__bool__  # type: ignore[assignment]
    __eq__ = jinja2.Undefined.__eq__  # type: ignore[assignment]
    __ne__ = jinja2.Undefined.__ne__  # type: ignore[assignment]
    __hash__ = jinja2.Undefined.__hash__  # type: ignore[assignment]


class Folded(NodeTransformer):
    """Works out, when a template is compiled, what is the same at every rendering: translated words, icons, addresses."""

    def __init__(self, constant: Mapping[str, Callable[..., str]]) -> None:
        self.constant = constant

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802  (the name jinja looks for)
        """A call of a constant function with constant arguments becomes its result."""
        self.generic_visit(node)
        if not (isinstance(node.node, nodes.Name) and node.node.name in self.constant):
            return node
        plain = all(isinstance(argument, nodes.Const) for argument in node.args)
        if not plain or node.kwargs or node.dyn_args or node.dyn_kwargs:
            return node
        values = [argument.value for argument in node.args if isinstance(argument, nodes.Const)]
        return nodes.Const(self.constant[node.node.name](*values), lineno=node.lineno)


class Rendering(jinja2.runtime.Context):
    """Calls functions straight away; jinja would look four times first whether each wants the context."""

    def call(self, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: PYI063
        """Call it, with the context if it asks for one."""
        if getattr(__obj, "jinja_pass_arg", None) is None:
            # Compiled templates hand these to functions that want the context.
            kwargs.pop("_loop_vars", None)
            kwargs.pop("_block_vars", None)
            return __obj(*args, **kwargs)
        return super().call(__obj, *args, **kwargs)


class Environment(jinja2.Environment):
    """Looks names up as items before attributes: rows are dicts, and `row.items` means the column."""

    context_class = Rendering
    constant: Mapping[str, Callable[..., str]] = {}

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        parsed = super()._parse(source, name, filename)
        folded: nodes.Template = Folded(self.constant).visit(parsed)
        return folded

    def getattr(self, obj: Any, attribute: str) -> Any:
        """`obj.attribute` in a template."""
        if type(obj) is not TemplateModule and hasattr(obj, "__getitem__"):
            try:
                return obj[attribute]
            except (TypeError, LookupError, AttributeError):
                pass
        try:
            return getattr(obj, attribute)
        except AttributeError:
            return self.undefined(obj=obj, name=attribute)


@lru_cache(maxsize=8)
def environment(language: str) -> Environment:
    """The environment of a language; made at first use, once the plugins are loaded."""
    settings = current()
    folders = {name: manifest.folder for name, manifest in plugins.registry().plugins.items()}
    made = Environment(
        loader=Loader(assets.theme_folder(), folders),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=settings.strict,
        undefined=Careful if settings.strict else jinja2.Undefined,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols"],
        cache_size=-1,
    )
    made.install_gettext_callables(  # type: ignore[attr-defined]
        partial(words.translate, language), partial(words.translate_plural, language), newstyle=True
    )
    made.globals.update(_globals(language))
    made.globals["_"] = made.globals["gettext"] = partial(_told, language)
    made.constant = {"_": partial(_told, language), "icon": assets.icon, "static": assets.href}
    made.filters.update(_filters(language))
    # A block that is rendered alone does not see the imports at the head of its template.
    made.globals["ui"] = made.get_template("ui.html").module
    return made


def forget_environments() -> None:
    """Make the environments anew at their next use: after the registry or the theme was changed."""
    environment.cache_clear()


def _told(language: str, message: str, **values: object) -> Markup:
    """The message in the language as safe HTML; the values that fill it are escaped."""
    return Markup(words.translate(language, message)) % values


def _globals(language: str) -> dict[str, Any]:
    numbers = itertools.count(1)
    return {
        "may": lambda permission: reader.get().allows(permission),
        "csrf_field": csrf_field,
        "static": assets.href,
        "icon": assets.icon,
        "theme_sheets": [assets.href("theme", name) for name in ("theme.css",) if assets.has("theme", name)],
        "url": url,
        "uid": lambda: f"u{next(numbers) % 1_000_000}",
        "language": language,
        "currency": current().currency,
        "today": lambda: words.local_time(dt.datetime.now(dt.UTC), reader.get().zone).date(),
    }


def _filters(language: str) -> dict[str, Callable[..., Any]]:
    return {
        "money": lambda value, currency="": "" if value is None else money(value, currency, language),
        "number": lambda value: "" if value is None else words.format_number(value, language),
        "date": lambda value: "" if value is None else words.format_date(_day(value), language),
        "weekday": lambda value: words.format_weekday(value, language),
        "moment": lambda value: "" if value is None else words.format_moment(value, language, reader.get().zone),
        "clock": lambda value: "" if value is None else f"{words.local_time(value, reader.get().zone):%H:%M}",
        "t": lambda message: words.translate(language, message),
        "initials": initials,
        "tone": tone,
    }


def csrf_field() -> Markup:
    """The hidden field that a form which writes must carry."""
    return Markup('<input type="hidden" name="_csrf" value="{}">').format(reader.get().csrf)


def url(kind: str, record: object = None) -> str:
    """The address of a kind's list, or of one of its records: `/clients`, `/clients/5`, `/<plugin>/<kind>/7`."""
    owner, _, name = kind.partition(".")
    path = f"/{name}" if owner == plugins.CORE else f"/{owner}/{name}"
    return path if record is None else f"{path}/{record}"


def money(value: Decimal | int, currency: str, language: str) -> str:
    """An amount in the reader's way; without a currency it is the installation's."""
    return words.format_money(Decimal(value), currency or current().currency, language)


def _day(value: dt.date) -> dt.date:
    """The calendar day of a date, or of a moment on the reader's clock."""
    return words.local_time(value, reader.get().zone).date() if isinstance(value, dt.datetime) else value


@lru_cache(maxsize=16384)
def initials(name: str) -> str:
    """The first letters of the first two words, for an avatar: «Анна Соколова» → «АС»."""
    pieces = [letters for piece in str(name).split() if (letters := piece.strip("«»\"'“”()-–.,"))]
    return "".join(piece[0] for piece in pieces[:2]).upper()


@lru_cache(maxsize=16384)
def tone(name: str) -> str:
    """A tone that is always the same for the same name."""
    return TONES[zlib.crc32(str(name).encode()) % len(TONES)]
