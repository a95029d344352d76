"""What a service is made of; ``chassis.run`` turns it into a process."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fastapi import APIRouter

from chassis.migrate import Source, sources
from chassis.resources import Resources
from chassis.settings import Settings
from events.consumer import Consumer
from events.topics import TOPICS, Topic

Background = Callable[[Resources, asyncio.Event], Awaitable[None]]
Command = Callable[[Sequence[str]], int]


def no_consumers(_resources: Resources) -> Sequence[Consumer]:
    return ()


@dataclass(frozen=True)
class Service:
    """Declared once, in the service's ``__main__`` or composition root."""

    name: str
    """Also the CloudEvents source, the prefix of consumer groups and of the topics it owns."""
    title: str
    settings: type[Settings]
    routers: Sequence[APIRouter]
    migrations: Path
    urlencoded: tuple[str, ...] = ()
    """Beginnings of the addresses that also take what an HTML form posts; any other takes JSON alone."""
    consumers: Callable[[Resources], Sequence[Consumer]] = no_consumers
    """Its own consumers; the one that feeds the directory is added."""
    background: Sequence[Background] = ()
    """Loops that run beside the consumers until the event is set; one that ends early ends the process."""
    asks_for_working_time: bool = False
    """Then the public holidays of its tenants are loaded beside its requests."""
    commands: Mapping[str, Command] = field(default_factory=dict)
    """More subcommands of ``python -m <service>``, given the rest of the command line; they answer the exit code."""

    @property
    def sources(self) -> list[Source]:
        return sources(self.name, self.migrations)

    @property
    def topics(self) -> tuple[Topic, ...]:
        """The topics that this service publishes."""
        return tuple(topic for topic in TOPICS if topic.owner == self.name)
