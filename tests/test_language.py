"""Everything a person reads is there in Russian, complete, and with the same places to fill."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from jinja2 import Environment

ROOT = Path(__file__).resolve().parent.parent
OWNERS = [ROOT / "core", *sorted(manifest.parent for manifest in ROOT.glob("plugins*/*/plugin.toml"))]
MARKS = {"_", "gettext", "t"}
PLURAL_MARKS = {"ngettext", "tn"}
PLACES = re.compile(r"%\((\w+)\)[sd]")


def translated(owner: Path) -> dict[str, list[str]]:
    """Every message of the owner's Russian catalogues with its translations."""
    found: dict[str, list[str]] = {}
    for file in sorted((owner / "locale" / "ru").glob("*.po")):
        with file.open("rb") as stream:
            for message in read_po(stream):
                if message.id:
                    ids = message.id if isinstance(message.id, tuple) else (message.id,)
                    texts = message.string if isinstance(message.string, tuple) else (message.string,)
                    for each in ids:
                        found[each] = [] if message.fuzzy else list(texts)
    return found


def messages(owner: Path) -> Iterator[tuple[str, str]]:
    """Every message in the owner's code and templates, with where it stands."""
    for file in sorted(owner.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
                text = node.args[0].value
                if isinstance(text, str) and text and (name in PLURAL_MARKS or name == "_"):
                    yield text, f"{file.relative_to(ROOT)}:{node.lineno}"
    parser = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    for file in sorted((owner / "templates").rglob("*.html")):
        source = file.read_text(encoding="utf-8")
        for line, _function, text in parser.extract_translations(
            source, gettext_functions=("_", "gettext", "ngettext")
        ):
            first = text if isinstance(text, str) else next((part for part in text if part), "")
            if first:
                yield first, f"{file.relative_to(ROOT)}:{line}"


CORE = translated(ROOT / "core")


@pytest.mark.parametrize("owner", OWNERS, ids=lambda folder: folder.name)
def test_every_message_is_translated(owner: Path) -> None:
    known = {**CORE, **translated(owner)}
    missing = [f"{place}: {text!r}" for text, place in messages(owner) if not known.get(text) or not all(known[text])]
    assert not missing, "\n".join(missing)


@pytest.mark.parametrize("owner", OWNERS, ids=lambda folder: folder.name)
def test_translations_fill_the_same_places(owner: Path) -> None:
    wrong = [
        text
        for text, translations in translated(owner).items()
        for translation in translations
        if not set(PLACES.findall(translation)) <= {*PLACES.findall(text), "number"}
    ]
    assert not wrong


@pytest.mark.parametrize("owner", OWNERS, ids=lambda folder: folder.name)
def test_no_russian_stands_outside_the_catalogues(owner: Path) -> None:
    """Templates and scripts hold no Russian: what people read is translated."""
    cyrillic = re.compile("[а-яёА-ЯЁ]{3,}")
    files = [*owner.rglob("*.html"), *(file for file in owner.rglob("*.js") if "vendor" not in file.parts)]
    wrong = [str(file.relative_to(ROOT)) for file in files if cyrillic.search(file.read_text(encoding="utf-8"))]
    assert not wrong
