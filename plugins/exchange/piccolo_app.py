"""The exchange as a Piccolo app: its migrations and its tables."""

from pathlib import Path

from piccolo.conf.apps import AppConfig, table_finder

APP_CONFIG = AppConfig(
    app_name="exchange",
    migrations_folder_path=Path(__file__).parent / "migrations",
    table_classes=table_finder(["plugins.exchange.tables"]),
    migration_dependencies=["core.piccolo_app"],
)
