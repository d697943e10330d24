"""Settings of the installation: the product's base.toml, then the installation's own file, then the environment.

Each is a deep merge over the one before. A key that nobody knows is refused, so a misspelt one is not silently lost.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import available_timezones

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

FOLDER = Path(__file__).resolve().parent.parent / "settings"
"""Where the product keeps base.toml and the presets."""

SECRET_FILE = "secret_key"  # noqa: S105  (the name of a file)
SITE_FILE = "site.toml"

Names = Annotated[tuple[str, ...], NoDecode]
"""A list; in the environment its items are divided by commas."""


class SettingsError(Exception):
    """A settings file or variable that is wrong, in one sentence that names it."""


class Settings(BaseSettings):
    """What an installation is made of. Every field may be set in the site file or as SMALTA_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="SMALTA_", extra="forbid", frozen=True, env_ignore_empty=True)

    plugins: Names
    """The enabled plugins, in the order of loading and of menus."""
    plugin_folders: Annotated[tuple[Path, ...], NoDecode]
    """Folders with the integrator's own plugins, beside the bundled ones."""
    theme: str
    language: str = Field(pattern="^(en|ru)$")
    """The language of new users, of visitors and of the command line."""
    zone: str
    """The time zone of new users."""
    currency: str = Field(pattern="^[A-Z]{3}$")
    company: str
    """The name of the company whose installation this is."""
    database_url: str
    """The address of a PostgreSQL server of one's own (15 to 18); empty for the one that comes with the product."""
    data: Path
    """The folder with everything the installation keeps outside the database."""
    host: str
    port: int = Field(ge=0, le=65535)
    base_url: str = Field(pattern="^(https?://[^/ ]+)?$")
    """How people reach the installation (`https://crm.example.org`), for links in letters; empty: as it is served."""
    trusted_proxies: Names
    """Addresses whose X-Forwarded-* headers are believed."""
    secret_key: str = ""
    """Signs what leaves the house and comes back; read from the data folder when it is not set."""
    web_processes: int = Field(ge=1, le=64)
    strict: bool
    """Stop at a plugin that cannot be loaded (development) instead of leaving it out (production)."""

    @field_validator("plugins", "plugin_folders", "trusted_proxies", mode="before")
    @classmethod
    def _divide(cls, value: object) -> object:
        return [item.strip() for item in value.split(",") if item.strip()] if isinstance(value, str) else value

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("there is no such time zone; one is called Europe/Moscow, for example")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment over what the files say."""
        return (env_settings, init_settings)

    def address(self) -> str:
        """How people reach the installation."""
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host  # noqa: S104  (shown, not bound)
        return self.base_url or f"http://{f'[{host}]' if ':' in host else host}:{self.port}"


_current: Settings | None = None


def current() -> Settings:
    """The settings of this process, read at the first call."""
    global _current
    if _current is None:
        _current = read()
    return _current


def install(settings: Settings) -> None:
    """Make these the settings of this process (tests, and commands that have just written a file)."""
    global _current
    _current = settings


def read(*files: Path) -> Settings:
    """Read base.toml, these files (else the site file) and the environment; `SettingsError` names what is wrong."""
    base = FOLDER / "base.toml"
    values = _read_toml(base)
    origin = dict.fromkeys(values, base)
    for file in files or site_files(values):
        found = _read_toml(file)
        origin.update(dict.fromkeys(found, file))
        _merge(values, found)
    try:
        settings = Settings(**values)
    except ValidationError as error:
        raise SettingsError(_sentence(error, origin)) from error
    return (
        settings if settings.secret_key else settings.model_copy(update={"secret_key": _stored_secret(settings.data)})
    )


def site_files(values: Mapping[str, Any] | None = None) -> list[Path]:
    """The installation's own file: SMALTA_SETTINGS, or site.toml in the data folder where there is one."""
    named = os.environ.get("SMALTA_SETTINGS")
    if named:
        return [Path(named)]
    file = data_folder(values) / SITE_FILE
    return [file] if file.exists() else []


def data_folder(values: Mapping[str, Any] | None = None) -> Path:
    """The data folder, which must be known before the site file in it can be read."""
    default = (values or _read_toml(FOLDER / "base.toml")).get("data", "data")
    return Path(os.environ.get("SMALTA_DATA") or str(default))


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SettingsError(f"There is no settings file {file}.") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{file}: {error}") from error


def _merge(into: dict[str, Any], more: Mapping[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value


def _sentence(error: ValidationError, origin: Mapping[str, Path]) -> str:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    place = origin.get(str(first["loc"][0])) if first["loc"] else None
    variable = f"SMALTA_{key.partition('.')[0].upper()}"
    where = variable if os.environ.get(variable) else str(place or variable)
    if first["type"] == "extra_forbidden":
        return f"{where}: there is no setting {key!r}."
    return f"{where}: {key}: {first['msg'].removeprefix('Value error, ')}."


def _stored_secret(data: Path) -> str:
    try:
        return (data / SECRET_FILE).read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise SettingsError(f"{data / SECRET_FILE} cannot be read: {error.strerror}.") from error
