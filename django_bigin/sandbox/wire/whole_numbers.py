"""Whole numbers as programs write them: ids, pages, limits, lengths."""

from __future__ import annotations

# Of an id; nothing that is counted has more. Python reads thousands, and other signs than 0 to 9.
MOST_DIGITS = 19


def whole_number(written: object) -> int | None:
    """Read a whole number, given as text or number; None if it is none, or has more than 19 digits."""
    text = str(written)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else None
