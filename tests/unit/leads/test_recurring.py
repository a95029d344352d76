"""Plans that come again keep the time of the clock, and the day of the month as far as there is one."""

from datetime import datetime
from zoneinfo import ZoneInfo

from leads.activities.recurring import Every, times

BERLIN = ZoneInfo("Europe/Berlin")


def planned(first, every, number, interval=1):
    start = datetime.fromisoformat(first).replace(tzinfo=BERLIN)
    return [each.replace(tzinfo=None).isoformat() for each in times(start, every, interval, number, BERLIN)]


def test_weeks_keep_the_time_of_the_clock_over_its_change():
    assert planned("2026-03-20T09:30", Every.WEEK, 3) == [
        "2026-03-20T09:30:00", "2026-03-27T09:30:00", "2026-04-03T09:30:00",
    ]  # fmt: skip
    start = datetime(2026, 3, 27, 9, tzinfo=BERLIN)
    before, after = times(start, Every.WEEK, 1, 2, BERLIN)
    assert (after.timestamp() - before.timestamp()) == 7 * 24 * 3600 - 3600


def test_a_month_that_lacks_the_day_has_its_last_one():
    assert planned("2026-12-31T09:00", Every.MONTH, 4) == [
        "2026-12-31T09:00:00", "2027-01-31T09:00:00", "2027-02-28T09:00:00", "2027-03-31T09:00:00",
    ]  # fmt: skip
    assert planned("2026-11-05T09:00", Every.MONTH, 2, 6)[1] == "2027-05-05T09:00:00"
