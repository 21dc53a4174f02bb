"""Sentences that were made and stored in English, said in the language of whoever reads them.

`text.sentence` makes them where no language counts: in `api/`, which knows no Django, in workers, on their way into a
column. What was stored is text alone, so its template is looked for among those of our catalogues. What fits none, such
as a driver's own message, stays as it is.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from django.utils.formats import number_format
from django.utils.translation import get_language, gettext, override

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as LazyText
else:
    from django.utils.functional import Promise as LazyText

__all__ = ("LazyText", "in_a_sentence", "in_english", "translated")

LOCALE = Path(__file__).parent / "locale"
SENTENCES: Final = frozenset({"advice", "reason", "secrets", "which"})
"""The parts of a template that are made of templates themselves; all others are names and numbers."""

_PART = re.compile(r"%\((\w+)\)s")
_NUMBER = re.compile(r"\d{1,3}(,\d{3})+")
_WHERE = re.compile(r"(.+[.!?]) (\([^()]*\))", re.DOTALL)  # as `str()` of an error ends: endpoint, status and code
_END = re.compile(r"(?<=[.!?]) ")


@dataclass(frozen=True)
class Template:
    """A msgid with parts, and what finds the sentences that it makes.

    Attributes:
        words: how much of it is no part.
        narrow: takes no name that looks like the end of one sentence and the beginning of the next.
        wide: takes any name, such as "St. Gallen".
    """

    msgid: str
    words: int
    narrow: re.Pattern[str]
    wide: re.Pattern[str]

    @classmethod
    def of(cls, msgid: str) -> Template:
        literal = _PART.sub("", msgid)
        words = len(re.findall(r"\w+", literal))
        return cls(msgid, words, _pattern(msgid, r"(?:(?![.!?] [A-Z]).)+?"), _pattern(msgid, ".+?"))


def _pattern(msgid: str, name: str) -> re.Pattern[str]:
    texts, parts = _PART.split(msgid)[::2], _PART.findall(msgid)
    seen: set[str] = set()
    pattern = re.escape(texts[0].replace("%%", "%"))
    for part, text in zip(parts, texts[1:], strict=True):
        takes = ".+?" if part in SENTENCES else name
        pattern += f"(?P={part})" if part in seen else f"(?P<{part}>{takes})"
        pattern += re.escape(text.replace("%%", "%"))
        seen.add(part)
    return re.compile(pattern, re.DOTALL)


def translated(text: str | LazyText) -> str:
    """Say a sentence, or several, in the active language; what no catalogue knows stays as it is."""
    return _translated(str(text), get_language() or "")


def in_english(text: str | LazyText) -> str:
    """Return a text as the source has it, whatever language is active: for documents and commands."""
    with override(None):
        return str(text)


def in_a_sentence(label: str) -> str:
    """Return a label without its capital: German keeps those of the words that follow."""
    return label[:1].lower() + label[1:]


@lru_cache(maxsize=1024)
def _translated(text: str, language: str) -> str:
    # A whole template first: it may hold several sentences itself.
    if (whole := _whole(text)) is not None:
        return whole
    if ending := _WHERE.fullmatch(text):
        return f"{_translated(ending[1], language)} {ending[2]}"
    for end in reversed([match.start() for match in _END.finditer(text)]):
        if (first := _whole(text[:end])) is not None:
            return f"{first} {_translated(text[end + 1 :], language)}"
    return _whole(text, wide=True) or text


def _whole(text: str, *, wide: bool = False) -> str | None:
    """Translate what one msgid makes; None where none does."""
    msgids, templates = _catalogue()
    if text in msgids:
        return gettext(text)
    for template in templates:
        pattern = template.wide if wide else template.narrow
        if (wide or template.words) and (found := pattern.fullmatch(text)):
            said = gettext(template.msgid)
            parts = {name: _part(name, value) for name, value in found.groupdict().items()}
            return said % parts if said != template.msgid or not template.words else text
    return None


def _part(name: str, value: str) -> str:
    if name == "secrets":  # a list of them
        return ", ".join(translated(each) for each in value.split(", "))
    if name in SENTENCES:
        return translated(value)
    return number_format(int(value.replace(",", "")), force_grouping=True) if _NUMBER.fullmatch(value) else value


@cache
def _catalogue() -> tuple[frozenset[str], tuple[Template, ...]]:
    """Return our msgids, and the templates among them, those with the most words of their own first.

    Every catalogue of ours holds the same msgids, so the first tells them all.
    """
    path = next(iter(sorted(LOCALE.glob("*/LC_MESSAGES/django.mo"))), None)
    msgids = frozenset(_read_msgids(path.read_bytes())) if path else frozenset()
    templates = [Template.of(msgid) for msgid in msgids if _PART.search(msgid)]
    return msgids, tuple(sorted(templates, key=lambda each: (-each.words, each.msgid)))


def _read_msgids(data: bytes) -> Iterator[str]:
    """Read the msgids of a compiled catalogue; those with a context or a plural belong to no stored sentence."""
    order = "<" if data[:4] == b"\xde\x12\x04\x95" else ">"
    number, at = struct.unpack_from(f"{order}2I", data, 8)
    for length, start in struct.iter_unpack(f"{order}2I", data[at : at + 8 * number]):
        msgid = data[start : start + length]
        if msgid and b"\x00" not in msgid and b"\x04" not in msgid:
            yield msgid.decode()
