"""Text: moments as people write them, and folding for search."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

FOLDED_LENGTH = 120


def moment(at: datetime | None) -> str:
    """Write a moment in UTC: "2026-11-01 10:00 UTC"; "never" for none."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if at else "never"


def fold(text: str) -> str:
    """Fold text: without case and accents, at most 120 characters: `fold("Ångström")` is "angstrom"."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return "".join(char for char in decomposed if not unicodedata.combining(char)).strip()[:FOLDED_LENGTH]
