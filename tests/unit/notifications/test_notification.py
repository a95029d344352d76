"""A notice is raised once and read once."""

from datetime import UTC, date, datetime
from uuid import UUID

from chassis.refusals import NotFound
from events.catalogue.notifications import NotificationRaised, NotificationRead
from events.moment import Moment
from events.testing import given
from notifications.notification import NOTIFICATION, MarkRead, Raise, notification_id

NOON = Moment(at=datetime(2026, 3, 2, 12, tzinfo=UTC), on=date(2026, 3, 2))
CAUSE, ANA, DEAL = UUID(int=1), UUID(int=2), UUID(int=3)


def a_notice():
    return Raise(
        moment=NOON,
        rule="deal-won",
        recipient=ANA,
        subject_type="deal",
        subject_id=DEAL,
        cause=CAUSE,
        facts={"deal": "x"},
    )


def test_a_notice_is_raised_with_the_facts_of_its_sentence():
    given(NOTIFICATION).when(a_notice()).then(NotificationRaised).then_state(
        id=notification_id("deal-won", CAUSE, ANA), facts={"deal": "x"}, read_at=None
    )


def test_the_same_cause_raises_no_second_notice():
    given(NOTIFICATION, a_notice()).when(a_notice()).then_nothing()


def test_each_recipient_has_a_notice_of_their_own():
    assert notification_id("deal-won", CAUSE, ANA) != notification_id("deal-won", CAUSE, DEAL)


def test_a_notice_is_read_once():
    given(NOTIFICATION, a_notice()).when(MarkRead(moment=NOON)).then(NotificationRead).then_state(read_at=NOON.at)
    given(NOTIFICATION, a_notice(), MarkRead(moment=NOON)).when(MarkRead(moment=NOON)).then_nothing()


def test_what_was_never_raised_cannot_be_read():
    given(NOTIFICATION).when(MarkRead(moment=NOON)).then_refused(NotFound)
