"""Pages as people read them, and a language in which every translated text shows its ends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from typing import Any
from unittest.mock import patch

from django.utils import translation

from devtools.messages import ATTRIBUTES_SHOWN
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
    reader = _Reader()
    reader.feed(page.content.decode())
    return "\n".join(reader.found)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in ("script", "style")
        given = dict(attrs)
        shows_value = tag == "input" and given.get("type") in ("submit", "button")
        shown = [name for name in ATTRIBUTES_SHOWN if name != "value" or shows_value]
        self.found += [given[name] or "" for name in shown if name in given]

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if not self._silent and data.strip():
            self.found.append(data.strip())
