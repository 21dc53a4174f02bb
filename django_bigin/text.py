"""Folding text for search."""

from __future__ import annotations

import unicodedata

FOLDED_LENGTH = 120


def fold(text: str) -> str:
    """Text without case and accents, at most 120 characters: `fold("Ångström")` is "angstrom"."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return "".join(char for char in decomposed if not unicodedata.combining(char)).strip()[:FOLDED_LENGTH]
