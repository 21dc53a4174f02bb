"""Moments in an organization's zone."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from django_bigin.sandbox.world.timestamps import Timestamps, zone_named

ZONES = ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]


@pytest.mark.parametrize("name", ZONES)
def test_every_moment_of_a_year_is_as_python_writes_it(name):
    times = Timestamps(zone_named(name))
    start = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())

    for moment in range(start, start + 366 * 86_400, 1_801 * 7):
        assert times.text(moment) == datetime.fromtimestamp(moment, ZoneInfo(name)).isoformat()
        assert times.read(times.text(moment)) == moment


def test_a_moment_without_offset_is_the_organizations():
    assert Timestamps(zone_named("Asia/Kolkata")).read("2026-01-01T05:30:00") == Timestamps(UTC).read("2026-01-01")


def test_an_unknown_zone_gets_a_sentence():
    with pytest.raises(ValueError, match=r"unknown time zone 'Mars'.*Europe/Berlin"):
        zone_named("Mars")
