"""What can be wrong with a database server, told in one sentence."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from urllib.parse import urlsplit

import asyncpg

from core.language import _

OLDEST, NEWEST = 15, 18
"""The versions of PostgreSQL that the product is tested with."""

_GONE: tuple[type[BaseException], ...] = (
    asyncpg.PostgresConnectionError,  # 08: the connection is lost or was never made
    asyncpg.OperatorInterventionError,  # 57P: the server is shutting down or starting up
    asyncpg.TooManyConnectionsError,
    asyncpg.ConnectionDoesNotExistError,
    ConnectionError,
    asyncio.IncompleteReadError,
)


class DatabaseError(Exception):
    """A server or database that cannot be used, in one sentence for people; `values` fill its %(names)s."""

    def __init__(self, message: str, **values: object) -> None:
        super().__init__(message % values if values else message)
        self.message = message
        self.values: Mapping[str, object] = values


def is_unavailable(error: BaseException) -> bool:
    """Whether the database is away for the moment, so that trying again later makes sense (503, not 500)."""
    if isinstance(error, asyncpg.QueryCanceledError):
        return False
    if isinstance(error, _GONE):
        return True
    if isinstance(error, asyncpg.InterfaceError):
        return any(word in str(error) for word in ("closed", "closing", "released", "terminated"))
    if isinstance(error, asyncpg.InternalClientError):
        # The server has said good-bye to an idle connection, which did not notice before it was used.
        return "cannot switch to state" in str(error)
    # The socket's file goes with the server.
    return isinstance(error, FileNotFoundError) and ".s.PGSQL" in str(error)


def explain(error: BaseException, dsn: str) -> DatabaseError:
    """The sentence for an error met while connecting to this address, without the password that stands in it."""
    place, name, user = _parts(dsn)
    if isinstance(error, (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError)):
        message = _("The database server at %(place)s does not accept the user %(user)s with this password.")
        return DatabaseError(message, place=place, user=user)
    if isinstance(error, asyncpg.InvalidCatalogNameError):
        return DatabaseError(
            _("The database server at %(place)s has no database called %(name)s."), place=place, name=name
        )
    if isinstance(error, asyncpg.InsufficientPrivilegeError):
        message = _("The user %(user)s may not do this in the database %(name)s: %(reason)s.")
        return DatabaseError(message, user=user, name=name, reason=str(error))
    if isinstance(error, asyncpg.CannotConnectNowError):
        return DatabaseError(
            _("The database server at %(place)s is starting or stopping; try again soon."), place=place
        )
    if isinstance(error, asyncpg.TooManyConnectionsError):
        return DatabaseError(_("The database server at %(place)s has no free connection."), place=place)
    if isinstance(error, (TimeoutError, asyncio.TimeoutError)):
        return DatabaseError(_("The database server at %(place)s does not answer."), place=place)
    if isinstance(error, OSError):
        message = _("There is no database server at %(place)s, or it is down (%(reason)s).")
        return DatabaseError(message, place=place, reason=_reason(error))
    return DatabaseError(_("The database at %(place)s cannot be used: %(reason)s."), place=place, reason=str(error))


def _reason(error: OSError) -> str:
    # asyncio joins the failures of several addresses into one long line; its first clause tells enough.
    return (error.strerror or str(error)).partition(";")[0].partition(" (")[0]


def check_address(dsn: str) -> None:
    """Refuse an address that is not one before anything is connected."""
    message = _("SMALTA_DATABASE_URL must look like postgresql://user:password@host:5432/database.")
    try:
        address = urlsplit(dsn)
        address.port  # noqa: B018  (raises ValueError where the port is no number)
    except ValueError as error:
        raise DatabaseError(message) from error
    if address.scheme not in ("postgresql", "postgres") or not address.path.strip("/"):
        raise DatabaseError(message)


def _parts(dsn: str) -> tuple[str, str, str]:
    address = urlsplit(dsn)
    host = address.hostname or "localhost"
    return f"{host}:{address.port or 5432}", address.path.strip("/"), address.username or ""
