"""The house as its code draws it: floors, borders, sizes, and names that hide their subject."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FLOORS = {
    "core": 0,
    "core.language": 1,
    "core.parts": 2,
    "core.settings": 2,
    "core.context": 3,
    "core.hookspecs": 3,
    "core.logs": 3,
    "core.database": 4,
    "core.plugins": 5,
    "core.history": 6,
    "core.jobs": 6,
    "core.events": 7,
    "core.accounts": 8,
    "core.permissions": 9,
    "core.records": 10,
    "core.ui": 11,
    "core.api": 12,
    "core.clients": 13,
    # Plugins stand on floor 14.
    "core.own": 15,
    "core.worker": 15,
    "core.doctor": 15,
    "core.app": 16,
    "core.serving": 17,
    "core.cli": 18,
    "core.testing": 18,
    "core.__main__": 19,
}
SECOND_DOORS = {"core.ui.derived"}
"""Packages inside a room that have a public face of their own."""

LONGEST_FILE, LONGEST_FUNCTION = 400, 50
HIDING_NAMES = {"utils", "helpers", "services", "repositories", "managers", "common", "base", "constants"}


def modules(*tops: str) -> list[Path]:
    return [file for top in tops for file in sorted((ROOT / top).rglob("*.py")) if "migrations" not in file.parts]


def name_of(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> str:
    """The room a module of core belongs to: `core.records.view` → `core.records`."""
    return ".".join(module.split(".")[:2])


@cache
def public_names(module: str) -> frozenset[str]:
    """What a package root gives away by its `__all__`; a function may share its name with the module it lives in."""
    root = ROOT / Path(*module.split(".")) / "__init__.py"
    if not root.is_file():
        return frozenset()
    for node in ast.parse(root.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return frozenset(ast.literal_eval(node.value))
    return frozenset()


def imports(file: Path) -> Iterator[tuple[int, str]]:
    """Every module that the file imports, wherever in it, except for type checking only."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    skipped = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                if alias.name in public_names(node.module):
                    yield node.lineno, node.module
                    continue
                is_module = (ROOT / Path(*whole.split("."))).with_suffix(".py").is_file() or (
                    ROOT / Path(*whole.split("."))
                ).is_dir()
                yield node.lineno, whole if is_module else node.module


def test_arrows_between_rooms_run_down() -> None:
    wrong = []
    for file in modules("core"):
        own = room_of(name_of(file))
        for line, target in imports(file):
            other = room_of(target)
            if not target.startswith("core") or other in {own, "core"}:
                continue
            if other not in FLOORS or own not in FLOORS:
                wrong.append(f"{file.relative_to(ROOT)}:{line}: {other if other not in FLOORS else own} has no floor")
            elif FLOORS[other] >= FLOORS[own]:
                wrong.append(
                    f"{file.relative_to(ROOT)}:{line}: {own} (floor {FLOORS[own]}) imports {other} (floor {FLOORS[other]})"
                )
    assert not wrong, "\n".join(wrong)


def test_other_rooms_are_entered_by_the_door() -> None:
    """Across packages only the package root may be imported."""
    wrong = []
    for file in modules("core", "plugins", "plugins_contrib"):
        own = ".".join(name_of(file).split(".")[:2])
        for line, target in imports(file):
            room = ".".join(target.split(".")[:2])
            ours = target.split(".")[0] in {"core", "plugins", "plugins_contrib"}
            if ours and room != own and target.count(".") > 1 and target not in SECOND_DOORS:
                wrong.append(f"{file.relative_to(ROOT)}:{line}: {target}")
    assert not wrong, "\n".join(wrong)


def test_core_names_no_plugin() -> None:
    names = [folder.parent.name for folder in ROOT.glob("plugins*/*/plugin.toml")]
    assert names
    pattern = re.compile(r"\b(" + "|".join(names) + r")\b")
    wrong = [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()}"
        for file in sorted((ROOT / "core").rglob("*"))
        if file.suffix in {".py", ".html", ".js", ".css", ".po", ".toml"}
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line.lower()) and "vendor" not in file.parts
    ]
    assert not wrong, "\n".join(wrong)


def test_plugins_do_not_import_the_community_or_undeclared_neighbours() -> None:
    import tomllib

    wrong = []
    for manifest in ROOT.glob("plugins/*/plugin.toml"):
        data = tomllib.loads(manifest.read_text(encoding="utf-8"))
        allowed = {data["name"], *data.get("requires", ()), *data.get("suggests", ())}
        for file in sorted(manifest.parent.rglob("*.py")):
            for line, target in imports(file):
                top, _, rest = target.partition(".")
                if top == "plugins_contrib" or (top == "plugins" and rest.split(".")[0] not in allowed):
                    wrong.append(f"{file.relative_to(ROOT)}:{line}: {target}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "file", modules("core", "plugins", "plugins_contrib"), ids=lambda file: str(file.relative_to(ROOT))
)
def test_a_file_and_its_functions_stay_small(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count("\n") <= LONGEST_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < LONGEST_FUNCTION, node.name


def test_names_say_the_subject() -> None:
    hiding = [
        file for file in modules("core", "plugins", "plugins_contrib") if HIDING_NAMES & {file.stem, file.parent.name}
    ]
    assert not hiding


def test_a_record_kind_has_at_most_fifteen_attributes() -> None:
    from dataclasses import fields

    from core.parts import RecordKind

    assert len(fields(RecordKind)) <= 15


def test_each_way_past_the_rights_gives_its_reason() -> None:
    """Every use of `unscoped` outside the tests, with its reason; a new one has to be argued for here."""
    uses = [
        f"{file.relative_to(ROOT)}: {match}"
        for file in modules("core", "plugins", "plugins_contrib")
        for match in re.findall(r"\.unscoped\((.*)\)", file.read_text(encoding="utf-8"))
        if not name_of(file).startswith("core.records.table")
    ]
    assert uses == []
