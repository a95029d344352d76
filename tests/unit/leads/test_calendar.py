"""Calendars: what overlaps, when somebody is free, and the text that calendar programs read."""

from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given as forall
from hypothesis import strategies as st
from icalendar import Calendar

from chassis.working_time import WorkingTime
from events.catalogue.activities import ActivityKind, ActivityState, ActivityStatus, Move
from events.catalogue.identity import Leave
from events.catalogue.leads import Owner
from leads.calendars.ical import Entry, calendar_text
from leads.calendars.planned import (
    ConflictReason,
    Span,
    against_calendar,
    in_common,
    merged,
    overlapping,
    span_of,
    without,
    worked,
)

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
EIGHT_TO_FIVE = ((8 * 60, 12 * 60), (13 * 60, 17 * 60))
WORKING = WorkingTime(zone=ZoneInfo("UTC"), hours=(EIGHT_TO_FIVE,) * 5 + ((),) * 2)
VISIT = ActivityState(
    id=UUID(int=1), kind=ActivityKind.VISIT, status=ActivityStatus.AGREED, performer=Owner(person=UUID(int=0xA1)),
    planned_at=MONDAY, recorded_on=MONDAY.date(), entered_at=MONDAY - timedelta(days=3),
)  # fmt: skip


def at(hour, minute=0):
    return MONDAY + timedelta(hours=hour, minutes=minute)


def span(start, until):
    return Span(at(start), at(until))


def read(*entries, locale="en"):
    return Calendar.from_ical(calendar_text(entries, locale)).walk("VEVENT")


def test_what_takes_time_has_a_span():
    assert span_of(VISIT) == Span(MONDAY, MONDAY + timedelta(minutes=30))
    assert span_of(VISIT.model_copy(update={"planned_until": at(2)})) == span(0, 2)
    assert span_of(VISIT.model_copy(update={"kind": ActivityKind.TASK})) is None
    assert span_of(VISIT.model_copy(update={"planned_at": None})) is None


def test_what_begins_when_another_ends_does_not_overlap_it():
    one, two, three = UUID(int=1), UUID(int=2), UUID(int=3)
    assert overlapping([(one, span(9, 10)), (two, span(10, 11)), (three, span(9, 11))]) == {
        one: [three], two: [three], three: [one, two],
    }  # fmt: skip


hours = st.integers(0, 40)
spans = st.lists(st.builds(lambda start, length: span(start, start + length), hours, st.integers(0, 9)), max_size=12)


@forall(spans)
def test_what_overlaps_is_found_as_by_looking_at_each_pair(planned):
    named = [(UUID(int=place), each) for place, each in enumerate(planned, start=1)]
    wanted = {id_: set() for id_, _ in named}
    for (id_, ours), (other, theirs) in permutations(named, 2):
        if ours.start < theirs.until and theirs.start < ours.until:
            wanted[id_].add(other)
    assert {id_: set(others) for id_, others in overlapping(named).items()} == wanted


@forall(spans)
def test_an_hour_is_taken_or_free(planned):
    within = span(3, 30)
    busy = merged(planned, within)
    free = without([within], busy)
    for hour in range(3, 30):
        taken = any(each.start <= at(hour) < each.until for each in planned)
        assert [any(each.start <= at(hour) < each.until for each in some) for some in (busy, free)] == [
            taken,
            not taken,
        ]
    assert sum((each.until - each.start for each in (*busy, *free)), timedelta()) == timedelta(hours=27)


def test_people_are_free_together_when_each_of_them_is():
    assert in_common([[span(8, 12), span(13, 17)], [span(9, 14)], [span(8, 10), span(11, 17)]]) == [
        span(9, 10), span(11, 12), span(13, 14),
    ]  # fmt: skip
    assert in_common([[span(8, 12)], []]) == []


def test_working_time_is_without_leave():
    away = WORKING.on_leave((Leave(from_on=date(2026, 3, 3), to_on=date(2026, 3, 3)),))
    assert worked(span(9, 58), away) == [span(9, 12), span(13, 17), span(56, 58)]


@pytest.mark.parametrize(
    ("planned", "reasons"),
    [
        (span(9, 10), []),
        (span(11, 13), ["outside-working-time"]),
        (span(16, 18), ["outside-working-time"]),
        (span(24, 25), ["leave"]),
        (span(23, 24), ["outside-working-time"]),
        (span(9, 9), []),
        (span(12, 12), ["outside-working-time"]),
        (span(0, 24 * 400), ["leave"]),
    ],
)
def test_leave_and_hours_speak_against_a_time(planned, reasons):
    away = WORKING.on_leave((Leave(from_on=date(2026, 3, 3), to_on=date(2026, 3, 3)),))
    found = list(against_calendar(planned, away))
    assert [each.reason for each in found] == reasons
    assert all(each.forbids == (each.reason is ConflictReason.LEAVE) for each in found)


def test_a_feed_is_read_by_calendar_programs():
    meeting = VISIT.model_copy(
        update={"id": UUID(int=2), "kind": ActivityKind.MEETING, "status": ActivityStatus.ASKED, "planned_until": at(2)}
    )
    visit, other = read(Entry(VISIT, 3, "Đông Á; Bơm, Van" * 9), Entry(meeting, 1))
    assert visit["uid"] == "00000000-0000-0000-0000-000000000001@dealstream"
    assert (visit["sequence"], visit["status"], visit["class"]) == (2, "CONFIRMED", "PRIVATE")
    assert (visit["dtstart"].dt, visit["dtend"].dt) == (MONDAY, at(0, 30))
    assert visit["summary"] == "Visit: " + "Đông Á; Bơm, Van" * 9
    assert (other["summary"], other["status"], other["dtend"].dt) == ("Meeting", "TENTATIVE", at(2))
    raw = calendar_text([Entry(VISIT, 3, "Đông Á; Bơm, Van" * 9)], "en")
    assert all(len(line) <= 75 for line in raw.split(b"\r\n"))
    assert b"DTSTART:20260302T000000Z\r\n" in raw


def test_what_is_called_off_is_shown_so_under_its_name():
    moved = VISIT.model_copy(
        update={"moves": (Move(at=at(1), on=date(2026, 3, 2), from_at=at(0), from_on=date(2026, 3, 2)),)}
    )
    off = moved.model_copy(update={"status": ActivityStatus.CANCELLED})
    [before], [after] = read(Entry(moved, 4)), read(Entry(off, 5), locale="vi-VN")
    assert before["uid"] == after["uid"]
    assert (before["sequence"], after["sequence"], after["status"]) == (3, 4, "CANCELLED")
    assert (after["summary"], after["transp"]) == ("Gặp khách", "TRANSPARENT")
    assert before["dtstamp"].dt == at(1)


def test_an_entry_without_length_has_no_end():
    [instant] = read(Entry(VISIT.model_copy(update={"planned_until": MONDAY}), 1))
    assert "dtend" not in instant
