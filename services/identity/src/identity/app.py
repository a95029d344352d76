"""Identity put together."""

from collections.abc import Sequence
from pathlib import Path

from chassis.service import Service
from identity import api_people, api_regions, api_sessions, api_teams, api_tenant, founding
from identity.settings import IdentitySettings

_HERE = Path(__file__).parent
_MIGRATIONS = next(path for path in (_HERE / "migrations", _HERE.parents[1] / "migrations") if path.is_dir())
"""Beside the sources in the repository, inside the package where it is installed."""


def _found(words: Sequence[str]) -> int:
    return founding.found(SERVICE, words)


def _rotate(words: Sequence[str]) -> int:
    return founding.rotate(SERVICE, words)


SERVICE = Service(
    name="identity",
    title="Dealstream identity",
    settings=IdentitySettings,
    routers=(
        api_sessions.router,
        api_tenant.router,
        api_people.router,
        api_teams.router,
        api_regions.router,
    ),
    migrations=_MIGRATIONS,
    commands={"found": _found, "rotate-keys": _rotate},
)
