"""The database: connections, transactions, migrations, and the server that comes with the product."""

from core.database.embedded import Server
from core.database.engine import (
    Row,
    close_pool,
    connection,
    copy_rows,
    engine,
    execute,
    fetch,
    fetch_row,
    fetch_value,
    in_transaction,
    open_pool,
    transaction,
)
from core.database.epoch import bump_epoch, epoch, forget_settings, save_setting, settings_values
from core.database.errors import DatabaseError, is_unavailable
from core.database.migrations import (
    Migration,
    MigrationError,
    known_migrations,
    migrate,
    pending_migrations,
    script,
)
from core.database.server import InUse, check_server, database_in_use

__all__ = [
    "DatabaseError",
    "InUse",
    "Migration",
    "MigrationError",
    "Row",
    "Server",
    "bump_epoch",
    "check_server",
    "close_pool",
    "connection",
    "copy_rows",
    "database_in_use",
    "engine",
    "epoch",
    "execute",
    "fetch",
    "fetch_row",
    "fetch_value",
    "forget_settings",
    "in_transaction",
    "is_unavailable",
    "known_migrations",
    "migrate",
    "open_pool",
    "pending_migrations",
    "save_setting",
    "script",
    "settings_values",
    "transaction",
]
