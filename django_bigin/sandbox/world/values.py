"""Values as programs send them, checked and brought into the form the store keeps.

Source: api-records sections 6 and 12.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from ..wire.refusals import RowRefusal
from ..wire.whole_numbers import whole_number
from .modules import Field
from .organization import Layout, Organization
from .store import ModuleStore, Record

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+\Z")
TEXTS = {"text", "textarea", "email", "phone", "website", "picklist", "profileimage", "autonumber"}
NUMBERS = {"double", "decimal", "currency", "percent"}
MISSING_ID = "the id given seems to be invalid"


class RowReader:
    """A reader of the rows of one write."""

    def __init__(self, organization: Organization, store: ModuleStore) -> None:
        self._organization = organization
        self._product = organization.product
        self._store = store

    def read(self, row: Any, index: int, *, stored: Record | None = None) -> Record:
        """Return the values that a row sets in a stored record, or in a new one; None clears. RowRefusal if wrong."""
        if not isinstance(row, dict):
            raise RowRefusal("INVALID_DATA", expected_data_type="jsonobject", json_path=f"$.data[{index}]")
        if stored is None:
            self._check_mandatory(row, index)
        changes: Record = {}
        for name, value in row.items():
            field = self._store.fields.get(name)
            # Unknown keys are ignored and the row still succeeds; so are the read-only ones.
            if field is None or field.read_only or name in {"Pipeline", "Layout"}:
                continue
            if value is None and field.mandatory:
                raise mandatory(name, index)
            changes[name] = None if value is None else self.value(field, value, index, row)
            if name in self._product.related_module_keys:
                changes[self._product.related_module_keys[name]] = self._related_module(name, changes[name], row)
        if self._store.spec.api_name == "Pipelines":
            changes |= self._team_pipeline(row, changes, index, stored)
        return changes

    def value(self, field: Field, value: Any, index: int, row: dict[str, Any] | None = None) -> Any:
        """Bring one value into the stored form."""
        name, kind = field.api_name, field.data_type
        if name == "Tag":
            return self._tags(value, index)
        if kind in {"ownerlookup", "userlookup"}:
            return self._person(field, value, index)
        if kind == "lookup":
            return self._link(field, value, index, row or {})
        if kind == "subform":
            return self._subform(field, value, index)
        if field.json_type in {"jsonarray", "jsonobject"}:
            return _of_type(field, value, list if field.json_type == "jsonarray" else dict, index, field.json_type)
        return self._scalar(field, value, index)

    def _scalar(self, field: Field, value: Any, index: int) -> Any:
        kind = field.data_type
        if kind in TEXTS:
            return _text(field, value, index)
        if kind == "boolean":
            return _of_type(field, value, bool, index, "boolean")
        if kind in NUMBERS:
            return _number(field, value, index)
        if kind == "integer":
            return _whole_number(field, value, index)
        if kind == "bigint":
            if not isinstance(value, int | str) or whole_number(str(value).removeprefix("-")) is None:
                raise invalid(field, index, expected_data_type="bigint")
            return str(value)
        text = _of_type(field, value, str, index, kind)
        try:
            return self._organization.times.read(text) if kind == "datetime" else date.fromisoformat(text).isoformat()
        except (ValueError, OverflowError) as error:
            raise invalid(field, index, expected_data_type=kind) from error

    def _check_mandatory(self, row: dict[str, Any], index: int) -> None:
        for field in self._store.fields.values():
            if field.mandatory and row.get(field.api_name) in (None, ""):
                raise mandatory(field.api_name, index)

    def _person(self, field: Field, value: Any, index: int) -> int:
        user_id = _id_in(value)
        if user_id is None or user_id not in self._organization.users:
            raise invalid(field, index, MISSING_ID)
        return user_id

    def _link(self, field: Field, value: Any, index: int, row: dict[str, Any]) -> int:
        linked = _id_in(value)
        if linked is None and isinstance(value, str) and field.lookup == "Accounts" and value.strip():
            # Recorded: text that is no id makes a new company of that name.
            return self._new_company(value.strip())
        module = field.lookup or self._named_module(field.api_name, row)
        if linked is None and isinstance(value, dict) and isinstance(value.get("id"), dict):
            linked = _id_in(value["id"])
        store = self._organization.store(module) if module else self._organization.store_of(linked or 0)
        if linked is None or store is None or linked not in store.records:
            raise invalid(field, index, MISSING_ID)
        return linked

    def _new_company(self, name: str) -> int:
        organization = self._organization
        accounts = organization.stores["Accounts"]
        known = accounts.with_value("Account_Name", name)
        if known:
            return known[0]
        now, admin = organization.written_at, organization.admin.id
        account_id = organization.new_id()
        times = dict.fromkeys(("Created_Time", "Modified_Time", "Last_Activity_Time"), now)
        people = {"Owner": admin, "Created_By": admin, "Modified_By": admin}
        accounts.add(account_id, {"Account_Name": name, **people, **times})
        return account_id

    def _named_module(self, name: str, row: dict[str, Any]) -> str:
        key = self._product.related_module_keys.get(name, "")
        named = row.get(key) or row.get(key.lstrip("$")) or ""
        if isinstance(named, dict):
            named = named.get("api_name") or ""
        named = self._product.module_named(str(named))
        return named if named in self._organization.stores else ""

    def _related_module(self, name: str, linked: int | None, row: dict[str, Any]) -> str | None:
        if linked is None:
            return None
        store = self._organization.store_of(linked)
        module = store.spec.api_name if store else ""
        # Bigin v2 still says Deals here (api-records section 2).
        return self._product.former_name(module)

    def _tags(self, value: Any, index: int) -> tuple[str, ...]:
        field = self._store.fields["Tag"]
        names = []
        for tag in _of_type(field, value, list, index, "jsonarray"):
            name = tag.get("name") if isinstance(tag, dict) else tag
            if not isinstance(name, str) or not name.strip():
                raise invalid(field, index, expected_data_type="jsonobject")
            names.append(name.strip())
            self._organization.tag_id(self._store.spec.api_name, name.strip())
        return tuple(dict.fromkeys(names))

    def _subform(self, field: Field, value: Any, index: int) -> list[dict[str, Any]]:
        rows = _of_type(field, value, list, index, "jsonarray")
        if not all(isinstance(row, dict) for row in rows):
            raise invalid(field, index, expected_data_type="jsonobject")
        return [{**row, "id": str(row.get("id") or self._organization.new_id())} for row in rows]

    def _team_pipeline(self, row: dict[str, Any], changes: Record, index: int, stored: Record | None) -> Record:
        """Check layout, sub-pipeline and stage against each other; return the value to store for `Pipeline`."""
        named = next((row[key] for key in ("Layout", "Pipeline") if row.get(key) is not None), None)
        if named is None and stored is not None and not {"Sub_Pipeline", "Stage"} & changes.keys():
            return {}
        layout = self._layout(named, index, stored or {})
        after = {**(stored or {}), **changes}
        sub_pipeline, stage = after.get("Sub_Pipeline"), after.get("Stage")
        # Records that were loaded from a file may lack either.
        if sub_pipeline is not None and sub_pipeline not in layout.sub_pipelines:
            raise mismatch("Sub_Pipeline", "Layout", "Layout doesn't contain the Pipeline", index)
        if sub_pipeline is not None and stage is not None and stage not in layout.sub_pipelines[sub_pipeline]:
            raise mismatch("Stage", "Sub_Pipeline", "Pipeline doesn't contain the Stage", index)
        return {"Pipeline": layout.id}

    def _layout(self, named: Any, index: int, stored: Record) -> Layout:
        """Return the team pipeline that is named, else the record's own, else the default one."""
        layouts = self._organization.layouts
        if named is None:
            return self._organization.layout_by_id(stored.get("Pipeline", 0)) or layouts[0]
        layout = self._organization.layout_by_id(_id_in(named) or 0)
        if layout is None:
            raise RowRefusal("INVALID_DATA", MISSING_ID, api_name="Layout", json_path=f"$.data[{index}].Layout.id")
        return layout


def mandatory(name: str, index: int) -> RowRefusal:
    """Build the refusal of a row that lacks a field."""
    return RowRefusal("MANDATORY_NOT_FOUND", api_name=name, json_path=f"$.data[{index}].{name}")


def invalid(field: Field, index: int, message: str | None = None, **details: Any) -> RowRefusal:
    """Build the refusal of a row because of one value."""
    return RowRefusal(
        "INVALID_DATA", message, **details, api_name=field.api_name, json_path=f"$.data[{index}].{field.api_name}"
    )


def mismatch(name: str, within: str, message: str, index: int) -> RowRefusal:
    """Build the refusal of a value that does not belong to another one of the row."""
    details = {"api_name": name, "mapped_field": within, "parent_api_name": within}
    return RowRefusal("MAPPING_MISMATCH", message, **details, json_path=f"$.data[{index}].{name}")


def _id_in(value: Any) -> int | None:
    """Read an id given as text, number or object."""
    if isinstance(value, dict):
        value = value.get("id")
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    return whole_number(value)


def _of_type(field: Field, value: Any, kind: type, index: int, expected: str) -> Any:
    if not isinstance(value, kind):
        raise invalid(field, index, expected_data_type=expected)
    return value


def _text(field: Field, value: Any, index: int) -> str | None:
    # Programs send a call's duration as minutes or as mm:ss.
    if field.api_name == "Call_Duration" and isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    text = str(_of_type(field, value, str, index, "text" if field.data_type == "picklist" else field.data_type))
    if len(text) > field.length:
        raise invalid(field, index, maximum_length=field.length)
    if field.data_type == "email" and text and not EMAIL.match(text):
        raise invalid(field, index, expected_data_type="email")
    return text or None


def _number(field: Field, value: Any, index: int) -> float | int:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        raise invalid(field, index, expected_data_type="double")
    return value


def _whole_number(field: Field, value: Any, index: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise invalid(field, index, expected_data_type="integer")
    return value
