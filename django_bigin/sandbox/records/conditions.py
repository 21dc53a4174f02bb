"""Conditions on records, however a query wrote them: comparisons joined by `and` and `or`, made into one test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ..world.store import Record
from .columns import LIST, Column, comparable

Test = Callable[[int, Record], bool]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One condition; `values` are as written."""

    name: str
    operator: str
    values: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions joined by one word."""

    operator: str  # "and" or "or"
    parts: tuple[Comparison | Group, ...]


Condition = Comparison | Group


def comparisons(condition: Condition) -> Iterator[Comparison]:
    """Yield every single condition."""
    if isinstance(condition, Comparison):
        yield condition
    else:
        for part in condition.parts:
            yield from comparisons(part)


def build_test(condition: Condition, one: Callable[[Comparison], Test]) -> Test:
    """Make one test of a condition; `one` makes that of a single comparison."""
    if isinstance(condition, Comparison):
        return one(condition)
    tests = [build_test(part, one) for part in condition.parts]
    if condition.operator == "and":
        return lambda record_id, record: all(test(record_id, record) for test in tests)
    return lambda record_id, record: any(test(record_id, record) for test in tests)


def compare(column: Column, operator: str, values: tuple[Any, ...]) -> Test:
    """Test a column with values that were read already. Nothing but `empty` and the negations is true of an absent one.

    Operators: equal, in, less, less_equal, greater, greater_equal, between, starts, ends, contains, empty; `not_`
    before one turns it round.
    """
    if operator.startswith("not_"):
        test = compare(column, operator.removeprefix("not_"), values)
        return lambda record_id, record: not test(record_id, record)
    read, first = column.read, values[0] if values else None
    if operator == "empty":
        return lambda record_id, record: read(record_id, record) in (None, "", [], ())
    judge = _judge(operator, first, values, many=column.kind == LIST)

    def test_one(record_id: int, record: Record) -> bool:
        value = comparable(column, read(record_id, record))
        return value is not None and judge(value)

    return test_one


def _judge(operator: str, first: Any, values: tuple[Any, ...], *, many: bool) -> Callable[[Any], bool]:
    if many:
        return _judge_list(operator, values)
    if operator == "in":
        among = frozenset(values)
        return lambda value: value in among
    if operator == "between":
        low, high = values
        return lambda value: bool(low <= value <= high)
    judges: dict[str, Callable[[Any], bool]] = {
        "equal": lambda value: bool(value == first),
        "less": lambda value: bool(value < first),
        "less_equal": lambda value: bool(value <= first),
        "greater": lambda value: bool(value > first),
        "greater_equal": lambda value: bool(value >= first),
        "starts": lambda value: str(value).startswith(first),
        "ends": lambda value: str(value).endswith(first),
        "contains": lambda value: str(first) in str(value),
    }
    return judges[operator]


def _judge_list(operator: str, values: tuple[Any, ...]) -> Callable[[Any], bool]:
    """Judge a multi-select's value: equal to all that is named, else by any one of its parts."""
    if operator == "equal":
        return lambda value: set(value) == set(values[0])
    wanted = [part for value in values for part in value]
    if operator == "in":
        return lambda value: any(part in value for part in wanted)
    methods: dict[str, Callable[[str, str], bool]] = {
        "starts": str.startswith,
        "ends": str.endswith,
        "contains": str.__contains__,
    }
    method = methods[operator]
    return lambda value: any(method(part, text) for part in value for text in wanted)
