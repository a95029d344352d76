"""Every setting of leads; those that all services share are in ``chassis.settings``."""

from pydantic import Field

from chassis.settings import Settings


class LeadsSettings(Settings):
    """What leads can be told."""

    port: int = Field(default=8702, ge=0, le=65_535)
    """Port to listen on; 0 takes a free one."""
    proxies: int = Field(default=0, ge=0, le=10)
    """Proxies of ours before the service: the address of who sends a form is what so many of them passed on."""
