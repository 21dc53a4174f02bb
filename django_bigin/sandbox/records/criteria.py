r"""The grammar of search criteria: `((Last_Name:starts_with:W)and((City:equals:Oslo)or(City:equals:Rome\, It)))`.

Programs also leave the outer brackets out and join more than two: both are read. A backslash takes the meaning from
`(`, `)`, `,` and itself. Source: api-records section 8.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .conditions import Comparison, Condition, Group

JOINED = re.compile(r"\s*(and|or)\s*(?=\()", re.IGNORECASE)
SEVERAL_VALUES = {"in", "between"}


class CriteriaError(ValueError):
    """Criteria that are not of the grammar."""


def read_criteria(text: str) -> Condition:
    """Read criteria; CriteriaError says what is wrong."""
    reader = _Reader(text.strip())
    try:
        condition = reader.chain()
    except RecursionError as error:
        raise CriteriaError("too many brackets in each other") from error
    if reader.place != len(reader.text):
        raise CriteriaError(f"unexpected text at {reader.place}")
    return condition


@dataclass(slots=True)
class _Reader:
    text: str
    place: int = 0

    def chain(self) -> Condition:
        parts, words = [self.bracket()], []
        while (joined := JOINED.match(self.text, self.place)) is not None:
            words.append(joined[1].lower())
            self.place = joined.end()
            parts.append(self.bracket())
        # `and` before `or`, as everywhere, where somebody joined several without brackets.
        alternatives: list[list[Condition]] = [[parts[0]]]
        for word, part in zip(words, parts[1:], strict=True):
            if word == "and":
                alternatives[-1].append(part)
            else:
                alternatives.append([part])
        joined_parts = [_join("and", found) for found in alternatives]
        return _join("or", joined_parts)

    def bracket(self) -> Condition:
        self._take("(")
        self._skip_blanks()
        condition = self.chain() if self.text[self.place : self.place + 1] == "(" else self.comparison()
        self._skip_blanks()
        self._take(")")
        return condition

    def comparison(self) -> Comparison:
        name, operator = self._until(":"), self._until(":").lower()
        values, value, text = [], "", self.text
        while self.place < len(text) and text[self.place] != ")":
            sign = text[self.place]
            if sign == "(":
                raise CriteriaError(f"a bracket that is not escaped at {self.place}")
            if sign == "\\" and self.place + 1 < len(text):
                self.place += 1
                value += text[self.place]
            elif sign == "," and operator in SEVERAL_VALUES:
                values.append(value.strip())
                value = ""
            else:
                value += sign
            self.place += 1
        return Comparison(name, operator, (*values, value.strip()))

    def _until(self, sign: str) -> str:
        end = self.text.find(sign, self.place)
        found = self.text[self.place : end].strip()
        if end < 0 or not found or not found.replace("_", "a").replace(".", "a").replace("$", "a").isalnum():
            raise CriteriaError(f"no condition at {self.place}")
        self.place = end + 1
        return found

    def _take(self, sign: str) -> None:
        if self.text[self.place : self.place + 1] != sign:
            raise CriteriaError(f"{sign} expected at {self.place}")
        self.place += 1

    def _skip_blanks(self) -> None:
        while self.text[self.place : self.place + 1].isspace():
            self.place += 1


def _join(word: str, parts: list[Condition]) -> Condition:
    return parts[0] if len(parts) == 1 else Group(word, tuple(parts))
