"""A directory of CSV files, one a module, as records of an organization.

Columns that Bigin does not have become custom fields; links by name are resolved; what cannot be resolved is kept as
text in a field of its own, and reported. No row is lost.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from ..wire.refusals import RowRefusal
from .csv_files import CsvFile, LoadError, read_directory
from .modules import Field, custom_field, is_api_name
from .organization import Organization
from .seeding import ORDER
from .store import ModuleStore, Record, name_of
from .values import NUMBERS, RowReader

__all__ = ["LoadError", "LoadReport", "load_directory"]

USERS = "Users"
USER_COLUMNS = ("full_name", "first_name", "last_name", "email", "role", "profile", "status")
# How a column's last word names the module it links to.
MODULE_WORDS = {
    "Account": "Accounts", "Company": "Accounts", "Contact": "Contacts", "Product": "Products", "Deal": "Pipelines",
    "Pipeline": "Pipelines",
}  # fmt: skip
SETTABLE_TIMES = ("Created_Time", "Modified_Time")
INTEGER, DECIMAL = re.compile(r"-?(0|[1-9]\d{0,8})\Z"), re.compile(r"-?\d+\.\d+\Z")
WORDS_FOR_TRUE, WORDS_FOR_FALSE = {"true", "yes", "1"}, {"false", "no", "0"}


@dataclass(slots=True)
class LoadReport:
    """The records that were loaded, and the values kept as text because they could not be resolved."""

    rows: dict[str, int] = field(default_factory=dict)
    custom_fields: dict[str, dict[str, str]] = field(default_factory=dict)
    # (module, column, value, what is wrong with it, field it is kept in) -> rows
    kept: Counter[tuple[str, str, str, str, str]] = field(default_factory=Counter)

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        names = ("module", "column", "value", "problem", "kept_in")
        kept = [dict(zip(names, what, strict=True)) | {"rows": rows} for what, rows in self.kept.most_common()]
        return {"rows": self.rows, "custom_fields": self.custom_fields, "kept": kept}

    def lines(self) -> list[str]:
        """Return it as sentences, the most frequent first."""
        loaded = ", ".join(f"{count:,} {module}" for module, count in self.rows.items())
        lines = [f"loaded {loaded}"]
        for (module, column, value, problem, kept_in), count in self.kept.most_common():
            rows = "1 row" if count == 1 else f"{count:,} rows"
            where = f"; kept as text in {kept_in}" if kept_in else ""
            lines.append(f"{module}.csv: {column} {value!r} {problem} ({rows}){where}")
        return lines


def load_directory(organization: Organization, directory: Path, *, now: int) -> LoadReport:
    """Load every CSV of a directory; what is wrong with a file is found before the first record is stored."""
    files = read_directory(directory, modules=(USERS, *ORDER))
    for file in files.values():
        _check_header(organization, file)
    report = LoadReport()
    if USERS in files:
        _load_users(organization, files[USERS], now=now)
        report.rows[USERS] = len(files[USERS].rows)
    for module in ORDER:
        if module in files:
            _ModuleLoader(organization, files[module], files, report, now=now).load()
    return report


def _check_header(organization: Organization, file: CsvFile) -> None:
    if file.module == USERS:
        return _check_user_header(file)
    fields = organization.stores[file.module].fields
    for name in file.columns:
        known = fields.get(name)
        if name == "id":
            raise file.error(1, "Bigin gives ids itself; rename the column id, to External_Id for instance")
        if known is not None and known.read_only and name not in SETTABLE_TIMES:
            raise file.error(1, f"nobody can set {name}; take the column out, or rename it")
        if known is None and not is_api_name(name):
            raise file.error(
                1,
                f"{name!r} cannot be a field's name; use letters, digits and single underscores, a letter first",
            )
    for needed in fields.values():
        if needed.mandatory and needed.api_name not in file.columns:
            raise file.error(
                1, f"the column {needed.api_name} is missing, and every {file.module} record has one; add it"
            )
    return None


def _check_user_header(file: CsvFile) -> None:
    for name in file.columns:
        if name not in USER_COLUMNS:
            raise file.error(1, f"users have no {name!r}; the columns are {', '.join(USER_COLUMNS)}")
    if not {"full_name", "last_name"} & set(file.columns):
        raise file.error(1, "the column full_name is missing; add it")


def _load_users(organization: Organization, file: CsvFile, *, now: int) -> None:
    if not any(store.records for store in organization.stores.values()):
        # The made-up colleagues make room for the real ones; the administrator, who connects programs, stays.
        for made_up in list(organization.users)[1:]:
            del organization.users[made_up]
    for line, row in file.rows:
        given = {name: value for name, value in zip(file.columns, row, strict=True) if value}
        first_name, _, last_name = given.pop("full_name", "").partition(" ")
        if not last_name:
            first_name, last_name = "", first_name
        status = given.pop("status", "active")
        names = {"first_name": first_name or None, "last_name": last_name} | given
        if not names["last_name"]:
            raise file.error(line, "this user has no name; fill in full_name")
        organization.add_user(**names, at=now).status = status  # type: ignore[arg-type]  # texts of a file, checked above


class _ModuleLoader:
    """The loading of one file."""

    def __init__(
        self, organization: Organization, file: CsvFile, files: dict[str, CsvFile], report: LoadReport, *, now: int
    ) -> None:
        self._organization = organization
        self._file = file
        self._files = files
        self._report = report
        self._now = now
        self._store: ModuleStore = organization.stores[file.module]
        self._reader = RowReader(organization, self._store)
        self._names: dict[str, dict[str, list[int]]] = {}
        self._unique: dict[str, set[str]] = {}

    def load(self) -> None:
        """Store every row as a record."""
        for column in self._file.columns:
            if column not in self._store.fields:
                self._add_custom_field(column)
        # Ids first: a row may link to a later one of the same file.
        ids = [self._organization.new_id() for _ in self._file.rows]
        self._index_own_names(ids)
        made = [(record_id, self._record(row)) for record_id, (_, row) in zip(ids, self._file.rows, strict=True)]
        self._store.add_many(made)
        self._report.rows[self._file.module] = len(made)
        self._extend_pick_lists([record for _, record in made])

    # custom fields

    def _add_custom_field(self, column: str) -> None:
        values = self._file.values(column)
        linked = self._module_of(column, values)
        described = (
            custom_field(column, "lookup", lookup=linked) if linked else custom_field(column, guess_type(values))
        )
        self._organization.add_field(self._file.module, described, at=self._now)
        self._report.custom_fields.setdefault(self._file.module, {})[column] = described.data_type

    def _module_of(self, column: str, values: list[str]) -> str:
        """Return the module a column links to: its name says so, and at least one value is a record's name there."""
        for word, module in MODULE_WORDS.items():
            if re.search(rf"(^|_){word}(_Name)?\Z", column):
                known = self._known_names(module)
                if any(value.casefold() in known for value in values):
                    return module
        return ""

    def _known_names(self, module: str) -> set[str]:
        file = self._files.get(module)
        display = next((f.api_name for f in self._organization.stores[module].spec.fields if f.display), "")
        from_file = set(file.values(display)) if file is not None and display in file.columns else set()
        return {name.casefold() for name in from_file} | self._by_name(module).keys()

    # values

    def _record(self, row: tuple[str, ...]) -> Record:
        admin = self._organization.admin.id
        record: Record = {"Owner": admin, "Created_By": admin, "Modified_By": admin}
        record |= dict.fromkeys(("Created_Time", "Modified_Time"), self._now)
        for column, text in zip(self._file.columns, row, strict=True):
            described = self._store.fields[column]
            if text:
                self._set(record, described, text)
            elif described.mandatory:
                self._report.kept[self._file.module, column, "", "is empty though Bigin asks for it", ""] += 1
        if "Last_Activity_Time" in self._store.fields:
            record["Last_Activity_Time"] = record["Modified_Time"]
        if self._file.module == "Pipelines":
            self._place_in_pipeline(record)
        return record

    def _set(self, record: Record, described: Field, text: str) -> None:
        name = described.api_name
        try:
            value = self._read(described, text)
            if described.unique:
                self._check_unique(name, text)
        except _Unresolved as unresolved:
            kept_in = self._text_field(name)
            record[kept_in] = text
            self._report.kept[self._file.module, name, text, str(unresolved), kept_in] += 1
            return
        record[name] = value
        if key := self._organization.product.related_module_keys.get(name):
            store = self._organization.store_of(value)
            record[key] = store.spec.api_name if store else ""

    def _read(self, described: Field, text: str) -> Any:
        kind = described.data_type
        if kind == "lookup":
            return self._linked(described, text)
        if kind in {"ownerlookup", "userlookup"}:
            user = self._organization.user_named(text)
            if user is None:
                raise _Unresolved("names no user, or more than one")
            return user.id
        value: Any = text
        if described.api_name == "Tag" or kind == "multiselectpicklist":
            value = [part.strip() for part in text.split(";") if part.strip()]
        elif kind == "boolean":
            value = _boolean(text)
        elif kind in NUMBERS or kind == "integer":
            value = _number(text)
        try:
            return self._reader.value(described, value, 0)
        except RowRefusal as refusal:
            limit = refusal.body["details"].get("maximum_length")
            problem = f"is longer than {limit} characters" if limit else f"is no {kind}"
            raise _Unresolved(problem) from refusal

    def _linked(self, described: Field, text: str) -> int:
        modules = [described.lookup] if described.lookup else ["Contacts", "Pipelines", "Accounts", "Products"]
        found = [record_id for module in modules for record_id in self._by_name(module).get(text.casefold(), [])]
        if len(found) == 1:
            return found[0]
        named = " or ".join(self._organization.stores[module].spec.singular.lower() for module in modules)
        raise _Unresolved(f"names {'more than one' if found else 'no'} {named}")

    def _by_name(self, module: str) -> dict[str, list[int]]:
        if module not in self._names:
            index: dict[str, list[int]] = {}
            store = self._organization.stores[module]
            for record_id, record in store.records.items():
                index.setdefault((name_of(store.spec, record) or "").casefold(), []).append(record_id)
            self._names[module] = index
        return self._names[module]

    def _index_own_names(self, ids: list[int]) -> None:
        index = self._by_name(self._file.module)
        for record_id, (_, row) in zip(ids, self._file.rows, strict=True):
            given = dict(zip(self._file.columns, row, strict=True))
            index.setdefault((name_of(self._store.spec, given) or "").casefold(), []).append(record_id)

    def _check_unique(self, name: str, text: str) -> None:
        taken = self._unique.setdefault(name, set())
        if text.casefold() in taken or self._store.with_value(name, text):
            raise _Unresolved("is another record's already")
        taken.add(text.casefold())

    def _text_field(self, name: str) -> str:
        """Return the field that keeps a column's text, made when it is first needed."""
        kept_in = f"{name}_Text"
        while kept_in in self._file.columns:
            kept_in += "_Kept"
        if kept_in not in self._store.fields:
            described = custom_field(kept_in, "textarea")
            self._organization.add_field(self._file.module, described, at=self._now)
            self._report.custom_fields.setdefault(self._file.module, {})[kept_in] = "textarea"
        return kept_in

    # pick lists

    def _place_in_pipeline(self, record: Record) -> None:
        """Put a deal into the team pipeline that has its sub-pipeline; add a sub-pipeline or stage that is new."""
        layouts, sub_pipeline = self._organization.layouts, record.get("Sub_Pipeline")
        layout = next((one for one in layouts if sub_pipeline in one.sub_pipelines), layouts[0])
        record["Pipeline"] = layout.id
        if sub_pipeline:
            stages = layout.sub_pipelines.setdefault(sub_pipeline, [])
            if record.get("Stage") and record["Stage"] not in stages:
                stages.append(record["Stage"])

    def _extend_pick_lists(self, records: list[Record]) -> None:
        module = self._file.module
        if module == "Pipelines":
            self._organization.refresh_stages()
        for name in self._file.columns:
            described = self._store.fields[name]
            if described.data_type == "picklist" and not (module == "Pipelines" and name in {"Sub_Pipeline", "Stage"}):
                new = [record[name] for record in records if name in record]
                self._organization.stores[module].set_values(name, tuple(dict.fromkeys([*described.values, *new])))


class _Unresolved(Exception):
    """A value that does not fit its field; the message follows the value."""


def guess_type(values: list[str]) -> str:
    """Guess a custom field's type from all its values; text when in doubt."""
    if not values:
        return "text"
    if all(INTEGER.match(value) for value in values):
        return "integer"
    if all(INTEGER.match(value) or DECIMAL.match(value) for value in values):
        return "double"
    if all(value.lower() in {"true", "false"} for value in values):
        return "boolean"
    if all(_is_date(value) for value in values):
        return "date"
    if all(_is_moment(value) for value in values):
        return "datetime"
    long = any(len(value) > 255 or "\n" in value for value in values)
    return "textarea" if long else "text"


def _is_date(text: str) -> bool:
    try:
        return len(text) == 10 and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _is_moment(text: str) -> bool:
    try:
        return len(text) > 10 and datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _boolean(text: str) -> bool:
    if text.lower() in WORDS_FOR_TRUE | WORDS_FOR_FALSE:
        return text.lower() in WORDS_FOR_TRUE
    raise _Unresolved("is neither true nor false")


def _number(text: str) -> int | float:
    try:
        return int(text) if INTEGER.match(text) else float(text)
    except ValueError as error:
        raise _Unresolved("is no number") from error
