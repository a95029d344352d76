"""Every setting of leads; those that all services share are in ``chassis.settings``."""

from pydantic import Field

from chassis.resources import Resources
from chassis.settings import Settings


class LeadsSettings(Settings):
    """What leads can be told."""

    port: int = Field(default=8702, ge=0, le=65_535)
    """Port to listen on; 0 takes a free one."""
    proxies: int = Field(default=0, ge=0, le=10)
    """Proxies of ours before the service: the address of who sends a form is what so many of them passed on."""
    conversion_seconds: float = Field(default=300.0, gt=0)
    """How long deals may take to answer for an accepted handoff before somebody should look."""


def settings_of(resources: Resources) -> LeadsSettings:
    """The settings of this service, as its composition root read them."""
    settings = resources.settings
    if not isinstance(settings, LeadsSettings):
        raise TypeError(f"leads runs with {type(settings).__name__}")
    return settings
