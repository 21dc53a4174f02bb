"""A bulk read job's calendar file, of Events alone: iCalendar as RFC 5545 has it.

That there is one is documented (api-bulk-notify-files section 1.2 and 1.4); what stands in it is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from ..world.organization import Organization
from ..world.store import Record
from .query import BulkQuery

HEAD = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Bigin sandbox//EN")
MOST_BYTES = 75
TEXTS = {"SUMMARY": "Event_Title", "LOCATION": "Venue", "DESCRIPTION": "Description"}


def write_calendar(
    organization: Organization, query: BulkQuery, records: Iterable[tuple[int, Record]], switches: dict[str, Any]
) -> bytes:
    """Write those events."""
    lines = [*HEAD]
    for record_id, record in records:
        lines += ["BEGIN:VEVENT", *_event(organization, record_id, record), "END:VEVENT"]
    lines.append("END:VCALENDAR")
    return b"".join(_folded(line) for line in lines)


def _event(organization: Organization, record_id: int, record: Record) -> Iterator[str]:
    yield f"UID:{record_id}"
    yield f"DTSTAMP:{_moment(record['Modified_Time'])}"
    for name, field, days in (("DTSTART", "Start_DateTime", 0), ("DTEND", "End_DateTime", 1)):
        if record.get("All_day"):
            # The end of whole days is the first day after them.
            day = datetime.fromtimestamp(record[field], organization.times.zone) + timedelta(days=days)
            yield f"{name};VALUE=DATE:{day:%Y%m%d}"
        else:
            yield f"{name}:{_moment(record[field])}"
    for name, field in TEXTS.items():
        if record.get(field):
            yield f"{name}:{_text(record[field])}"


def _moment(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y%m%dT%H%M%SZ}"


def _text(value: str) -> str:
    for sign in "\\;,":
        value = value.replace(sign, "\\" + sign)
    return "\\n".join(value.splitlines())


def _folded(line: str) -> bytes:
    """Break a line into pieces of 75 bytes; all but the first begin with a space."""
    pieces, piece = [], b""
    for letter in line:
        encoded = letter.encode()
        if len(piece) + len(encoded) > MOST_BYTES:
            pieces.append(piece)
            piece = b" "
        piece += encoded
    return b"\r\n".join([*pieces, piece]) + b"\r\n"
