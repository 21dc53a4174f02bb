"""The text of a COQL query, read into its parts. Source: api-records section 9."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..records.conditions import Comparison, Condition, Group
from ..wire.whole_numbers import whole_number

TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^'\\]|\\.)*')|(?P<number>-?\d+(?:\.\d+)?(?![\w.]))|(?P<word>[A-Za-z$_][\w$.]*)"
    r"|(?P<sign><=|>=|!=|<>|[=<>(),*;]))",
    re.DOTALL,
)
SIGNS = {
    "=": "equal", "!=": "not_equal", "<>": "not_equal", ">": "greater", ">=": "greater_equal", "<": "less",
    "<=": "less_equal",
}  # fmt: skip
# No query that keeps to the limits of columns, conditions and values comes near it.
LONGEST = 500_000
CLAUSES = {"select", "from", "where", "order", "limit", "offset", "group", "having", "and", "or", "not"}


class QueryError(Exception):
    """The query cannot be parsed; `details` say where, as the vendor's answer does."""

    def __init__(self, **details: Any) -> None:
        super().__init__("the query cannot be parsed")
        self.details = details


class Token(NamedTuple):
    """One piece of the query; `value` is what a literal stands for."""

    kind: str  # "text", "number", "word", "sign" or "end"
    value: str
    place: int

    def is_word(self, word: str) -> bool:
        """Tell whether it is that keyword."""
        return self.kind == "word" and self.value.lower() == word


@dataclass(slots=True)
class Query:
    """A query's parts; None where the query says nothing."""

    columns: list[str]
    module: str
    where: Condition | None = None
    order: tuple[tuple[str, bool], ...] = ()  # (column, descending)
    limit: int | None = None
    offset: int = 0


def read_query(text: str, *, brackets: bool) -> Query:
    """Read a query; `brackets`: more than two conditions must stand in pairs."""
    if len(text) > LONGEST:
        raise QueryError(reason="the query is too long", limit=LONGEST)
    reader = _Reader(text, brackets=brackets)
    try:
        return reader.query()
    except RecursionError as error:  # too many brackets in each other
        raise reader.error() from error


class _Reader:
    def __init__(self, text: str, *, brackets: bool) -> None:
        self._text, self._brackets = text, brackets
        self._tokens: list[Token] = list(_tokens(text))
        self._next = 0

    def query(self) -> Query:
        self._keyword("select")
        columns = self._list(self._name)
        self._keyword("from")
        query = Query(columns, self._name())
        if self._take_word("where"):
            query.where = self._expression()
        if self._take_word("order"):
            self._keyword("by")
            query.order = tuple(self._list(self._ordering))
        if self._take_word("limit"):
            query.limit = self._count()
        if self._take_word("offset"):
            query.offset = self._count()
        self._take_sign(";")
        if self._peek().kind != "end":
            raise self.error()
        return query

    def _expression(self) -> Condition:
        parts: list[Condition] = [self._term()]
        joined_by = ""
        while (word := self._peek().value.lower()) in {"and", "or"} and self._peek().kind == "word":
            if self._brackets and joined_by:
                raise self.error()
            if joined_by and word != joined_by:
                parts = [Group(joined_by, tuple(parts))]
            joined_by = word
            self._next += 1
            parts.append(self._term())
        return parts[0] if len(parts) == 1 else Group(joined_by, tuple(parts))

    def _term(self) -> Condition:
        if self._take_sign("("):
            condition = self._expression()
            if not self._take_sign(")"):
                raise self.error()
            return condition
        return self._comparison()

    def _comparison(self) -> Comparison:
        name, token = self._name(), self._peek()
        if token.kind == "sign" and token.value in SIGNS:
            self._next += 1
            return Comparison(name, SIGNS[token.value], (self._literal(),))
        if self._take_word("is"):
            turned = "not_" if self._take_word("not") else ""
            self._keyword("null")
            return Comparison(name, turned + "empty")
        turned = "not_" if self._take_word("not") else ""
        if self._take_word("between"):
            low = self._literal()
            self._keyword("and")
            return Comparison(name, turned + "between", (low, self._literal()))
        if self._take_word("like"):
            return Comparison(name, turned + "like", (self._literal(),))
        if self._take_word("in") and self._take_sign("("):
            values = tuple(self._list(self._literal))
            if self._take_sign(")"):
                return Comparison(name, turned + "in", values)
        raise self.error()

    def _ordering(self) -> tuple[str, bool]:
        name = self._name()
        descending = self._take_word("desc")
        if not descending:
            self._take_word("asc")
        return name, descending

    def _list(self, one: Any) -> list[Any]:
        found = [one()]
        while self._take_sign(","):
            found.append(one())
        return found

    def _name(self) -> str:
        token = self._peek()
        if token.kind != "word" or token.value.lower() in CLAUSES:
            raise self.error()
        self._next += 1
        return token.value

    def _literal(self) -> str:
        token = self._peek()
        if token.kind not in {"text", "number"} and not (token.is_word("true") or token.is_word("false")):
            raise self.error()
        self._next += 1
        return token.value

    def _count(self) -> int:
        token = self._peek()
        number = whole_number(token.value) if token.kind == "number" else None
        if number is None:
            raise self.error()
        self._next += 1
        return number

    def _peek(self) -> Token:
        return self._tokens[self._next]

    def _take_word(self, word: str) -> bool:
        taken = self._peek().is_word(word)
        self._next += taken
        return taken

    def _take_sign(self, sign: str) -> bool:
        taken = self._peek().kind == "sign" and self._peek().value == sign
        self._next += taken
        return taken

    def _keyword(self, word: str) -> None:
        if not self._take_word(word):
            raise self.error()

    def error(self) -> QueryError:
        """Build the error of a query that cannot be read on from here."""
        token = self._peek()
        return _error_at(self._text, token.place, token.value)


def _tokens(text: str) -> Iterator[Token]:
    place, end = 0, len(text.rstrip())
    while place < end:
        found = TOKEN.match(text, place)
        if found is None:
            rest = text[place:].lstrip()
            raise _error_at(text, len(text) - len(rest), rest[:1])
        kind = str(found.lastgroup)
        value = found[kind]
        if kind == "text":
            value = re.sub(r"\\(.)", r"\1", value[1:-1], flags=re.DOTALL)
        yield Token(kind, value, found.start(kind))
        place = found.end()
    yield Token("end", "", end)


def _error_at(text: str, place: int, near: str) -> QueryError:
    line = text.count("\n", 0, place) + 1
    return QueryError(near=near, line=line, column=place - (text.rfind("\n", 0, place) + 1) + 1)
