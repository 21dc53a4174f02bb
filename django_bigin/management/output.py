"""The output of commands: lines, tables and progress for people, one JSON document for programs.

With `--json` stdout holds that document and nothing else. `rich` is used where it is installed and a terminal is there.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from django.core.management.base import OutputWrapper
from django.core.serializers.json import DjangoJSONEncoder

from ..text import one_line

if TYPE_CHECKING:
    from ..sync import OnProgress, Progress

PLAIN_EVERY_SECONDS = 2.0


class Output:
    """The output of one command. What is for people is dropped when a program asked for JSON."""

    def __init__(
        self, stdout: OutputWrapper, stderr: OutputWrapper, *, as_json: bool, verbosity: int = 1, color: bool = True
    ) -> None:
        self._stdout = stdout
        self._stderr = stderr
        self._as_json = as_json
        self._verbosity = verbosity
        self._color = color

    def line(self, text: str = "") -> None:
        """Write a line for people."""
        if not self._as_json and self._verbosity > 0:
            self._stdout.write(one_line(text))

    def warn(self, text: str) -> None:
        """Write a line that people and programs alike should look at; on stderr."""
        self._stderr.write(f"Warning: {one_line(text)}")

    def table(self, headers: Sequence[str], rows: Sequence[Sequence[Any]], *, indent: int = 0) -> None:
        """Write a table for people; numbers stand to the right."""
        if self._as_json or self._verbosity < 1 or not rows:
            return
        if _has_rich() and self._stdout.isatty():
            self._rich_table(headers, rows, indent=indent)
            return
        for text in plain_table(headers, rows):
            self._stdout.write(" " * indent + text)

    def document(self, document: dict[str, Any]) -> None:
        """Write the JSON document for programs."""
        if self._as_json:
            self._stdout.write(_escaped(json.dumps(document, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)))

    @contextmanager
    def progress(self, title: str, *, done: str = "stored") -> Iterator[OnProgress]:
        """Show the progress of a sync on stderr; call what is given with each `Progress`.

        Args:
            done: what is done with the records.
        """
        terminal = self._stderr.isatty()
        if self._verbosity < 1 or (self._as_json and not terminal):
            yield lambda step: None
        elif terminal and _has_rich():
            with self._rich_progress(title, done) as show:
                yield show
        else:
            yield self._plain_progress(title, done)

    def _plain_progress(self, title: str, done: str) -> OnProgress:
        said_at = time.monotonic()

        def show(step: Progress) -> None:
            nonlocal said_at
            # A load of 100,000 records has 500 pages: a log wants to know that it moves, not each of them.
            if time.monotonic() - said_at < PLAIN_EVERY_SECONDS:
                return
            said_at = time.monotonic()
            text = f"{title}: {step.module}, {step.phase}, page {step.page}, {step.stored:,} {done}"
            self._stderr.write(one_line(text), str)

        return show

    @contextmanager
    def _rich_progress(self, title: str, done: str) -> Iterator[OnProgress]:
        from rich.console import Console
        from rich.markup import escape
        from rich.progress import Progress as Bars
        from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

        columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        bars = Bars(*columns, console=Console(stderr=True, no_color=not self._color), transient=True)
        tasks: dict[str, Any] = {}
        with bars:

            def show(step: Progress) -> None:
                text = f"{title}  {step.module}  {step.phase}  page {step.page}  {step.stored:,} {done}"
                text = escape(one_line(text))
                if step.module not in tasks:
                    for ended in list(tasks.values())[-1:]:
                        bars.stop_task(ended)
                    tasks[step.module] = bars.add_task(text, total=None)
                bars.update(tasks[step.module], description=text)

            yield show

    def _rich_table(self, headers: Sequence[str], rows: Sequence[Sequence[Any]], *, indent: int) -> None:
        from rich.box import SIMPLE_HEAD
        from rich.console import Console
        from rich.padding import Padding
        from rich.table import Table
        from rich.text import Text

        table = Table(box=SIMPLE_HEAD, pad_edge=False)
        for column, header in enumerate(headers):
            table.add_column(Text(header), justify="right" if _is_numeric(rows, column) else "left")
        for row in rows:
            # Text, not str: an organization may be called "[red]".
            table.add_row(*(Text(_cell(value)) for value in row))
        Console(no_color=not self._color).print(Padding(table, (0, 0, 0, indent)))


def plain_table(headers: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    """Lay a table out as lines of text."""
    texts = [list(headers), *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(row[column]) for row in texts) for column in range(len(headers))]
    right = [_is_numeric(rows, column) for column in range(len(headers))]
    lines = [
        "  ".join(
            text.rjust(width) if to_the_right else text.ljust(width)
            for text, width, to_the_right in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in texts
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return lines


def _escaped(document: str) -> str:
    """Escape in JSON what it allows as it is and a terminal obeys; the value stays the same."""
    return "".join(
        # Its own line breaks: those in a value are escaped already.
        char if char == "\n" or one_line(char) == char else f"\\u{ord(char):04x}"
        for char in document
    )


def distance(at: datetime | None, now: datetime) -> str:
    """Tell how far a moment is from now: "in 41 min", "3 h ago", "never"."""
    if at is None:
        return "never"
    seconds = (at - now).total_seconds()
    amount = _span(abs(seconds))
    return f"in {amount}" if seconds > 0 else f"{amount} ago"


def _span(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size or (unit == "min" and seconds >= size):
            return f"{seconds // size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.1f}"
    if isinstance(value, int):
        return f"{value:,}"
    return one_line(str(value))


def _is_numeric(rows: Sequence[Sequence[Any]], column: int) -> bool:
    values = [row[column] for row in rows if row[column] is not None]
    return bool(values) and all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def _has_rich() -> bool:
    return find_spec("rich") is not None
