"""Sentences that were made and stored in English, said in the language of whoever reads them.

`text.sentence` makes them where no language counts: in `api/`, which knows no Django, in workers, on their way into a
column. What was stored is text alone, so its template is looked for among those of our catalogues. What fits none, such
as a driver's own message, stays as it is.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import islice
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
ALWAYS_OURS: Final = frozenset({"advice", "secrets", "which"})
"""The parts of a template that are always made of another: what holds anything else there is not ours."""
SENTENCES: Final = frozenset({*ALWAYS_OURS, "reason"})
"""The parts that are made of templates themselves; all others are names and numbers."""

SENTENCES_AT_MOST = 6  # that one msgid holds, with the parts that are sentences themselves
WORDS_TELLING = 3
DEPTH = 5  # of sentences within sentences
LENGTH_AT_MOST = 10_000

_PART = re.compile(r"%\((\w+)\)s")
_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"\d{1,3}(,\d{3})+")
_WHERE = re.compile(r"(.+[.!?]) (\([^()]*\))", re.DOTALL)  # as `str()` of an error ends: endpoint, status and code
_END = re.compile(r"(?<=[.!?]) ")


@dataclass(frozen=True)
class Template:
    """A msgid with parts, and what finds the sentences that it makes.

    Attributes:
        texts: what it holds between its parts.
        words: how many words those are.
        narrow: takes no name that holds the end of a sentence, and so none that is several words too long.
        wide: takes any name, such as "St. Gallen" or "Acme Inc.".
    """

    msgid: str
    texts: tuple[str, ...]
    words: int
    narrow: re.Pattern[str]
    wide: re.Pattern[str]

    @classmethod
    def of(cls, msgid: str) -> Template:
        texts = tuple(text.replace("%%", "%") for text in _PART.split(msgid)[::2])
        parts = _PART.findall(msgid)
        narrow = _pattern(texts, parts, name=r"(?:(?![.!?] [A-Z]).)+?(?<![.!?])")
        words = sum(len(_WORD.findall(text)) for text in texts)
        return cls(msgid, texts, words, narrow, _pattern(texts, parts, name=".+?"))

    def find(self, text: str, *, wide: bool) -> re.Match[str] | None:
        """Return how a sentence is made of it; None where it is not, or where too few words are its own to tell."""
        telling = self.words >= WORDS_TELLING or not self.words if wide else self.words
        if not telling or not all(each in text for each in self.texts):
            return None
        return (self.wide if wide else self.narrow).fullmatch(text)


def _pattern(texts: Sequence[str], parts: Sequence[str], *, name: str) -> re.Pattern[str]:
    seen: set[str] = set()
    pattern = re.escape(texts[0])
    for part, text in zip(parts, texts[1:], strict=True):
        whole = part == "reason" and text[:1] not in (".", ";", ")")  # several sentences; else a clause of one
        takes = ".+?" if whole else name
        pattern += (f"(?P={part})" if part in seen else f"(?P<{part}>{takes})") + re.escape(text)
        seen.add(part)
    return re.compile(pattern, re.DOTALL)


def translated(text: str | LazyText) -> str:
    """Say a sentence, or several, in the active language; what no catalogue knows stays as it is."""
    return _translated(str(text), get_language() or "", DEPTH)


def in_english(text: str | LazyText) -> str:
    """Return a text as the source has it, whatever language is active: for documents and commands."""
    with override(None):
        return str(text)


def in_a_sentence(label: str) -> str:
    """Return a label without its capital: German keeps those of the words that follow."""
    return label[:1].lower() + label[1:]


@lru_cache(maxsize=1024)
def _translated(text: str, language: str, depth: int) -> str:
    if not depth or len(text) > LENGTH_AT_MOST:
        return text
    if ending := _WHERE.fullmatch(text):
        return f"{_translated(ending[1], language, depth)} {ending[2]}"
    said = []
    while text:
        first, text = _split(text, language, depth)
        said.append(first)
    return " ".join(said)


def _split(text: str, language: str, depth: int) -> tuple[str, str]:
    """Translate as many sentences as one msgid makes, from the first on, and return them and the rest."""
    first, made = _longest(text, wide=False)
    rest = text[first + 1 :]
    # The end of a sentence may be in a name. Then what follows is no sentence of ours.
    if made is None or (rest and _longest(rest, wide=False)[1] is None):
        wider, other = _longest(text, wide=True)
        if other and (made is None or _WORD.search(_PART.sub("", other[0]))):
            first, made = wider, other
    if made is None:  # somebody else's words
        return text[:first], text[first + 1 :]
    msgid, parts = made
    said = {name: _part(name, value, language, depth - 1) for name, value in parts.items()}
    return (gettext(msgid) % said if parts else gettext(msgid)), text[first + 1 :]


def _longest(text: str, *, wide: bool) -> tuple[int, tuple[str, dict[str, str]] | None]:
    """Return how far the longest beginning goes that one msgid makes, with that; else the first sentence, and None."""
    ends = [match.start() for match in islice(_END.finditer(text), SENTENCES_AT_MOST)]
    if len(ends) < SENTENCES_AT_MOST:
        ends.append(len(text))
    found = ((end, made) for end in reversed(ends) if (made := _find(text[:end], wide=wide)) is not None)
    return next(found, (ends[0], None))


def _find(text: str, *, wide: bool) -> tuple[str, dict[str, str]] | None:
    """Find the msgid that makes a text, and its parts; None where none does."""
    msgids, templates = _catalogue()
    if text in msgids:
        return text, {}
    for template in templates:
        found = template.find(text, wide=wide)
        # Where it is the same in this language, another may say more, unless it only joins its parts.
        if found and (not template.words or gettext(template.msgid) != template.msgid):
            parts = found.groupdict()
            if all(_is_ours(value.partition(", ")[0]) for name, value in parts.items() if name in ALWAYS_OURS):
                return template.msgid, parts
    return None


def _is_ours(text: str) -> bool:
    return any(_find(text, wide=wide) for wide in (False, True))


def _part(name: str, value: str, language: str, depth: int) -> str:
    if name == "secrets":  # a list of them
        return ", ".join(_translated(each, language, depth) for each in value.split(", "))
    if name in SENTENCES:
        return _translated(value, language, depth)
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
