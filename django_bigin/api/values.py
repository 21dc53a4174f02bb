"""Single values as Zoho's APIs write them: JSON, ids, moments, and foreign text made fit to be shown."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

logger = logging.getLogger(__name__)

Json = dict[str, Any]

# The largest id that a 64-bit column takes has 19 digits, as have Zoho's.
_LARGEST_ID = str(2**63 - 1)
_LONGEST_ID = len(_LARGEST_ID)
_MOST_DIGITS = 4300  # Python reads no more by itself
_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True)
class Unreadable:
    """A body that is not JSON: HTML, cut off, or not text at all.

    Attributes:
        at: the character at which it stops to be JSON; None where it never was.
    """

    at: int | None = None


def read_json(content: bytes) -> Any:
    """Parse a body: None where it is empty, `Unreadable` where it is not JSON. Whole numbers stay exact.

    What JSON does not allow in a value is read all the same, so that it costs no other row of a page: control
    characters as they are, what is no UTF-8 as U+FFFD, NaN and numbers without end as floats, which no database is
    given.
    """
    if not content.strip():
        return None
    try:
        return json.loads(content, parse_constant=_refuse_constant)
    except RecursionError:
        return Unreadable()
    except ValueError as error:
        return _read_leniently(content, error)


def _read_leniently(content: bytes, error: ValueError) -> Any:
    try:
        body = json.loads(content.decode("utf-8", "replace"), strict=False, parse_int=_read_whole_number)
    except (ValueError, RecursionError) as still:
        began = content.lstrip()[:1] in (b"{", b"[")
        return Unreadable(still.pos if began and isinstance(still, json.JSONDecodeError) else None)
    if isinstance(error, UnicodeDecodeError):
        logger.warning("An answer has a byte that is no UTF-8, at byte %d: it was read all the same.", error.start)
    elif isinstance(error, json.JSONDecodeError):
        logger.warning("An answer has a control character, at character %d: it was read all the same.", error.pos)
    else:
        logger.warning("An answer is no proper JSON (%s): it was read all the same.", str(error)[:80])
    return body


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _read_whole_number(digits: str) -> int | float:
    return int(digits) if len(digits) <= _MOST_DIGITS else float(digits)


def read_id(value: Any) -> str | None:
    """Read an id exactly, from a string of digits or a whole number; None where it is neither."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not 1 <= len(value) <= _LONGEST_ID or value[0] == "0":
        return None
    if not (value.isascii() and value.isdigit()):
        return None
    return value if len(value) < _LONGEST_ID or value <= _LARGEST_ID else None


def read_date_header(value: str | None) -> datetime | None:
    """Read a `Date` header as an aware moment in UTC; None where it is missing, or of another age.

    Watermarks are made of it: one of the year 9999 would hide every later change.
    """
    try:
        moment = parsedate_to_datetime(value) if value else None
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if moment is None or not 2000 <= moment.year < 2200:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def read_moment(value: Any) -> datetime | None:
    """Read one of Zoho's moments (ISO-8601 with an offset) into UTC; None where it is not one."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        return moment.astimezone(UTC) if moment is not None and moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def read_text(value: Any) -> str | None:
    """Read a text as a database can store it; None where it is empty or none."""
    return storable(value) if isinstance(value, str) and value else None


def read_first(*values: Any) -> str:
    """Read the first of several that is there, as a text that a database can store; "" where none is."""
    return storable(str(next((value for value in values if value), "")))


def storable(text: str) -> str:
    """Replace what no database stores, a NUL or half a character, by the sign for a character that is not known."""
    return _NOT_STORABLE.sub("\ufffd", text)


def shown(text: Any) -> str:
    """Make foreign text fit for a message: one short line, without anything that has the shape of a token."""
    line = " ".join(str(text).split())
    line = re.sub(r"\b10\d\d\.[0-9A-Za-z]{16,}(?:\.[0-9A-Za-z]+)?", "[hidden]", line)
    return "".join(each for each in line if each.isprintable())[:200]
