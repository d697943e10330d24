"""Settings: one file over another, the environment over all, mistakes told in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import settings
from core.settings import SettingsError


@pytest.fixture(autouse=True)
def nothing_around(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An environment without settings, in an empty folder."""
    for name in settings.Settings.model_fields:
        monkeypatch.delenv(f"SMALTA_{name.upper()}", raising=False)
    monkeypatch.delenv("SMALTA_SETTINGS", raising=False)
    monkeypatch.chdir(tmp_path)


def test_the_base_is_enough() -> None:
    chosen = settings.read()
    assert chosen.database_url == ""
    assert chosen.data == Path("data")
    assert chosen.web_processes == 2


def test_the_site_file_lies_over_the_base_and_the_environment_over_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "data" / "site.toml"
    site.parent.mkdir()
    site.write_text('company = "Мозаика"\nport = 9000\n', encoding="utf-8")
    monkeypatch.setenv("SMALTA_PORT", "9001")
    monkeypatch.setenv("SMALTA_PLUGINS", "one, two")
    chosen = settings.read()
    assert (chosen.company, chosen.port, chosen.plugins) == ("Мозаика", 9001, ("one", "two"))


def test_a_named_settings_file_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMALTA_SETTINGS", "nowhere.toml")
    with pytest.raises(SettingsError, match=r"There is no settings file nowhere\.toml"):
        settings.read()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("companny = 'x'", "site.toml: there is no setting 'companny'."),
        ("port = 'x'", "site.toml: port: Input should be a valid integer"),
        ("zone = 'Moscow'", "site.toml: zone: there is no such time zone"),
        ("base_url = 'crm.example.org'", "site.toml: base_url: "),
        ("plugins = [", "site.toml: Invalid value"),
    ],
)
def test_a_mistake_in_the_file_is_named(tmp_path: Path, text: str, sentence: str) -> None:
    site = tmp_path / "site.toml"
    site.write_text(text)
    with pytest.raises(SettingsError) as caught:
        settings.read(site)
    assert sentence in str(caught.value)


def test_a_mistake_in_the_environment_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMALTA_PORT", "eighty")
    with pytest.raises(SettingsError, match="SMALTA_PORT: port: "):
        settings.read()


def test_the_secret_key_comes_from_the_data_folder(tmp_path: Path) -> None:
    assert settings.read().secret_key == ""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / settings.SECRET_FILE).write_text("of this installation\n")
    assert settings.read().secret_key == "of this installation"


@pytest.mark.parametrize("file", sorted(settings.FOLDER.rglob("*.toml")), ids=lambda file: file.name)
def test_every_file_of_the_product_is_valid(file: Path) -> None:
    settings.read(file)


def test_every_setting_is_explained_in_the_base() -> None:
    text = (settings.FOLDER / "base.toml").read_text(encoding="utf-8")
    for name in set(settings.Settings.model_fields) - {"secret_key"}:
        assert f"\n{name} = " in text
