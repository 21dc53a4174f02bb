"""Pages are stored in groups: of so many rows, of so much text, or of what came within a second."""

from typing import Any

import pytest

from django_bigin.sync import pipeline


@pytest.fixture
def seconds(monkeypatch: Any) -> list[float]:
    """The monotonic clock of the pipeline, whose last entry is now."""
    moments = [0.0]
    monkeypatch.setattr(pipeline.time, "monotonic", lambda: moments[-1])
    return moments


def grouped(pages: Any, *, characters: int = 10, is_over: Any = lambda: False) -> Any:
    return pipeline.groups(pages, size=lambda rows: (rows, characters), is_over=is_over)


def test_a_group_is_full_at_two_thousand_rows(seconds: Any) -> None:
    assert list(grouped([200] * 23)) == [[200] * 10, [200] * 10, [200] * 3]


def test_a_group_is_full_at_eight_million_characters(seconds: Any) -> None:
    assert list(grouped([200] * 5, characters=4_000_000)) == [[200, 200], [200, 200], [200]]


def test_what_was_read_waits_a_second_at_most(seconds: Any) -> None:
    def slow_pages() -> Any:
        for _ in range(6):
            seconds.append(seconds[-1] + 0.4)
            yield 200

    assert list(grouped(slow_pages())) == [[200] * 3, [200] * 3]


def test_nothing_waits_once_the_time_is_up(seconds: Any) -> None:
    assert list(grouped([200] * 3, is_over=lambda: True)) == [[200], [200], [200]]


def test_what_was_read_before_a_failure_is_yielded_first(seconds: Any) -> None:
    def failing_pages() -> Any:
        yield 200
        yield 200
        raise ValueError

    groups = grouped(failing_pages())
    assert next(groups) == [200, 200]
    with pytest.raises(ValueError):
        next(groups)


def test_nothing_gives_no_group(seconds: Any) -> None:
    assert list(grouped([])) == []
