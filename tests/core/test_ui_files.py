"""What the pages are made of: templates, static files, words of the script."""

from __future__ import annotations

import gzip
import hashlib
import re
import tomllib
from pathlib import Path
from typing import Any

import httpx
import pytest
from jinja2 import UndefinedError

from core import parts, plugins, settings, ui
from core.context import Context
from core.language import LANGUAGES
from core.ui import assets
from core.ui.environment import Loader, initials, tone

STATIC = plugins.ROOT / "core" / "static"


# --- templates -------------------------------------------------------------------------------------------------------


def test_every_template_compiles_in_every_language(installation: Any) -> None:
    for language in LANGUAGES:
        made = ui.environment(language)
        for name in made.loader.list_templates():  # type: ignore[union-attr]
            made.get_template(name)


def test_a_theme_may_extend_the_original(installation: Any, tmp_path: Path) -> None:
    override = tmp_path / "templates" / "core" / "_refusal.html"
    override.parent.mkdir(parents=True)
    override.write_text("<b>themed</b>{% include '!core/_refusal.html' %}")
    made = ui.environment("en").overlay(loader=Loader(tmp_path, {}), cache_size=0)
    text = made.get_template("_refusal.html").render(text="words")
    assert text.startswith("<b>themed</b><div")
    assert "words" in text


def test_templates_look_up_items_before_attributes(installation: Any) -> None:
    made = ui.environment("en")
    assert made.from_string("{{ row.items }}").render(row={"items": 3}) == "3"
    assert made.from_string("{{ row.hook }}").render(row=plugins.Owned("core", "h", parts.Event)) == "h"
    with pytest.raises(UndefinedError):
        made.from_string("{{ row.misspelt }}").render(row={})
    assert made.from_string("{% if row.absent %}a{% else %}b{% endif %}").render(row={}) == "b"


def test_values_of_people_are_escaped(installation: Any, ctx: Context) -> None:
    text = ui.render(ctx, "_refusal.html", {"text": "<img src=x onerror=alert(1)>"})
    assert "<img" not in text


TEMPLATES = [
    file
    for place in ("core/templates", "plugins/*/templates", "plugins_contrib/*/templates", "themes/*/templates")
    for file in sorted(plugins.ROOT.glob(f"{place}/**/*.html"))
]


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.stem)
def test_no_template_needs_what_the_policy_forbids(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)", text), "inline script"
    assert not re.search(r"<style|\sstyle=", text), "inline style"
    assert not re.search(r"\son[a-z]+=|hx-on|javascript:|js:", text), "inline handler"
    assert not re.search(r"""hx-trigger=["'][^"']*\[""", text), "a trigger filter is evaluated code"
    assert "|safe }}" not in re.sub(r"attrs\|safe }}|\{\{ '[^']*'\|safe", "", text), "unescaped value"


def test_scripts_speak_no_language() -> None:
    code = (STATIC / "app.js").read_text(encoding="utf-8")
    assert not re.search("[А-Яа-яЁё]", code)


async def test_the_words_of_the_script_are_all_on_the_page(http: httpx.AsyncClient) -> None:
    page = (await http.get("/")).text
    used = set(re.findall(r"\bwords\.([a-z]+)", (STATIC / "app.js").read_text(encoding="utf-8")))
    given = re.search(r'<template id="words"([^>]*)>', page)
    assert given is not None
    assert used <= set(re.findall(r"data-([a-z]+)=", given[1]))


# --- files -----------------------------------------------------------------------------------------------------------


async def test_the_first_visit_is_light(http: httpx.AsyncClient) -> None:
    page = (await http.get("/")).text
    weight = {".js": 0, ".css": 0, ".html": len(gzip.compress(page.encode()))}
    for address in re.findall(r'(?:src|href)="(/static/[^"]+\.(?:js|css))"', page):
        body = (await http.get(address)).text
        served = assets.squeeze(body) if address.endswith(".css") else body
        weight[Path(address).suffix] += len(gzip.compress(served.encode(), 9))
    assert weight[".js"] <= 30_000
    assert weight[".css"] <= 15_000
    assert weight[".html"] <= 30_000
    assert len(gzip.compress((STATIC / "icons.svg").read_bytes(), 9)) <= 6_000


def test_style_sheets_are_squeezed_without_changing_them() -> None:
    css = """/* a note */
.a > .b,
.c { content: "/* kept ; , */"; margin: 0  auto;
  color: red }
"""
    assert assets.squeeze(css) == '.a > .b,.c{content: "/* kept ; , */";margin: 0  auto;color: red}'


def test_what_comes_from_elsewhere_is_unchanged() -> None:
    listed = tomllib.loads((STATIC / "vendor" / "VENDOR.toml").read_text(encoding="utf-8"))["package"]
    for package in listed:
        file = STATIC / "vendor" / package["file"]
        assert file.is_file()
        if "sha256" in package:
            assert hashlib.sha256(file.read_bytes()).hexdigest() == package["sha256"]
    known = {package["file"] for package in listed} | {"VENDOR.toml", "lucide-LICENSE.txt"}
    assert {file.name for file in (STATIC / "vendor").iterdir()} <= known


def test_every_icon_that_is_named_exists(installation: Any) -> None:
    named = {
        part.icon
        for entry in plugins.registry().owned
        if isinstance(part := entry.part, parts.NavItem | parts.RecordKind)
    }
    for file in plugins.ROOT.glob("*/**/templates/**/*.html"):
        named |= set(re.findall(r"\bicon\('([a-z0-9-]+)'", file.read_text(encoding="utf-8")))
    assert named <= ui.icon_names()


def test_the_address_of_a_file_changes_with_the_file(installation: Any) -> None:
    body = (STATIC / "app.js").read_bytes()
    assert assets.href("core", "app.js") == f"/static/core/{hashlib.sha256(body).hexdigest()[:10]}/app.js"
    with pytest.raises(LookupError):
        assets.href("core", "absent.js")


def test_a_theme_that_is_not_there_is_refused(installation: Any) -> None:
    before = settings.current()
    settings.install(before.model_copy(update={"theme": "absent"}))
    try:
        with pytest.raises(settings.SettingsError, match="There is no theme 'absent'"):
            ui.check_theme()
    finally:
        settings.install(before)


def test_initials_and_tones_are_stable() -> None:
    assert initials("Анна Соколова") == "АС"
    assert initials("ООО «Вектор Логистика»") == "ОВ"
    assert initials("") == ""
    assert tone("Анна") == tone("Анна")
