"""All SQL of identity on secrets: password hashes, refresh tokens, failed sign-ins, signing keys, API keys' digests."""

from datetime import datetime
from uuid import UUID

import asyncpg

Connection = asyncpg.Connection
Row = asyncpg.Record


async def set_password_hash(
    connection: "Connection[Row]", tenant: UUID, person: UUID, password_hash: str, at: datetime
) -> None:
    await connection.execute(
        """
        INSERT INTO credential (tenant_id, person_id, password_hash, changed_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (tenant_id, person_id)
        DO UPDATE SET password_hash = excluded.password_hash, changed_at = excluded.changed_at""",
        tenant,
        person,
        password_hash,
        at,
    )


async def password_hash(connection: "Connection[Row]", tenant: UUID, person: UUID) -> str | None:
    found: str | None = await connection.fetchval(
        "SELECT password_hash FROM credential WHERE tenant_id = $1 AND person_id = $2", tenant, person
    )
    return found


async def add_refresh_token(
    connection: "Connection[Row]",
    tenant: UUID,
    id_: UUID,
    *,
    family: UUID,
    person: UUID,
    secret_sha256: str,
    expires_at: datetime,
) -> None:
    """Also forgets the tokens of the same person that nobody can use any more."""
    await connection.execute(
        "DELETE FROM refresh_token WHERE tenant_id = $1 AND person_id = $2 AND expires_at < now()", tenant, person
    )
    await connection.execute(
        """
        INSERT INTO refresh_token (tenant_id, id, family_id, person_id, secret_sha256, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6)""",
        tenant,
        id_,
        family,
        person,
        secret_sha256,
        expires_at,
    )


async def refresh_token_for_update(connection: "Connection[Row]", tenant: UUID, id_: UUID) -> Row | None:
    return await connection.fetchrow(
        """
        SELECT family_id, person_id, secret_sha256, expires_at, used_at FROM refresh_token
         WHERE tenant_id = $1 AND id = $2 FOR UPDATE""",
        tenant,
        id_,
    )


async def use_refresh_token(connection: "Connection[Row]", tenant: UUID, id_: UUID, at: datetime) -> None:
    await connection.execute("UPDATE refresh_token SET used_at = $3 WHERE tenant_id = $1 AND id = $2", tenant, id_, at)


async def end_family(connection: "Connection[Row]", tenant: UUID, family: UUID) -> None:
    await connection.execute("DELETE FROM refresh_token WHERE tenant_id = $1 AND family_id = $2", tenant, family)


async def end_sessions_of(connection: "Connection[Row]", tenant: UUID, person: UUID) -> None:
    await connection.execute("DELETE FROM refresh_token WHERE tenant_id = $1 AND person_id = $2", tenant, person)


async def add_attempt(connection: "Connection[Row]", subject_sha256: str, at: datetime, since: datetime) -> int:
    """Counts within a window that begins with its first attempt, and answers how many there are with this one; older
    windows of everybody are forgotten.
    """
    await connection.execute("DELETE FROM failed_sign_in WHERE since < $1", since)
    attempts: int = await connection.fetchval(
        """
        INSERT INTO failed_sign_in AS known (subject_sha256, failures, since) VALUES ($1, 1, $2)
        ON CONFLICT (subject_sha256) DO UPDATE SET failures = known.failures + 1 RETURNING failures""",
        subject_sha256,
        at,
    )
    return attempts


async def clear_attempts(connection: "Connection[Row]", subject_sha256: str) -> None:
    await connection.execute("DELETE FROM failed_sign_in WHERE subject_sha256 = $1", subject_sha256)


async def signing_keys(connection: "Connection[Row]", now: datetime) -> list[Row]:
    """The keys that are not expired, the newest first."""
    return await connection.fetch(
        """
        SELECT id, private_key_pem FROM signing_key WHERE expires_at IS NULL OR expires_at > $1
         ORDER BY created_at DESC, id""",
        now,
    )


async def lock_signing_keys(connection: "Connection[Row]") -> None:
    """Two processes that start at once must not both make the first key."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('identity signing keys', 0))")


async def add_signing_key(
    connection: "Connection[Row]", id_: str, private_key_pem: str, *, now: datetime, others_expire_at: datetime
) -> None:
    """Add the key that signs from now on; the ones before stay published until they expire, then they are deleted."""
    await connection.execute("DELETE FROM signing_key WHERE expires_at < $1", now)
    await connection.execute("UPDATE signing_key SET expires_at = $1 WHERE expires_at IS NULL", others_expire_at)
    await connection.execute(
        "INSERT INTO signing_key (id, private_key_pem, created_at) VALUES ($1, $2, $3)", id_, private_key_pem, now
    )


async def api_key_is_valid(connection: "Connection[Row]", tenant: UUID, id_: UUID, secret_sha256: str) -> bool:
    found: bool = await connection.fetchval(
        """
        SELECT EXISTS (SELECT 1 FROM api_key WHERE tenant_id = $1 AND id = $2 AND NOT revoked
                       AND state->>'secret_sha256' = $3)""",
        tenant,
        id_,
        secret_sha256,
    )
    return found
