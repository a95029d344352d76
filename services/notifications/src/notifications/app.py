"""The composition root of notifications."""

from collections.abc import Sequence

from chassis.migrate import folder_of
from chassis.resources import Resources
from chassis.service import Service
from events.consumer import Consumer
from events.topics import DEALS_DEAL
from notifications.api import router
from notifications.mail import run_mail
from notifications.reactions import GROUP, Reactions
from notifications.rules import RULES
from notifications.settings import NotificationsSettings
from notifications.timers import run_timers

TOPICS = tuple(dict.fromkeys((DEALS_DEAL, *(rule.on.topic for rule in RULES))))
"""Deals for the timers, and whatever the rules are about."""


def consumers(resources: Resources) -> Sequence[Consumer]:
    """What notifications listens to."""
    handle = Reactions(resources).handle
    return (Consumer(GROUP, TOPICS, handle, resources.pool, resources.kafka),)


SERVICE = Service(
    name="notifications",
    title="Dealstream notifications",
    settings=NotificationsSettings,
    routers=(router,),
    migrations=folder_of(__file__),
    consumers=consumers,
    background=(run_timers, run_mail),
)
