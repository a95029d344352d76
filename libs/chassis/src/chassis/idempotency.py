"""Idempotency-Key: a request repeated with its key has one effect and one reply.

The reply is stored by the transaction of the write, so it exists exactly when the effect does. The key belongs to the
principal; the hash covers method, path and body. Kept for 24 hours. A refusal (4xx) wrote nothing and is not kept: the
same request is decided anew, and may succeed once its cause is gone.

In the common case the key costs no round trip: the claim goes with BEGIN, the reply with COMMIT. When the claim fails,
the key was used before, or is being used: then ``reply`` looks.
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic_core import from_json, to_json

from chassis.refusals import IdempotencyKeyInFlight, IdempotencyKeyReused, Malformed

KEEP_HOURS = 24

_KEY = re.compile(r"^[\x21-\x7e]{1,255}$")
_LOOK = f"""
    SELECT pg_try_advisory_xact_lock($4) AS locked, kept.request_hash, kept.status, kept.headers, kept.body
    FROM (SELECT) AS nothing LEFT JOIN idempotency_key AS kept
    ON kept.tenant_id = $1 AND kept.subject = $2 AND kept.key = $3
    AND kept.created_at > clock_timestamp() - interval '{KEEP_HOURS} hours'
"""
_FORGET_ONE = "DELETE FROM idempotency_key WHERE tenant_id = $1 AND subject = $2 AND key = $3"
_FORGET = f"DELETE FROM idempotency_key WHERE created_at <= clock_timestamp() - interval '{KEEP_HOURS} hours'"


class KeptMeanwhile(Exception):
    """The first request with this key committed between our look and our write."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What was answered."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """The key of one request of one principal."""

    tenant: UUID
    subject: str
    key: str
    request_hash: bytes

    @classmethod
    def of(cls, header: str, tenant: UUID, subject: str, *request: bytes) -> "IdempotencyKey":
        if not _KEY.match(header):
            raise Malformed("Idempotency-Key must be 1 to 255 visible ASCII characters.", pointer="/Idempotency-Key")
        return cls(tenant, subject, header, hashlib.sha256(b"\0".join(request)).digest())

    async def reply(self, connection: Any) -> Reply | None:
        """Lock the key for this transaction; answer the stored reply if the request was done before."""
        name = (self.tenant, self.subject, self.key)
        row = await connection.fetchrow(_LOOK, *name, self._lock)
        if row["status"] is not None:
            if row["request_hash"] != self.request_hash:
                raise IdempotencyKeyReused(pointer="/Idempotency-Key")
            return Reply(row["status"], from_json(row["headers"]), row["body"])
        if not row["locked"]:
            raise IdempotencyKeyInFlight(retry_after=1)
        await connection.execute(_FORGET_ONE, *name)  # what is left of it is older than a day
        return None

    def claim(self) -> str:
        """The statement that goes with BEGIN: locks the key, and fails when it is locked or was used before."""
        return f"SELECT dealstream_claim('{self.tenant}', {_quoted(self.subject)}, {_quoted(self.key)}, {self._lock})"

    def keep(self, reply: Reply) -> str:
        """The statement that goes with COMMIT: stores the reply, and fails when another one is stored."""
        values = f"'\\x{self.request_hash.hex()}', {reply.status:d}::smallint"
        headers = _quoted(to_json(reply.headers).decode())
        name = f"'{self.tenant}', {_quoted(self.subject)}, {_quoted(self.key)}"
        return f"SELECT dealstream_keep({name}, {values}, {headers}, '\\x{reply.body.hex()}')"

    @property
    def _lock(self) -> int:
        name = f"{self.tenant}|{self.subject}|{self.key}".encode()
        return int.from_bytes(hashlib.blake2b(name, digest_size=8).digest(), "big", signed=True)


async def forget_old(connection: Any) -> int:
    """Delete what is older than a day; answers how many."""
    return int((await connection.execute(_FORGET)).split()[-1])


def _quoted(text: str) -> str:
    """A literal; ``open_pool`` makes sure that a backslash is one."""
    return "'" + text.replace("'", "''") + "'"
