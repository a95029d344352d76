"""Passwords: Argon2id hashes, computed off the event loop. A wrong person costs as long as a wrong password."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from chassis.refusals import Kind, Refusal

LENGTH_MIN = 10
LENGTH_MAX = 256

_THREADS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="password")
"""Each hash takes 64 MiB and a core for its time; more at once would only make all of them wait."""


class WeakPassword(Refusal):
    """A password has 10 to 256 characters and is not the mail address."""

    slug = "weak-password"
    kind = Kind.INVALID


def refuse_weak(password: str, email: str | None) -> None:
    """Length is what counts (NIST SP 800-63B); rules on kinds of characters only make passwords alike."""
    if not LENGTH_MIN <= len(password) <= LENGTH_MAX or password.casefold() == (email or "").casefold():
        raise WeakPassword(pointer="/password")


async def hashed(password: str) -> str:
    return await asyncio.get_running_loop().run_in_executor(_THREADS, _hasher().hash, password)


async def is_right(password: str, password_hash: str | None) -> bool:
    """Whether the password belongs to the hash; with no hash the same work is done and the answer is no."""
    known = password_hash or _nobodys_hash()
    right = await asyncio.get_running_loop().run_in_executor(_THREADS, _verified, password, known)
    return right and password_hash is not None


def _verified(password: str, password_hash: str) -> bool:
    try:
        return _hasher().verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _nobodys_hash() -> str:
    return _hasher().hash("nobody has this password")
