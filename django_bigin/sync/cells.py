"""Cells: the text of a bulk read's file, read into the values that a list would give. Pure: no network, no database.

Everything is text there: a link is an id without a name, and nothing tells an empty text from none. What a cell is
says the module's schema.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO

from ..api.values import Json, read_id
from ..exceptions import ResponseError
from ..text import sentence as _
from .copies import LARGEST_ROW

TAGS = "Tag"

_OBJECTS = ("jsonarray", "jsonobject")
_LINKS = ("lookup", "ownerlookup", "userlookup")

Cell = Callable[[str], Any]


def can_be_read(fields: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether cells hold all that a list gives of these fields.

    Of several values in one cell nothing says where each ends, and of an object that is no link to a record of ours
    there is its id alone.
    """
    return all(
        each["name"] == TAGS or each["json_type"] not in _OBJECTS or each["data_type"] in _LINKS for each in fields
    )


def readers(fields: Sequence[Mapping[str, Any]], wanted: Sequence[str]) -> dict[str, Cell]:
    """Return for each wanted field what reads its cells: those that are not empty, which need none."""
    types = {each["name"]: each["json_type"] for each in fields}
    return {name: _tags if name == TAGS else _BY_TYPE.get(types.get(name, ""), str) for name in wanted}


def links(fields: Sequence[Mapping[str, Any]]) -> dict[str, bool]:
    """Return the names of the fields that link to another record, and whether that is a person."""
    return {each["name"]: each["data_type"] != "lookup" for each in fields if each["json_type"] == "jsonobject"}


def rows(packed: BinaryIO, cells: Mapping[str, Cell]) -> Iterator[Json]:
    """Read a zip with one file row by row; it is never held whole.

    Raises:
        ResponseError: it is no such zip, or a row in it is none.
    """
    csv.field_size_limit(max(csv.field_size_limit(), LARGEST_ROW))
    try:
        with zipfile.ZipFile(packed) as archive:
            [entry] = archive.infolist()
            with archive.open(entry) as file, io.TextIOWrapper(file, "utf-8-sig", newline="") as text:
                lines = csv.reader(text, strict=True)
                header = [name.lower() if name.lower() == "id" else name for name in next(lines, [])]
                for line in lines:
                    yield _row(header, line, cells)
    except (zipfile.BadZipFile, csv.Error, ValueError, EOFError, NotImplementedError) as error:
        raise ResponseError(
            _("The file of a bulk read cannot be read (%(kind)s).", kind=type(error).__name__)
        ) from error


def _row(header: Sequence[str], line: Sequence[str], cells: Mapping[str, Cell]) -> Json:
    row = {name: cells[name](text) if text else None for name, text in zip(header, line, strict=True) if name in cells}
    record_id = read_id(line[header.index("id")])
    if record_id is None:
        raise ValueError("A row has no id.")
    return {**row, "id": record_id}


def _link(text: str) -> Any:
    return {"id": text} if read_id(text) else text


def _integer(text: str) -> Any:
    return int(text) if text.lstrip("-").isdecimal() else text


def _number(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text


def _boolean(text: str) -> Any:
    return {"true": True, "false": False}.get(text.lower(), text)


def _tags(text: str) -> Any:
    return [{"name": name} for name in text.split(",")]


_BY_TYPE: Mapping[str, Cell] = {
    "boolean": _boolean,
    "integer": _integer,
    "long": _integer,
    "double": _number,
    "jsonobject": _link,
}
