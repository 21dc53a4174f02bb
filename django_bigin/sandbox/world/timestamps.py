"""Moments as Bigin writes them: one second, with the offset that the organization's time zone had at that moment."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

EPOCH_DATE = date(1970, 1, 1)
FIRST_YEAR, LAST_YEAR = 2, 9998
# Offsets change on half hours at the finest, so one look-up serves thirty minutes.
OFFSET_STEP = 1800
MINUTES = tuple(f"T{minute // 60:02d}:{minute % 60:02d}" for minute in range(1440))
SECONDS = tuple(f":{second:02d}" for second in range(60))


def zone_named(name: str) -> tzinfo:
    """Return the time zone of that IANA name; raise ValueError with a sentence if this machine does not know it."""
    if name.upper() in {"UTC", "ETC/UTC"}:
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(
            f"unknown time zone {name!r}: use an IANA name such as Europe/Berlin"
            " (if the name is right, this machine has no time zone data: install tzdata)"
        ) from error


class Timestamps:
    """The moments of one time zone as text; fast enough for every field of a page."""

    def __init__(self, zone: tzinfo) -> None:
        self.zone = zone
        self._offsets: dict[int, tuple[int, str]] = {}
        self._dates: dict[int, str] = {}
        # A record's moments are often the same one.
        self._last = (0, "")

    def text(self, moment: int) -> str:
        """Write seconds since 1970 as `2026-10-09T22:11:33+03:00`."""
        last, text = self._last
        if last == moment and text:
            return text
        step = moment // OFFSET_STEP
        found = self._offsets.get(step)
        if found is None:
            found = self._offsets[step] = self._offset(step * OFFSET_STEP)
        offset, suffix = found
        day, second = divmod(moment + offset, 86_400)
        written = self._dates.get(day)
        if written is None:
            written = self._dates[day] = (EPOCH_DATE + timedelta(days=day)).isoformat()
        text = written + MINUTES[second // 60] + SECONDS[second % 60] + suffix
        self._last = (moment, text)
        return text

    def read(self, text: str) -> int:
        """Read an ISO datetime; one without an offset is taken in the organization's zone. ValueError if it is none."""
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=self.zone)
        if not FIRST_YEAR <= moment.year <= LAST_YEAR:
            raise ValueError("every time zone must have a date for it")
        return int(moment.timestamp())

    def _offset(self, moment: int) -> tuple[int, str]:
        delta = datetime.fromtimestamp(moment, self.zone).utcoffset() or timedelta(0)
        seconds = int(delta.total_seconds())
        hours, minutes = divmod(abs(seconds) // 60, 60)
        return seconds, f"{'-' if seconds < 0 else '+'}{hours:02d}:{minutes:02d}"
