"""Plugins that cannot be loaded: in production each is named and left out, and everything else works."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import own, plugins
from core.testing import write_plugin

GOOD = """
from core.hookspecs import hookimpl
from core.parts import SIGNED_IN, NavItem


@hookimpl
def register_navigation():
    return [NavItem(key="{name}.page", label="Page", permission=SIGNED_IN, href="/{name}", icon="box")]
"""


def load(folder: Path, *names: str, strict: bool = False) -> plugins.Registry:
    return plugins.load(names, own, extra_folders=[folder], strict=strict)


def reasons(built: plugins.Registry) -> dict[str, str]:
    return {problem.plugin: problem.reason for problem in built.problems}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("name = 'badm_a'\nversion = [", "at end of document"),
        ("name = 'another'\n", "must be that of its folder"),
        ("name = 'badm_a'\ncore_api = 'one'\n", "core_api must be a whole number"),
        ("name = 'badm_a'\ncore_api = true\n", "core_api must be a whole number"),
        ("name = 'badm_a'\ncore_api = 1\nrequires = 'funnel'\n", "requires must be a list of names"),
        ("name = 'badm_a'\ncore_api = 1\ncolour = 'red'\n", "unknown key 'colour'"),
    ],
)
def test_a_bad_manifest_is_named_and_the_other_plugins_are_loaded(tmp_path: Path, text: str, named: str) -> None:
    write_plugin(tmp_path, "badm_a", "")
    (tmp_path / "badm_a" / "plugin.toml").write_text(text)
    write_plugin(tmp_path, "badm_good", GOOD.format(name="badm_good"))

    built = load(tmp_path, "badm_a", "badm_good")

    assert list(built.plugins) == ["badm_good"]
    assert list(reasons(built)) == ["badm_a"]
    assert named in reasons(built)["badm_a"]


def test_of_two_plugins_with_one_name_the_first_is_used_and_the_second_named(tmp_path: Path) -> None:
    for place in ("one", "two"):
        write_plugin(tmp_path / place, "twice_a", GOOD.format(name="twice_a"))

    built = plugins.load(["twice_a"], own, extra_folders=[tmp_path / "one", tmp_path / "two"], strict=False)

    assert built.plugins["twice_a"].folder == tmp_path / "one" / "twice_a"
    assert "two/twice_a is not used" in reasons(built)["twice_a"]


def test_a_bad_manifest_stops_development(tmp_path: Path) -> None:
    write_plugin(tmp_path, "badm_b", "")
    (tmp_path / "badm_b" / "plugin.toml").write_text("name = ")
    with pytest.raises(plugins.PluginError, match="badm_b"):
        load(tmp_path, strict=True)


def test_a_plugin_that_fails_takes_its_dependents_with_it_and_nothing_else(tmp_path: Path) -> None:
    write_plugin(tmp_path, "fails_a", "raise RuntimeError('no such machine')")
    write_plugin(tmp_path, "fails_b", GOOD.format(name="fails_b"), requires=["fails_a"])
    write_plugin(tmp_path, "fails_c", GOOD.format(name="fails_c"))

    built = load(tmp_path, "fails_a", "fails_b", "fails_c")

    assert list(built.plugins) == ["fails_c"]
    assert reasons(built) == {
        "fails_a": "RuntimeError: no such machine",
        "fails_b": "it requires the plugin fails_a, which is not loaded.",
    }


def test_a_plugin_that_leaves_the_program_at_its_import_is_left_out(tmp_path: Path) -> None:
    write_plugin(tmp_path, "leaves_a", "import sys\nsys.exit(3)")
    assert "SystemExit" in reasons(load(tmp_path, "leaves_a"))["leaves_a"]


def test_an_essential_plugin_that_fails_stops_production_too(tmp_path: Path) -> None:
    write_plugin(tmp_path, "vital_a", "raise RuntimeError('broken')", essential=True)
    with pytest.raises(plugins.PluginError, match="vital_a"):
        load(tmp_path, "vital_a")
