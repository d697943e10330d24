"""Wrong tries to sign in. Ten for an account or an address, then a pause that doubles from one minute to fifteen.

A try is counted before the password is looked at, so that two hundred at once get no further than ten. Names that are
nobody's are counted in the same way: the answer never tells who has an account.
"""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass

from core.database import execute, fetch_row, fetch_value

FREE_TRIES = 10

# A pause is over by itself; a quiet quarter of an hour after the last try or pause forgets the tries.
_QUIET = "greatest(a.last_at, a.locked_until) < now() - interval '15 minutes'"
COUNT = f"""
INSERT INTO core_attempt AS a (subject, failures) SELECT subject, 1 FROM unnest($1::text[]) AS subject ORDER BY subject
ON CONFLICT (subject) DO UPDATE SET
    failures = CASE WHEN a.locked_until > now() THEN a.failures WHEN {_QUIET} THEN 1 ELSE a.failures + 1 END,
    refused = CASE WHEN a.locked_until > now() THEN a.refused + 1 ELSE 0 END,
    last_at = CASE WHEN a.locked_until > now() THEN a.last_at ELSE now() END,
    locked_until = CASE WHEN a.locked_until > now() THEN a.locked_until
        WHEN a.failures + 1 >= $2 AND NOT {_QUIET}
        THEN now() + least(interval '15 minutes', interval '1 minute' * power(2, least(a.failures + 1 - $2, 4))) END
RETURNING subject, refused, ceil(extract(epoch FROM locked_until - now()))::int AS seconds
"""


@dataclass(frozen=True)
class Try:
    """Whether this try may go on, and if not for how long to wait."""

    allowed: bool
    wait: int = 0


def account_subject(login: str) -> str:
    """The name under which an account's tries are counted."""
    return "account:" + hashlib.sha256(login.encode()).hexdigest()


def address_subject(address: str) -> str:
    """The name under which an address's tries are counted; IPv6 by its network, of which anyone has billions."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return f"address:{address[:60]}"
    if found.version == 6:
        found = found.ipv4_mapped or found
    return f"address:{ipaddress.ip_network(f'{found}/{64 if found.version == 6 else 32}', strict=False)}"


async def count_try(login: str, address: str) -> Try:
    """Count a try before its password is checked."""
    row = await fetch_row(
        f"WITH counted AS ({COUNT}) SELECT max(refused) AS refused,"
        " max(seconds) FILTER (WHERE refused > 0) AS seconds FROM counted",
        [account_subject(login), *([address_subject(address)] if address else [])],
        FREE_TRIES,
    )
    assert row is not None
    return Try(allowed=row["refused"] == 0, wait=row["seconds"] or 0)


async def right_password(login: str, address: str) -> None:
    """The try was right: the account starts anew, and the address has one wrong try less."""
    await forgive(login)
    await execute(
        "UPDATE core_attempt SET failures = greatest(failures - 1, 0),"
        " locked_until = CASE WHEN failures > $2 THEN locked_until END WHERE subject = $1",
        address_subject(address),
        FREE_TRIES,
    )
    await execute("DELETE FROM core_attempt WHERE last_at < now() - interval '1 day'")


async def forgive(login: str) -> None:
    """Forget the account's wrong tries."""
    await execute("DELETE FROM core_attempt WHERE subject = $1", account_subject(login))


async def is_paused(login: str) -> bool:
    """Whether signing in to that account is paused now."""
    sql = "SELECT EXISTS (SELECT 1 FROM core_attempt WHERE subject = $1 AND locked_until > now())"
    return bool(await fetch_value(sql, account_subject(login)))
