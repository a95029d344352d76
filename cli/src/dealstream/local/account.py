"""The system account under which PostgreSQL runs, which refuses to run as root."""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from dealstream.errors import Unprepared

CANDIDATES = ("postgres", "nobody")


@dataclass(frozen=True, slots=True)
class Account:
    name: str
    user_id: int
    group_id: int


def unprivileged_account() -> Account | None:
    """None when the current user will do."""
    if os.geteuid() == 0:
        return first_existing(CANDIDATES)
    require_name(os.geteuid())
    return None


def require_name(user_id: int) -> None:
    try:
        pwd.getpwuid(user_id)
    except KeyError:
        raise Unprepared(
            f"The user id {user_id} has no name, and PostgreSQL does not start without one.",
            "Run as a user of /etc/passwd, or name a running server in DATABASE_URL.",
        ) from None


def first_existing(names: tuple[str, ...]) -> Account:
    for name in names:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise Unprepared(
        f"PostgreSQL does not run as root, and none of the users {', '.join(names)} exists.",
        "Run as a normal user, or name a running server in DATABASE_URL.",
    )


def may_enter(account: Account, folder: Path) -> bool:
    """Whether the account gets through every folder above and into this one."""
    return all(traversable(part, account) for part in [folder, *folder.parents])


def traversable(folder: Path, account: Account) -> bool:
    status = folder.stat()
    if status.st_uid == account.user_id:
        return bool(status.st_mode & 0o100)
    return bool(status.st_mode & (0o010 if status.st_gid == account.group_id else 0o001))
