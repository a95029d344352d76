"""Identity put together."""

from collections.abc import Sequence

from chassis.migrate import folder_of
from chassis.service import Service
from identity import api_people, api_regions, api_sessions, api_teams, api_tenant, founding
from identity.settings import IdentitySettings


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
    migrations=folder_of(__file__),
    commands={"found": _found, "rotate-keys": _rotate},
)
