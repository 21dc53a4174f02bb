"""A directory of CSV files, one a module; one sentence refuses what cannot be read."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

csv.field_size_limit(2**24)


class LoadError(ValueError):
    """A directory that cannot be loaded: one sentence names file and line and says what to do. Nothing was loaded."""


@dataclass(frozen=True, slots=True)
class CsvFile:
    """One file, read whole: its column names and its rows, each with the line it ends on."""

    path: Path
    columns: tuple[str, ...]
    rows: list[tuple[int, tuple[str, ...]]]

    @property
    def module(self) -> str:
        """Return the module the file is for."""
        return self.path.stem

    def values(self, column: str) -> list[str]:
        """Return a column's values without the empty ones."""
        place = self.columns.index(column)
        return [row[place] for _, row in self.rows if row[place]]

    def error(self, line: int, message: str) -> LoadError:
        """Build the refusal of this file."""
        return LoadError(f"{self.path.name} line {line}: {message}")


def read_directory(directory: Path, *, modules: Iterable[str]) -> dict[str, CsvFile]:
    """Read every CSV of a directory, by module."""
    known = tuple(modules)
    if not directory.is_dir():
        raise LoadError(f"{directory} is no directory; name one that holds files such as Contacts.csv")
    files = {}
    for path in sorted(p for p in directory.iterdir() if p.suffix.lower() == ".csv"):
        if path.stem not in known:
            raise LoadError(
                f"{path.name}: there is no module {path.stem!r}; rename the file to one of"
                f" {', '.join(name + '.csv' for name in known)}, or take it out"
            )
        files[path.stem] = read_file(path)
    if not files:
        raise LoadError(f"{directory} holds no CSV file; put in one for each module, such as Contacts.csv")
    return files


def read_file(path: Path) -> CsvFile:
    """Read one CSV: UTF-8, comma-separated, API names in the first line."""
    text = _decoded(path)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        columns = tuple(name.strip() for name in next(reader, []))
        file = CsvFile(path, columns, [])
        _check_columns(file)
        for row in reader:
            if row:
                _check_width(file, reader.line_num, row)
                file.rows.append((reader.line_num, tuple(value.strip() for value in row)))
    except csv.Error as error:
        raise LoadError(f"{path.name} line {reader.line_num}: {error}; check the quotes around the values") from error
    return file


def _decoded(path: Path) -> str:
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise LoadError(f"{path.name} line {line}: this is not UTF-8; save the file in UTF-8 and load again") from error


def _check_columns(file: CsvFile) -> None:
    if not file.columns:
        raise file.error(1, "the file is empty; its first line must name the columns")
    for place, name in enumerate(file.columns, 1):
        if not name:
            raise file.error(1, f"column {place} has no name; give it one, or take the column out")
        if name in file.columns[: place - 1]:
            raise file.error(1, f"the column {name} is there twice; rename one of them, or take it out")


def _check_width(file: CsvFile, line: int, row: list[str]) -> None:
    if len(row) != len(file.columns):
        raise file.error(
            line,
            f"{len(row)} values for {len(file.columns)} columns; put quotes around values that hold a comma,"
            " and a comma for each value that is empty",
        )
