"""Business days, durations, windows and repeats are pure functions of dates."""

from __future__ import annotations

import pickle
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunwell.calendar import (
    ROLLS,
    UNITS,
    Calendar,
    Duration,
    HolidaysPackage,
    Roll,
    Unit,
    Window,
    add_months,
    after,
    check_zone,
    elapsed,
    epoch_day,
    first_within,
    format_date,
    from_epoch_day,
    interval,
    latest_elapsed,
    next_occurrence,
    parse_duration,
    parse_window_hours,
    today,
    zones_of,
)

MADRID = "Europe/Madrid"
PLAIN = Calendar()
SPAIN = Calendar(("ES",), timezone=MADRID)
CALENDARS = [
    PLAIN,
    SPAIN,
    Calendar(("ES-MD", "PT")),
    Calendar(("AE",)),
    Calendar(("CN",)),
    Calendar(("BN",)),
    Calendar(("US",), weekend=frozenset({6})),
    Calendar(weekend=frozenset({0, 1, 2, 3, 4, 5})),
    Calendar(closed=frozenset(date(2026, 8, 1) + timedelta(n) for n in range(31))),
    Calendar(closed=frozenset(date(2025, 12, 20) + timedelta(n) for n in range(400))),
]

days = st.dates(date(2015, 1, 1), date(2035, 12, 31))
calendars = st.sampled_from(CALENDARS)
durations = st.builds(Duration, st.integers(0, 90), st.sampled_from(UNITS))
ZONES = [
    MADRID,
    "America/New_York",
    "America/Havana",
    "America/Sao_Paulo",
    "Asia/Beirut",
    "Atlantic/Azores",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Pacific/Apia",
    "Asia/Kathmandu",
    "UTC",
]


def days_off(calendar: Calendar, a: date, b: date) -> int:
    """Count the slow way."""
    span = [a + timedelta(n) for n in range(1, (b - a).days + 1)]
    return sum(calendar.is_business(day) for day in span)


# Durations


@given(durations)
def test_the_text_of_a_duration_reads_back_as_the_same_duration(duration: Duration) -> None:
    assert parse_duration(str(duration)) == duration


@pytest.mark.parametrize(
    ("text", "count", "unit"),
    [
        ("3 days", 3, "days"),
        ("1 day", 1, "days"),
        ("0 days", 0, "days"),
        ("2 business days", 2, "business days"),
        ("1 business day", 1, "business days"),
        ("12 months", 12, "months"),
        (" 2  weeks ", 2, "weeks"),
    ],
)
def test_a_duration_is_a_whole_number_and_a_unit(text: str, count: int, unit: Unit) -> None:
    assert parse_duration(text) == Duration(count, unit)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("3", "'3' has no unit", "'3 days'"),
        ("3days", "'3days' lacks a space", "'3 days'"),
        ("3 dyas", "unknown unit 'dyas'", "did you mean 'days'?"),
        ("3 Days", "unknown unit 'Days'", "did you mean 'days'?"),
        ("2 years", "unknown unit 'years'", "'12 months'"),
        ("2 parsecs", "unknown unit 'parsecs'", "write days, business days, weeks or months"),
        ("-3 days", "'-3 days' is negative", "0 or more"),
        ("1.5 days", "is not a whole number", "'3 days'"),
        ("soon", "'soon' is not a duration", "'3 days'"),
        ("", "'' is not a duration", "'3 days'"),
        ("٣ days", "is not a duration", "'3 days'"),
        ("36526 days", "longer than a century", "shorter"),
        ("9" * 5000 + " days", "longer than a century", "shorter"),
    ],
)
def test_any_other_duration_is_refused_with_what_to_write(
    text: str, message: str, hint: str
) -> None:
    with pytest.raises(ValueError, match=r" \| ") as caught:
        parse_duration(text)
    said, _, advice = str(caught.value).partition(" | ")
    assert message in said
    assert hint in advice


@given(st.text(max_size=20))
def test_no_text_breaks_the_reading_of_durations(text: str) -> None:
    try:
        said = str(parse_duration(text))
    except ValueError as error:
        said = str(error)
    assert " | " in said or str(parse_duration(said)) == said


@pytest.mark.parametrize("wrong", [3, 1.5, None])
def test_a_duration_is_text(wrong: Any) -> None:
    with pytest.raises(TypeError):
        parse_duration(wrong)


def test_a_duration_made_by_hand_is_checked_too() -> None:
    wrong: Any = "fortnights"
    half: Any = 0.5
    with pytest.raises(ValueError, match="negative"):
        Duration(-1, "days")
    with pytest.raises(ValueError, match="unknown unit 'fortnights'"):
        Duration(1, wrong)
    with pytest.raises(TypeError):
        Duration(half, "days")


# Business days


def test_a_public_holiday_and_a_weekend_are_no_business_days() -> None:
    assert not SPAIN.is_business(date(2026, 10, 12))
    assert SPAIN.is_business(date(2026, 10, 13))
    assert not SPAIN.is_business(date(2026, 10, 17))
    assert PLAIN.is_business(date(2026, 10, 12))


def test_the_holidays_of_a_region_count_in_that_region_only() -> None:
    assert not Calendar(("ES-MD",)).is_business(date(2025, 5, 2))
    assert SPAIN.is_business(date(2025, 5, 2))


def test_with_several_places_a_day_is_open_only_when_all_are() -> None:
    both = Calendar(("ES", "PT"))
    assert not both.is_business(date(2026, 6, 10))  # the day of Portugal
    assert not both.is_business(date(2026, 10, 12))  # the day of Spain


def test_a_country_keeps_the_weekend_it_had_at_the_time() -> None:
    emirates = Calendar(("AE",))
    assert not emirates.is_business(date(2021, 11, 26))  # a Friday
    assert emirates.is_business(date(2021, 11, 28))  # a Sunday
    assert emirates.is_business(date(2023, 11, 24))
    assert not emirates.is_business(date(2023, 11, 26))
    assert not Calendar(("EG",)).is_business(date(2026, 3, 6))
    assert Calendar(("EG",)).is_business(date(2026, 3, 8))


def test_a_weekend_day_that_a_country_declares_a_working_day_is_one() -> None:
    assert Calendar(("CN",)).is_business(date(2025, 1, 26))  # a Sunday before the long holiday
    assert not Calendar(("CN",)).is_business(date(2025, 1, 19))


def test_a_weekend_and_closed_days_of_ones_own_are_kept() -> None:
    own = Calendar(("ES",), weekend=frozenset({6}), closed=frozenset({date(2026, 8, 14)}))
    assert own.is_business(date(2026, 8, 8))  # a Saturday
    assert not own.is_business(date(2026, 8, 14))
    assert not own.is_business(date(2026, 10, 12))


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("es", "did you mean 'ES'?"),
        ("ESP", "did you mean 'ES'?"),
        ("UK", "did you mean 'GB'?"),
        ("ES-MDD", "did you mean 'ES-MD'?"),
        ("XX", "write a country like 'ES'"),
        ("FR-99999", "write 'FR' for the whole country"),
    ],
)
def test_an_unknown_place_is_named_with_the_nearest_known_one(code: str, hint: str) -> None:
    with pytest.raises(ValueError, match=r" \| ") as caught:
        Calendar((code,))
    said, _, advice = str(caught.value).partition(" | ")
    assert said == f"no calendar for '{code}'"
    assert hint in advice


def test_a_calendar_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="leaves no business day"):
        Calendar(weekend=frozenset(range(7)))
    with pytest.raises(ValueError, match="weekdays 0 to 6"):
        Calendar(weekend=frozenset({7}))
    with pytest.raises(ValueError, match=r"did you mean 'Europe/Madrid'\?"):
        Calendar(timezone="Europe/Madrit")


@dataclass(frozen=True)
class Town:
    """A plugin's source: one town, closed on one day of the year."""

    def codes(self) -> frozenset[str]:
        return frozenset({"ES-28079", "town"})

    def closed_days(self, code: str, year: int) -> frozenset[date]:
        return frozenset({date(year, 5, 15)})


def test_a_source_from_a_plugin_stands_beside_the_built_in_one() -> None:
    town = Calendar(("ES", "ES-28079"), sources=(HolidaysPackage(), Town()))
    assert not town.is_business(date(2026, 5, 15))
    assert not town.is_business(date(2026, 10, 12))
    assert not Calendar(("town",), sources=(Town(),)).is_business(date(2026, 5, 16))
    with pytest.raises(ValueError, match="no calendar for 'ES'"):
        Calendar(("ES",), sources=(Town(),))


@given(calendars, days, st.sampled_from(ROLLS))
def test_rolling_ends_on_a_business_day_and_rolls_no_further(
    calendar: Calendar, day: date, how: Roll
) -> None:
    rolled = calendar.roll(day, how)
    assert calendar.roll(rolled, how) == rolled
    if how == "none":
        assert rolled == day
        return
    assert calendar.is_business(rolled)
    low, high = sorted((day, rolled))
    assert (rolled >= day) == (how == "next_business_day") or rolled == day
    between = [low + timedelta(n) for n in range((high - low).days + 1)]
    assert not any(calendar.is_business(d) for d in between if d != rolled)


def test_an_unknown_roll_is_refused() -> None:
    wrong: Any = "next"
    with pytest.raises(ValueError, match="unknown roll 'next'"):
        PLAIN.roll(date(2026, 8, 1), wrong)
    with pytest.raises(ValueError, match="unknown roll 'next'"):
        PLAIN.rolled_days(date(2026, 8, 1), date(2026, 8, 2), wrong)


@given(calendars, days, days, days)
def test_counting_business_days_adds_up(calendar: Calendar, a: date, b: date, c: date) -> None:
    between = calendar.business_days_between
    assert between(a, b) + between(b, c) == between(a, c)
    assert between(a, a) == 0


@given(calendars, days, st.integers(0, 900))
def test_counting_business_days_is_what_counting_one_by_one_gives(
    calendar: Calendar, a: date, length: int
) -> None:
    b = a + timedelta(length)
    assert calendar.business_days_between(a, b) == days_off(calendar, a, b)


def test_business_days_count_from_the_day_after() -> None:
    friday, monday = date(2026, 3, 6), date(2026, 3, 9)
    two = Duration(2, "business days")
    assert PLAIN.add(friday, two) == date(2026, 3, 10)
    assert PLAIN.add(friday + timedelta(1), two) == date(2026, 3, 10)
    assert PLAIN.business_days_between(friday, monday) == 1
    assert PLAIN.add(friday + timedelta(1), Duration(0, "business days")) == date(2026, 3, 7)


@given(calendars, days, st.integers(1, 300))
def test_adding_business_days_gives_the_first_day_that_has_them_behind_it(
    calendar: Calendar, day: date, count: int
) -> None:
    end = calendar.add(day, Duration(count, "business days"))
    assert calendar.is_business(end)
    assert calendar.business_days_between(day, end) == count


@given(calendars, days, st.integers(1, 300))
def test_subtracting_business_days_gives_the_last_day_that_lies_that_far_back(
    calendar: Calendar, day: date, count: int
) -> None:
    start = calendar.subtract(day, Duration(count, "business days"))
    assert calendar.business_days_between(start, day) >= count
    assert calendar.business_days_between(start + timedelta(1), day) < count


# Tables


@given(calendars, days, st.integers(0, 800), st.data())
def test_the_tables_say_what_the_functions_say(
    calendar: Calendar, first: date, length: int, data: st.DataObject
) -> None:
    last = first + timedelta(length)
    numbers = calendar.business_day_numbers(first, last)
    assert len(numbers) == length + 1
    a = data.draw(st.integers(0, length))
    b = data.draw(st.integers(0, length))
    day_a, day_b = first + timedelta(a), first + timedelta(b)
    assert numbers[b] - numbers[a] == calendar.business_days_between(day_a, day_b)
    for how in ROLLS:
        table = calendar.rolled_days(first, last, how)
        assert len(table) == length + 1
        assert from_epoch_day(table[a]) == calendar.roll(day_a, how)
    duration = data.draw(durations)
    added = calendar.added_days(first, last, duration)
    assert from_epoch_day(added[a]) == calendar.add(day_a, duration)


def test_a_table_of_no_days_is_empty() -> None:
    first, before = date(2026, 3, 2), date(2026, 3, 1)
    assert SPAIN.business_day_numbers(first, before) == ()
    assert SPAIN.added_days(first, before, Duration(1, "days")) == ()
    assert all(SPAIN.rolled_days(first, before, how) == () for how in ROLLS)
    assert SPAIN.business_day_numbers(date(2026, 1, 1), date(2025, 12, 31)) == ()


@given(calendars, st.lists(days, min_size=1, max_size=50), days)
def test_columns_of_dates_are_counted_and_rolled_through_the_tables(
    calendar: Calendar, column: list[date], on: date
) -> None:
    first, last = min([*column, on]), max([*column, on])
    frame = pl.DataFrame({"due": column})
    numbers = pl.Series(calendar.business_day_numbers(first, last), dtype=pl.Int32)
    rolled = pl.Series(calendar.rolled_days(first, last, "next_business_day"), dtype=pl.Int32)
    index = pl.col("due").cast(pl.Int32) - epoch_day(first)
    got = frame.select(
        days=numbers[(on - first).days] - pl.lit(numbers).gather(index),
        rolled=pl.lit(rolled).gather(index).cast(pl.Date),
    )
    assert got["days"].to_list() == [calendar.business_days_between(day, on) for day in column]
    assert got["rolled"].to_list() == [calendar.roll(day, "next_business_day") for day in column]


@given(days)
def test_epoch_days_are_the_days_that_columns_hold(day: date) -> None:
    assert epoch_day(day) == pl.Series([day]).cast(pl.Int32)[0]
    assert from_epoch_day(epoch_day(day)) == day


# Elapsed


@pytest.mark.parametrize(
    ("since", "duration", "expected"),
    [
        (date(2026, 1, 31), "1 month", date(2026, 2, 28)),
        (date(2028, 1, 31), "1 month", date(2028, 2, 29)),
        (date(2026, 1, 31), "13 months", date(2027, 2, 28)),
        (date(2026, 11, 30), "3 months", date(2027, 2, 28)),
        (date(2026, 2, 10), "5 days", date(2026, 2, 15)),
        (date(2026, 2, 10), "2 weeks", date(2026, 2, 24)),
        (date(2026, 2, 10), "0 days", date(2026, 2, 10)),
        (date(2026, 4, 1), "2 business days", date(2026, 4, 6)),  # over Good Friday
    ],
)
def test_a_duration_has_passed_on_a_first_date(since: date, duration: str, expected: date) -> None:
    span = parse_duration(duration)
    assert after(since, span, calendar=SPAIN) == expected
    assert elapsed(since, expected, duration=span, calendar=SPAIN)
    assert not elapsed(since, expected - timedelta(1), duration=span, calendar=SPAIN)


@given(calendars, days, days, durations)
def test_what_has_passed_stays_passed_and_begins_on_the_first_date(
    calendar: Calendar, since: date, on: date, duration: Duration
) -> None:
    first = after(since, duration, calendar=calendar)
    assert first >= since
    assert elapsed(since, on, duration=duration, calendar=calendar) == (on >= first)


@given(calendars, days, st.integers(-40, 40), durations)
def test_one_comparison_with_the_latest_date_tells_what_has_passed(
    calendar: Calendar, on: date, shift: int, duration: Duration
) -> None:
    latest = latest_elapsed(on, duration, calendar=calendar)
    since = latest + timedelta(shift)
    passed = elapsed(since, on, duration=duration, calendar=calendar)
    assert passed == (since <= latest)


def test_the_last_days_of_a_long_month_end_together_in_a_short_one() -> None:
    month = Duration(1, "months")
    assert latest_elapsed(date(2026, 2, 28), month, calendar=PLAIN) == date(2026, 1, 31)
    assert latest_elapsed(date(2026, 2, 27), month, calendar=PLAIN) == date(2026, 1, 27)
    assert latest_elapsed(date(2026, 3, 31), month, calendar=PLAIN) == date(2026, 2, 28)


def test_a_period_has_today_as_its_day_1() -> None:
    on = date(2026, 3, 31)
    assert first_within(on, Duration(1, "days"), calendar=PLAIN) == on
    assert first_within(on, Duration(14, "days"), calendar=PLAIN) == date(2026, 3, 18)
    assert first_within(on, Duration(1, "weeks"), calendar=PLAIN) == date(2026, 3, 25)
    assert first_within(on, Duration(12, "months"), calendar=PLAIN) == date(2025, 4, 1)
    assert first_within(on, Duration(1, "months"), calendar=PLAIN) == date(2026, 3, 1)


@given(calendars, days, st.integers(0, 60))
def test_a_period_of_business_days_holds_exactly_so_many(
    calendar: Calendar, on: date, count: int
) -> None:
    first = first_within(on, Duration(count, "business days"), calendar=calendar)
    assert days_off(calendar, first - timedelta(1), on) == count


# Repeats


@given(days, st.integers(1, 24), st.integers(1, 31), st.integers(0, 20))
def test_a_repeat_on_a_day_falls_on_it_or_on_the_last_day_of_a_short_month(
    last: date, count: int, on_day: int, late: int
) -> None:
    every = Duration(count, "months")
    first = next_occurrence(last, every, on_day=on_day)
    second = next_occurrence(first, every, on_day=on_day)
    for day in (first, second):
        assert day.day == min(on_day, monthrange(day.year, day.month)[1])
    assert first > last
    months = (second.year - first.year) * 12 + second.month - first.month
    assert months == count
    assert next_occurrence(first + timedelta(late), every, on_day=on_day) == second


@given(days, st.integers(1, 60), st.sampled_from(UNITS))
def test_a_repeat_moves_on_by_its_duration(last: date, count: int, unit: Unit) -> None:
    every = Duration(count, unit)
    due = next_occurrence(last, every, calendar=SPAIN)
    assert due > last
    assert due == after(last, every, calendar=SPAIN)


@pytest.mark.parametrize(
    ("last", "every", "on_day", "expected"),
    [
        (date(2026, 1, 15), "1 month", 1, date(2026, 2, 1)),
        (date(2026, 2, 1), "1 month", 1, date(2026, 3, 1)),
        (date(2026, 2, 3), "1 month", 1, date(2026, 3, 1)),
        (date(2026, 1, 31), "1 month", 31, date(2026, 2, 28)),
        (date(2026, 2, 28), "1 month", 31, date(2026, 3, 31)),
        (date(2026, 2, 2), "1 month", 31, date(2026, 2, 28)),
        (date(2026, 1, 1), "3 months", 1, date(2026, 4, 1)),
        (date(2026, 12, 1), "1 month", 1, date(2027, 1, 1)),
        (date(2026, 2, 10), "14 days", None, date(2026, 2, 24)),
    ],
)
def test_a_repeat_is_next_due_on_one_day(
    last: date, every: str, on_day: int | None, expected: date
) -> None:
    assert next_occurrence(last, parse_duration(every), on_day=on_day) == expected


@pytest.mark.parametrize(
    ("every", "on_day", "message"),
    [
        ("0 days", None, "never moves on"),
        ("2 weeks", 1, "has no day of the month"),
        ("1 month", 0, "is not a day of a month"),
        ("1 month", 32, "is not a day of a month"),
        ("2 business days", None, "needs a calendar"),
    ],
)
def test_a_repeat_that_cannot_be_is_refused(every: str, on_day: int | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        next_occurrence(date(2026, 1, 1), parse_duration(every), on_day=on_day)


# Windows


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


def opened(
    day: date, hours: str, *zones: str, days: Any = "all", calendar: Calendar = PLAIN
) -> tuple[datetime, datetime] | None:
    return interval(day, Window(days, *parse_window_hours(hours)), calendar=calendar, zones=zones)


def test_hours_are_two_times_of_the_clock() -> None:
    assert parse_window_hours("08:00-19:00") == (time(8), time(19))
    assert parse_window_hours(" 00:00-24:00 ") == (time(0), time(0))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("8-19", "are not hours"),
        ("08:00", "are not hours"),
        ("08:00-25:00", "are not hours"),
        ("08:60-19:00", "are not hours"),
        ("22:00-06:00", "ends before it begins"),
        ("08:00-08:00", "ends before it begins"),
        ("08:00-00:00", "ends before it begins"),
    ],
)
def test_any_other_hours_are_refused_with_what_to_write(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=rf"{message}.* \| "):
        parse_window_hours(text)


def test_a_window_made_by_hand_is_checked_too() -> None:
    wrong: Any = "weekdays"
    with pytest.raises(ValueError, match="ends before it begins"):
        Window("all", time(9), time(8))
    with pytest.raises(ValueError, match="unknown days 'weekdays'"):
        Window(wrong, time(8), time(9))
    with pytest.raises(ValueError, match="weekdays 0 to 6"):
        Window((7,), time(8), time(9))
    with pytest.raises(ValueError, match="needs a time zone"):
        opened(date(2026, 2, 10), "08:00-19:00")


def test_a_window_is_an_interval_of_instants_on_a_local_date() -> None:
    winter = opened(date(2026, 2, 10), "08:00-19:00", MADRID)
    assert winter == (utc(2026, 2, 10, 7), utc(2026, 2, 10, 18))
    summer = opened(date(2026, 7, 10), "08:00-19:00", MADRID)
    assert summer == (utc(2026, 7, 10, 6), utc(2026, 7, 10, 17))


def test_a_window_opens_on_its_own_days_only() -> None:
    holiday, saturday = date(2026, 10, 12), date(2026, 10, 17)
    assert opened(holiday, "08:00-19:00", MADRID, days="business", calendar=SPAIN) is None
    assert opened(holiday, "08:00-19:00", MADRID, days="all", calendar=SPAIN)
    assert opened(saturday, "08:00-15:00", MADRID, days=(5,), calendar=SPAIN)
    assert opened(saturday, "08:00-15:00", MADRID, days=(0, 1, 2, 3, 4), calendar=SPAIN) is None


def test_with_several_zones_a_window_is_open_only_while_it_is_in_all() -> None:
    spain = opened(date(2026, 2, 10), "08:00-19:00", *zones_of("ES"))
    assert spain == (utc(2026, 2, 10, 8), utc(2026, 2, 10, 18))
    assert opened(date(2026, 2, 10), "09:00-10:00", *zones_of("US")) is None


def test_an_hour_that_the_clock_skips_is_not_there() -> None:
    spring = date(2026, 3, 29)  # 02:00 becomes 03:00
    skip = utc(2026, 3, 29, 1)
    assert opened(spring, "02:30-08:00", MADRID) == (skip, utc(2026, 3, 29, 6))
    assert opened(spring, "01:00-02:30", MADRID) == (utc(2026, 3, 29, 0), skip)
    assert opened(spring, "02:15-02:45", MADRID) is None
    assert opened(spring, "00:00-24:00", MADRID) == (utc(2026, 3, 28, 23), utc(2026, 3, 29, 22))


def test_an_hour_that_the_clock_repeats_is_used_where_no_pass_is_half_inside() -> None:
    autumn = date(2026, 10, 25)  # 03:00 becomes 02:00
    assert opened(autumn, "02:30-08:00", MADRID) == (
        utc(2026, 10, 25, 1, 30),
        utc(2026, 10, 25, 7),
    )
    assert opened(autumn, "01:00-02:30", MADRID) == (
        utc(2026, 10, 24, 23),
        utc(2026, 10, 25, 0, 30),
    )
    assert opened(autumn, "02:00-03:00", MADRID) == (utc(2026, 10, 25, 0), utc(2026, 10, 25, 2))
    assert opened(autumn, "02:15-02:45", MADRID) == (
        utc(2026, 10, 25, 0, 15),
        utc(2026, 10, 25, 0, 45),
    )
    assert opened(autumn, "00:00-24:00", MADRID) == (utc(2026, 10, 24, 22), utc(2026, 10, 25, 23))


def test_a_day_that_begins_with_a_skipped_midnight_begins_at_the_skip() -> None:
    beirut = opened(date(2026, 3, 29), "00:00-24:00", "Asia/Beirut")
    assert beirut == (utc(2026, 3, 28, 22), utc(2026, 3, 29, 21))


def test_a_date_that_a_zone_skipped_altogether_has_no_window() -> None:
    assert opened(date(2011, 12, 30), "08:00-19:00", "Pacific/Apia") is None


times = st.times().map(lambda t: t.replace(second=0, microsecond=0))
transitions = st.sampled_from(
    [
        date(2026, 3, 29),
        date(2026, 10, 25),
        date(2026, 3, 8),
        date(2026, 11, 1),
        date(2026, 4, 5),
        date(2026, 10, 4),
        date(2018, 11, 4),
        date(2018, 2, 17),
        date(2026, 2, 15),
        date(2026, 3, 22),
    ]
)


@given(
    st.one_of(days, transitions),
    times,
    times,
    st.lists(st.sampled_from(ZONES), min_size=1, max_size=3, unique=True),
    st.floats(0, 1),
)
def test_every_instant_of_an_interval_is_inside_the_hours_of_that_date_in_every_zone(
    day: date, a: time, b: time, zones: list[str], part: float
) -> None:
    start, end = min(a, b), max(a, b)
    if start == end:
        end = time(0)
    got = interval(day, Window("all", start, end), calendar=PLAIN, zones=tuple(zones))
    if got is None:
        return
    opens, closes = got
    assert opens.tzinfo is UTC
    assert closes.tzinfo is UTC
    inside = min(opens + (closes - opens) * part, closes - timedelta(microseconds=1))
    for instant in (opens, inside, closes - timedelta(microseconds=1)):
        for zone in zones:
            local = instant.astimezone(ZoneInfo(zone))
            assert today(zone, instant) == local.date() == day
            assert local.time() >= start
            assert end == time(0) or local.time() < end


@given(days, times, st.sampled_from(ZONES))
def test_a_window_is_never_empty_on_a_day_without_a_change_of_the_clock(
    day: date, start: time, zone: str
) -> None:
    clock = ZoneInfo(zone)
    noon = [datetime.combine(day + timedelta(n), time(12), clock) for n in (-1, 0, 1)]
    if len({moment.utcoffset() for moment in noon}) > 1:
        return
    got = interval(day, Window("all", start, time(0)), calendar=PLAIN, zones=(zone,))
    assert got is not None
    midnight = datetime.combine(day + timedelta(1), time(0))
    assert got[1] - got[0] == midnight - datetime.combine(day, start)


# Zones and locales


def test_a_country_has_all_its_zones() -> None:
    assert zones_of("ES") == ("Africa/Ceuta", "Atlantic/Canary", MADRID)
    assert zones_of("XK") == ("Europe/Belgrade",)
    assert {"Pacific/Honolulu", "America/New_York", "America/Adak"} <= set(zones_of("US"))


def test_every_country_with_holidays_has_zones_that_exist() -> None:
    countries = {code.split("-")[0] for code in HolidaysPackage().codes()}
    uninhabited = {"BV", "HM"}
    for country in sorted(countries - uninhabited):
        assert all(check_zone(zone).key == zone for zone in zones_of(country))


@pytest.mark.parametrize("wrong", ["XX", "es", "UK", ""])
def test_a_country_without_zones_is_named(wrong: str) -> None:
    with pytest.raises(ValueError, match=rf"^no time zone for country '{wrong}' \| "):
        zones_of(wrong)


@pytest.mark.parametrize("wrong", ["Europe/Madrit", "Europe", "../etc/passwd", "", "/etc", "\0"])
def test_an_unknown_zone_is_named(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"^unknown time zone .* \| "):
        check_zone(wrong)


def test_the_date_of_an_instant_is_that_of_the_zone() -> None:
    instant = utc(2026, 2, 10, 23, 30)
    assert today(MADRID, instant) == date(2026, 2, 11)
    assert today("America/New_York", instant) == date(2026, 2, 10)
    with pytest.raises(ValueError, match="an instant has a time zone"):
        today(MADRID, instant.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("locale", "expected"),
    [
        ("es", "10 de febrero de 2026"),
        ("es-MX", "10 de febrero de 2026"),
        ("de_DE", "10. Februar 2026"),
        ("en_US", "February 10, 2026"),
        ("en_EG", "February 10, 2026"),
    ],
)
def test_dates_are_written_as_readers_of_a_language_do(locale: str, expected: str) -> None:
    assert format_date(date(2026, 2, 10), locale) == expected


def test_a_date_can_be_written_shorter() -> None:
    assert format_date(date(2026, 2, 10), "es", style="short") == "10/2/26"
    with pytest.raises(ValueError, match=r"^unknown locale 'xx' \| "):
        format_date(date(2026, 2, 10), "xx")


# Values


@pytest.mark.parametrize("calendar", CALENDARS)
def test_calendars_are_values_that_travel_between_processes(calendar: Calendar) -> None:
    copy = pickle.loads(pickle.dumps(calendar))
    assert copy == calendar
    assert hash(copy) == hash(calendar)
    assert pickle.loads(pickle.dumps(Duration(1, "days"))) == Duration(1, "days")


@given(days, st.integers(-300, 300))
def test_months_keep_the_day_or_take_the_last_one(day: date, months: int) -> None:
    moved = add_months(day, months)
    assert (moved.year * 12 + moved.month) - (day.year * 12 + day.month) == months
    assert moved.day == min(day.day, monthrange(moved.year, moved.month)[1])


def test_dates_beyond_the_calendar_overflow_instead_of_running_on() -> None:
    with pytest.raises(OverflowError):
        add_months(date(9999, 12, 1), 1)
    with pytest.raises(OverflowError):
        PLAIN.add(date(9999, 12, 31), Duration(1, "business days"))
    with pytest.raises(OverflowError):
        PLAIN.subtract(date(1, 1, 1), Duration(2, "business days"))


def test_a_code_is_known_exactly_if_it_is_listed() -> None:
    codes = HolidaysPackage().codes()
    listed = set(codes)
    assert len(codes) == len(listed)
    assert [code for code in listed if code not in codes] == []
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    asked = {first + second for first in letters for second in letters}
    asked |= {
        "ESP",
        "es",
        "ES-",
        "ES-XX",
        "",
        "-",
        "ES-Madrid",
        "ES-MD-1",
        "Spain",
        "date",
        "ES\n",
    }
    assert {code for code in asked if code in codes} == asked & listed
