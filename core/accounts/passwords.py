"""Passwords: argon2 in a thread, at most one computation per processor at a time."""

from __future__ import annotations

import asyncio
import os
import weakref
from functools import lru_cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from core.context import Refuse
from core.language import _

SHORTEST = 10
LONGEST = 256

hasher = PasswordHasher()

# Each computation takes 64 MB and a processor for some 50 ms: more at once would starve the pages.
_slots: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = weakref.WeakKeyDictionary()


def _slot() -> asyncio.Semaphore:
    loop = asyncio.get_running_loop()
    return _slots.setdefault(loop, asyncio.Semaphore(os.cpu_count() or 1))


async def hash_password(password: str) -> str:
    """The argon2 hash to store."""
    async with _slot():
        return await asyncio.to_thread(hasher.hash, password)


async def verify_password(stored: str | None, password: str) -> bool:
    """Whether it is the password; without a stored one it takes as long and says no."""
    async with _slot():
        return await asyncio.to_thread(_verify, stored, password)


def _verify(stored: str | None, password: str) -> bool:
    try:
        return hasher.verify(stored or _nobody(), password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


@lru_cache(maxsize=1)
def _nobody() -> str:
    return hasher.hash("nobody has this password")


def needs_rehash(stored: str) -> bool:
    """Whether it was made with weaker parameters than today's."""
    return hasher.check_needs_rehash(stored)


@lru_cache(maxsize=1)
def _common() -> frozenset[str]:
    return frozenset((Path(__file__).parent / "common_passwords.txt").read_text(encoding="utf-8").split())


def check_password(password: str, *, login: str = "", name: str = "") -> None:
    """Refuse a password that is short, known to everybody, or the user's own name or address."""
    problem = _problem(password, login, name)
    if problem:
        raise Refuse(problem, fields={"password": problem})


def _problem(password: str, login: str, name: str) -> str:
    plain = password.casefold()
    if len(password) < SHORTEST:
        return _("The password must have at least 10 characters.")
    if len(password) > LONGEST:
        return _("The password is too long.")
    if plain in _common() or len(set(plain)) < 4:
        return _("This password is one of the first that are tried. Choose another one.")
    if plain in {login, login.partition("@")[0], name.casefold()}:
        return _("The password must not be your name or address.")
    return ""
