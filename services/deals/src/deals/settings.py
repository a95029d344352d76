"""Settings of deals: those of every service, at its own port."""

from pydantic import Field

from chassis.settings import Settings as CommonSettings


class Settings(CommonSettings):
    """Deals needs nothing of its own but its address."""

    port: int = Field(default=8703, ge=0, le=65_535)
    """Port to listen on; 0 takes a free one."""
