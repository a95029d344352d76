"""What a running service holds and hands to its endpoints, consumers and background tasks."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import asyncpg

from chassis.authenticator import Authenticator
from chassis.clock import Clock, SystemClock
from chassis.directory import Directory
from chassis.settings import Settings
from events.batch import Subscription
from events.kafka import KafkaSettings


def _nobody() -> None:
    """No relay runs in this process; the one elsewhere finds the rows at its tick."""


@dataclass(slots=True)
class Resources:
    """Opened once a process, by the composition root."""

    service: str
    settings: Settings
    pool: "asyncpg.Pool[asyncpg.Record]"
    kafka: KafkaSettings
    directory: Directory
    authenticator: Authenticator
    clock: Clock = field(default_factory=SystemClock)
    wake_relay: Callable[[], None] = _nobody
    subscriptions: tuple[Subscription, ...] = ()
    """Of every consumer of the service, running here or not: a redrive needs their handlers."""
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    """Set on SIGTERM: streams end when they see it."""

    @property
    def cursor_secret(self) -> str:
        own = self.settings.cursor_secret.get_secret_value()
        return own or self.settings.database_url.get_secret_value()
