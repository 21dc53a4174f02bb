"""Pages as people read them, and a language in which every translated text shows its ends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from django.utils import translation

from devtools.messages import shown_texts
from django_bigin import translation as our_translation

LANGUAGE = "de-at"  # dates in it are numbers, points and the names of months


@contextmanager
def marking() -> Iterator[None]:
    """Let every text that goes through gettext, Django's own as well, stand in « and »."""

    def wrap(text: str) -> str:
        return f"«{text}»" if text.strip() else text

    functions = {
        "gettext": wrap,
        "ngettext": lambda one, many, number: wrap(one if number == 1 else many),
        "pgettext": lambda context, text: wrap(text),
        "npgettext": lambda context, one, many, number: wrap(one if number == 1 else many),
    }
    # What was said before, or is said now, is remembered by language alone.
    our_translation._translated.cache_clear()
    try:
        with patch.multiple(translation._trans, **functions), translation.override(LANGUAGE):
            yield
    finally:
        our_translation._translated.cache_clear()


def unmarked(text: str) -> str:
    """Return what stands outside of « and »."""
    kept, depth = [], 0
    for character in text:
        depth += character == "«"
        kept.append(" " if depth else character)
        depth -= character == "»"
    return "".join(kept)


def words_of(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d_][\w.@'-]*[^\W_]", text))


def read(page: Any) -> str:
    """Return what a person reads of a page: its text, and the attributes that browsers show."""
    return "\n".join(text for _, text in shown_texts(page.content.decode()))
