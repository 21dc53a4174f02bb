"""Text: sentences, moments as people write them, folding for search, and names from outside on one line."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime

FOLDED_LENGTH = 120


# Line breaks of every kind, what a terminal obeys (C0 with ESC, DEL, C1), half characters, and what turns the direction
# of the text that follows. Joiners stay: they are part of names in Persian, Hindi and others.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

# The combining marks of Latin, Greek and Cyrillic, which are nearly all that names hold.
_ACCENTS = re.compile("[\u0300-\u036f]+")


def one_line(text: str) -> str:
    """Replace each control character by a space: names come from outside, and are shown in logs and terminals."""
    return _CONTROLS.sub(" ", text)


def sentence(template: str, /, **parts: object) -> str:
    """Fill a template: the sentence is English, whatever language is active, since it is stored and logged.

    A page passes it through `translation.translated`, which finds the template again; `translation.SENTENCES` are the
    names of parts that are made so themselves. Without parts, this marks a template that is filled elsewhere.
    """
    return template % parts if parts else template


_ = sentence


def moment(at: datetime | None) -> str:
    """Write a moment in UTC: "2026-11-01 10:00 UTC"; "never" for none."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if at else _("never")


def fold(text: str) -> str:
    """Fold text: without case and accents, at most 120 characters: `fold("Ångström")` is "angstrom"."""
    if text.isascii():  # a hundred thousand names are folded in a sync: most of them leave early
        return text.lower().strip()[:FOLDED_LENGTH]
    folded = _ACCENTS.sub("", unicodedata.normalize("NFKD", text).casefold())
    if not folded.isascii():
        folded = "".join(char for char in folded if not unicodedata.combining(char))
    return folded.strip()[:FOLDED_LENGTH]
