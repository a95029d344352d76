"""Every setting of identity; those that all services share are in ``chassis.settings``."""

from pydantic import Field

from chassis.settings import Settings


class IdentitySettings(Settings):
    """What identity can be told."""

    port: int = Field(default=8701, ge=0, le=65_535)
    """Port to listen on; 0 takes a free one."""
