"""Settings of analytics: those of every service, at its own port."""

from pydantic import Field

from chassis.settings import Settings as CommonSettings


class Settings(CommonSettings):
    """Analytics needs nothing of its own but its address."""

    port: int = Field(default=8704, ge=0, le=65_535)
    """Port to listen on; 0 takes a free one."""
