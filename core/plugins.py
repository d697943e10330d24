"""Plugins: manifests, the order of loading, and the registry of every part with its owner.

Manifests are read before any code of a plugin is imported. A plugin that cannot be loaded is skipped with its dependents,
and says why in `Registry.problems`; in development (`strict`) it stops the start instead.
"""

from __future__ import annotations

import importlib
import importlib.util
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from typing import TypeVar

import pluggy
from piccolo.conf.apps import AppConfig

from core import CORE_API, CORE_API_OLDEST, hookspecs, parts
from core.language import load_catalogues

ROOT = Path(__file__).resolve().parent.parent
"""The folder that holds core/, plugins/ and themes/ (`importlib.resources` loses it in an editable install)."""

CORE = "core"

P = TypeVar("P", bound=parts.Part)


class PluginError(Exception):
    """A plugin that cannot be loaded, in one sentence that names it."""


@dataclass(frozen=True)
class Manifest:
    """What plugin.toml says, and where the plugin was found."""

    name: str
    package: str
    folder: Path
    label: Mapping[str, str] = field(default_factory=dict)
    version: str = "0"
    core_api: int = CORE_API
    requires: tuple[str, ...] = ()
    suggests: tuple[str, ...] = ()
    essential: bool = False
    permissions: tuple[str, ...] = ()
    exempt: Mapping[str, str] = field(default_factory=dict)

    def label_in(self, language: str) -> str:
        """The plugin's name in that language."""
        return self.label.get(language) or self.label.get("en") or self.name


@dataclass(frozen=True)
class Problem:
    """Why a plugin was left out."""

    plugin: str
    reason: str


@dataclass(frozen=True)
class Owned:
    """A part with the plugin that gave it and the hook it came by."""

    owner: str
    hook: str
    part: parts.Part | type[parts.Event]


@dataclass
class Registry:
    """Everything the enabled plugins and core registered, frozen after start-up."""

    plugins: dict[str, Manifest] = field(default_factory=dict)
    """The loaded plugins in the order of loading."""
    owned: list[Owned] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    _by_type: dict[type[parts.Part], tuple[parts.Part, ...]] = field(default_factory=dict)
    _owner: dict[int, str] = field(default_factory=dict)

    def of(self, sort: type[P]) -> tuple[P, ...]:
        """All parts of one sort, in order."""
        return self._by_type.get(sort, ())  # type: ignore[return-value]

    def owner(self, part: parts.Part) -> str:
        """The plugin that gave the part."""
        return self._owner[id(part)]

    def kind(self, key: str) -> parts.RecordKind:
        """The record kind of that key; KeyError where no enabled plugin has it."""
        return self._kinds[key]

    def kinds(self) -> tuple[parts.RecordKind, ...]:
        """Every record kind, core's first."""
        return self.of(parts.RecordKind)

    def __post_init__(self) -> None:
        self._kinds: dict[str, parts.RecordKind] = {}

    def freeze(self) -> None:
        """Sort the parts by order, place of the plugin and key, and index them."""
        place = {name: number for number, name in enumerate([CORE, *self.plugins])}
        rows = [entry for entry in self.owned if isinstance(entry.part, parts.Part)]
        rows.sort(key=lambda entry: (entry.part.order, place[entry.owner], entry.part.key))  # type: ignore[union-attr]
        grouped: dict[type[parts.Part], list[parts.Part]] = {}
        for entry in rows:
            assert isinstance(entry.part, parts.Part)
            grouped.setdefault(type(entry.part), []).append(entry.part)
            self._owner[id(entry.part)] = entry.owner
        self._by_type = {sort: tuple(items) for sort, items in grouped.items()}
        self._kinds = {kind.key: kind for kind in self.of(parts.RecordKind)}


_current = Registry()


def registry() -> Registry:
    """The registry of this process."""
    return _current


def install(new: Registry) -> None:
    """Make it the registry of this process (once at start-up; tests may put another in place)."""
    global _current
    _current = new


# --- finding ---------------------------------------------------------------------------------------------------------------


def find_manifests(extra_folders: Sequence[Path] = (), broken: list[Problem] | None = None) -> dict[str, Manifest]:
    """Every installed plugin by name: the product's, the integrator's own folders', and those that pip installed.

    A manifest that cannot be used is a `PluginError`; with `broken` it is put there instead, and the others are found.
    """
    found: dict[str, Manifest] = {}
    places = [(ROOT / "plugins", "plugins"), (ROOT / "plugins_contrib", "plugins_contrib")]
    places += [(folder.resolve(), "plugins") for folder in extra_folders]
    for folder, package in places:
        for file in sorted(folder.glob("*/plugin.toml")):
            _add(found, file, f"{package}.{file.parent.name}", broken)
    for entry in entry_points(group="smalta.plugins"):
        module = importlib.util.find_spec(entry.value)
        if module is None or not module.submodule_search_locations:
            continue
        _add(found, Path(module.submodule_search_locations[0]) / "plugin.toml", entry.value, broken)
    if extra_folders:
        namespace = importlib.import_module("plugins")
        for folder in extra_folders:
            if str(folder) not in namespace.__path__:
                namespace.__path__.append(str(folder))
    return found


def _add(found: dict[str, Manifest], file: Path, package: str, broken: list[Problem] | None) -> None:
    try:
        manifest = read_manifest(file, package)
        if manifest.name in found:
            raise PluginError(f"{manifest.folder} is not used: {found[manifest.name].folder} has the same name.")
    except PluginError as error:
        if broken is None:
            raise
        broken.append(Problem(file.parent.name, str(error)))
        return
    found[manifest.name] = manifest


def read_manifest(file: Path, package: str) -> Manifest:
    """Read plugin.toml; a mistake in it is a `PluginError` that names the file and the line or key."""
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PluginError(f"{file}: {error}") from error
    known = {"name", "label", "version", "core_api", "requires", "suggests", "essential", "permissions", "exempt"}
    if unknown := set(data) - known:
        raise PluginError(f"{file}: unknown key {sorted(unknown)[0]!r}.")
    name = data.get("name")
    if name != file.parent.name:
        raise PluginError(f"{file}: the name must be that of its folder, {file.parent.name!r}, not {name!r}.")
    _check_types(file, data)
    label = data.get("label", name)
    return Manifest(
        name=name,
        package=package,
        folder=file.parent,
        label=label if isinstance(label, dict) else {"en": str(label)},
        version=str(data.get("version", "0")),
        core_api=int(data.get("core_api", 0)),
        requires=tuple(data.get("requires", ())),
        suggests=tuple(data.get("suggests", ())),
        essential=bool(data.get("essential", False)),
        permissions=tuple(data.get("permissions", ())),
        exempt=dict(data.get("exempt", {})),
    )


_TYPES: Mapping[str, tuple[type | tuple[type, ...], str]] = {
    "label": ((str, dict), "a text, or a table of one text per language"),
    "version": (str, "a text"),
    "core_api": (int, "a whole number"),
    "requires": (list, "a list of names"),
    "suggests": (list, "a list of names"),
    "essential": (bool, "true or false"),
    "permissions": (list, "a list of names"),
    "exempt": (dict, "a table of rule and reason"),
}


def _check_types(file: Path, data: Mapping[str, object]) -> None:
    for key, (wanted, words) in _TYPES.items():
        value = data.get(key)
        if value is None:
            continue
        texts = value if isinstance(value, list) else list(value.values()) if isinstance(value, dict) else ()
        # Python counts true as a number.
        right = isinstance(value, wanted) and (wanted is bool or not isinstance(value, bool))
        if not right or not all(isinstance(text, str) for text in texts):
            raise PluginError(f"{file}: {key} must be {words}.")


# --- loading ---------------------------------------------------------------------------------------------------------------


def load(
    enabled: Iterable[str], core_parts: object, *, extra_folders: Sequence[Path] = (), strict: bool = True
) -> Registry:
    """Load the enabled plugins in order and return the frozen registry.

    `core_parts` is a module that implements the same hooks for core's own parts.
    """
    built = Registry()
    _collect(built, CORE, core_parts)
    load_catalogues([ROOT / "core" / "locale"])
    manifests = find_manifests(extra_folders, None if strict else built.problems)
    manager = pluggy.PluginManager("smalta")
    manager.add_hookspecs(hookspecs.Hooks)
    for name in _in_order(list(enabled), manifests, built.problems):
        try:
            _check_requirements(built, manifests[name])
            _load_one(built, manager, manifests[name])
        except (Exception, SystemExit) as error:  # the loader: a plugin's code may fail in any way at its import
            built.owned = [entry for entry in built.owned if entry.owner != name]
            reason = str(error) if isinstance(error, PluginError) else f"{type(error).__name__}: {error}"
            if strict:
                raise PluginError(f"The plugin {name} cannot be loaded: {reason}") from error
            built.problems.append(Problem(name, reason))
    for problem in built.problems:
        if strict or (problem.plugin in manifests and manifests[problem.plugin].essential):
            raise PluginError(f"The plugin {problem.plugin} cannot be loaded: {problem.reason}")
    built.freeze()
    return built


def _check_requirements(built: Registry, manifest: Manifest) -> None:
    """What a plugin needs must not only be enabled: its own loading may have failed just now."""
    for need in manifest.requires:
        if need not in built.plugins:
            raise PluginError(f"it requires the plugin {need}, which is not loaded.")


def _in_order(enabled: list[str], manifests: Mapping[str, Manifest], problems: list[Problem]) -> list[str]:
    """The enabled plugins, each after those it requires; the ones that cannot be are named in `problems`."""
    ordered: list[str] = []
    # A broken manifest was named already; its plugin is refused without a second reason.
    refused: set[str] = {problem.plugin for problem in problems} - set(manifests)

    def visit(name: str, path: tuple[str, ...]) -> bool:
        if name in ordered:
            return True
        reason = _why_not(name, path, enabled, manifests)
        if not reason and name not in refused:
            needs = [
                *manifests[name].requires,
                *(s for s in manifests[name].suggests if s in enabled and s not in path),
            ]
            for need in needs:
                if not visit(need, (*path, name)) and need in manifests[name].requires:
                    reason = f"it requires the plugin {need}, which is not loaded."
                    break
        if reason and name not in refused:
            refused.add(name)
            problems.append(Problem(name, reason))
        if name in refused:
            return False
        ordered.append(name)
        return True

    for name in enabled:
        visit(name, ())
    return ordered


def _why_not(name: str, path: tuple[str, ...], enabled: list[str], manifests: Mapping[str, Manifest]) -> str:
    if name in path:
        return f"its requirements form a circle: {' → '.join([*path[path.index(name) :], name])}."
    if name not in manifests:
        return "there is no such plugin folder."
    if name not in enabled:
        return "it is not enabled."
    api = manifests[name].core_api
    if not CORE_API_OLDEST <= api <= CORE_API:
        return f"it was written for core_api {api}; this core serves {CORE_API_OLDEST} to {CORE_API}."
    return ""


def _load_one(built: Registry, manager: pluggy.PluginManager, manifest: Manifest) -> None:
    module = importlib.import_module(f"{manifest.package}.plugin")
    manager.register(module, name=manifest.name)
    manager.check_pending()
    _collect(built, manifest.name, module)
    built.plugins[manifest.name] = manifest
    load_catalogues([manifest.folder / "locale"])


def _collect(built: Registry, owner: str, module: object) -> None:
    """Call each implementation separately, so that every part knows its owner."""
    taken = {(type(entry.part), entry.part.key) for entry in built.owned if isinstance(entry.part, parts.Part)}
    for hook in hook_names():
        implementation = getattr(module, hook, None)
        if implementation is None:
            continue
        for part in implementation():
            if isinstance(part, parts.Part):
                _check(part, owner, hook, taken)
                taken.add((type(part), part.key))
            built.owned.append(Owned(owner, hook, part))


def _check(part: parts.Part, owner: str, hook: str, taken: set[tuple[type, str]]) -> None:
    if part.key.partition(".")[0] != owner:
        raise PluginError(f"{hook} returned the key {part.key!r}; it must begin with {owner + '.'!r}.")
    if (type(part), part.key) in taken:
        raise PluginError(f"{hook} returned the key {part.key!r}, which is taken.")


def hook_names() -> list[str]:
    """The names of all hooks, in the order of the map."""
    return [name for name in vars(hookspecs.Hooks) if name.startswith("register_")]


def migration_apps(built: Registry) -> list[AppConfig]:
    """The Piccolo apps of core and of every loaded plugin that has tables, in order."""
    packages = ["core", *(manifest.package for manifest in built.plugins.values())]
    return [
        importlib.import_module(f"{package}.piccolo_app").APP_CONFIG
        for package in packages
        if importlib.util.find_spec(f"{package}.piccolo_app") is not None
    ]
