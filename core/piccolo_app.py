"""Core as a Piccolo app: its migrations and its tables."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from piccolo.conf.apps import AppConfig, table_finder

ROOMS = ("database", "accounts", "permissions", "history", "records", "jobs", "clients", "ui", "api")


def _table_modules() -> list[str]:
    """`core.<room>.tables` of every room that has tables."""
    return [f"core.{room}.tables" for room in ROOMS if importlib.util.find_spec(f"core.{room}.tables")]


APP_CONFIG = AppConfig(
    app_name="core",
    migrations_folder_path=Path(__file__).parent / "migrations",
    table_classes=table_finder(_table_modules()),
)
