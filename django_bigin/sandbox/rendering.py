"""Records as Bigin shows them: null for what is absent, names beside ids, moments in the organization's zone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .modules import OLD_MODULE_NAMES, RELATED_MODULE_KEYS, Field
from .organization import COUNTRIES, Organization
from .store import ModuleStore, Record, name_of

Value = Callable[[Record], Any]
# The part of a row that needs no work, and what has to be made for each row.
Plan = tuple[tuple[str, ...], tuple[tuple[str, Value], ...]]

REFUSALS_ALL_FALSE = {"approve": False, "reject": False, "resubmit": False}
SYSTEM_VALUES: dict[str, Any] = {
    "$field_states": None,
    "$sharing_permission": "full_access",
    "$state": "save",
    "$process_flow": False,
    "$locked_for_me": False,
    "$approval": {"delegate": False, "takeover": False, **REFUSALS_ALL_FALSE},
    "$review_process": REFUSALS_ALL_FALSE,
    "$review": None,
    "$editable": True,
    "$zia_owner_assignment": None,
    "$zia_visions": None,
    "$orchestration": None,
    "$pathfinder": None,
    "$in_merge": False,
    "$approval_state": "approved",
}


class Renderer:
    """Shows the records of one organization."""

    def __init__(self, organization: Organization, switches: dict[str, Any]) -> None:
        self._organization = organization
        self._switches = switches
        self._plans: dict[tuple[str, int, tuple[str, ...]], Plan] = {}
        self._people: dict[int, dict[str, Any]] = {}
        organization.users_changed.append(self._people.clear)

    def rows(self, store: ModuleStore, ids: Iterable[int], names: tuple[str, ...]) -> list[dict[str, Any]]:
        """Show those fields of those live records; unknown names are left out, `id` is always there."""
        plain, made = self._plan(store, names)
        rows = []
        for record_id in ids:
            record = store.records[record_id]
            get = record.get
            row = {name: get(name) for name in plain}
            for name, value in made:
                row[name] = value(record)
            row["id"] = str(record_id)
            rows.append(row)
        return rows

    def all_fields(self, store: ModuleStore) -> list[dict[str, Any]]:
        """Show every live record with each field that settings/fields lists, in ascending order of ids."""
        return self.rows(store, store.sorted_by("id"), listed_names(store))

    def full_row(self, store: ModuleStore, record_id: int) -> dict[str, Any]:
        """Show one record as a single read does: hidden fields, sub-forms and `$` keys too."""
        record = store.records[record_id]
        names = (*store.fields, *self._system_values(store), *RELATED_MODULE_KEYS.values())
        [row] = self.rows(store, [record_id], names)
        for name, field in store.fields.items():
            if field.data_type == "subform":
                row[name] = self._subform(record.get(name) or [])
        row["Locked__s"] = False
        return row

    def person(self, user_id: int | None, *, email: bool = True) -> dict[str, Any] | None:
        """Show a person; the results of writes leave the e-mail address out."""
        if user_id is None:
            return None
        if user_id not in self._people:
            user = self._organization.users.get(user_id)
            if user is None:
                return None
            self._people[user_id] = {"name": user.full_name, "id": str(user_id), "email": user.email}
        shown = self._people[user_id]
        return shown if email else {"name": shown["name"], "id": shown["id"]}

    def forget_plans(self) -> None:
        """Fields changed: make the plans again."""
        self._plans.clear()

    def _plan(self, store: ModuleStore, names: tuple[str, ...]) -> Plan:
        key = (store.spec.api_name, len(store.fields), names)
        plan = self._plans.get(key)
        if plan is None:
            if len(self._plans) > 500:
                self._plans.clear()
            plan = self._plans[key] = self._make_plan(store, names)
        return plan

    def _make_plan(self, store: ModuleStore, names: tuple[str, ...]) -> Plan:
        plain: list[str] = []
        made: list[tuple[str, Value]] = []
        constants = self._system_values(store)
        for name in dict.fromkeys(names):
            field = store.fields.get(name)
            if name in constants:
                made.append((name, _constant(constants[name])))
            elif name in RELATED_MODULE_KEYS.values() and _has_related(store, name):
                plain.append(name)
            elif field is None or field.data_type == "subform":
                continue
            elif (value := self._value_of(store, field)) is None:
                plain.append(name)
            else:
                made.append((name, value))
        return tuple(plain), tuple(made)

    def _value_of(self, store: ModuleStore, field: Field) -> Value | None:
        """Give what makes the field's value, None if it is shown as it is stored."""
        name = field.api_name
        if name == "Tag":
            return self._tags(store)
        if name == "Full_Name":
            return lambda record: name_of(store.spec, record)
        if name == "Pipeline":
            return self._pipeline
        if field.data_type == "datetime":
            text = self._organization.times.text
            return lambda record: None if (at := record.get(name)) is None else text(at)
        if field.data_type in {"ownerlookup", "userlookup"}:
            return lambda record: self.person(record.get(name))
        if field.data_type == "lookup":
            return self._lookup(field)
        if field.default is not None:
            return lambda record: record.get(name, field.default)
        if field.json_type == "jsonarray":
            return lambda record: record.get(name, [])
        return None

    def _lookup(self, field: Field) -> Value:
        name, organization = field.api_name, self._organization
        module_key = RELATED_MODULE_KEYS.get(name)

        def show(record: Record) -> dict[str, Any] | None:
            linked = record.get(name)
            if linked is None:
                return None
            module = record.get(module_key, "") if module_key else field.lookup
            store = organization.stores[OLD_MODULE_NAMES.get(module, module)]
            if linked not in store.records and self._switches["lookup_to_deleted"] == "null":
                return None
            return {"name": store.display_name(linked), "id": str(linked)}

        return show

    def _tags(self, store: ModuleStore) -> Value:
        tag_id, module = self._organization.tag_id, store.spec.api_name

        def show(record: Record) -> list[dict[str, Any]]:
            names = record.get("Tag", ())
            return [{"name": name, "id": str(tag_id(module, name)), "color_code": None} for name in names]

        return show

    def _pipeline(self, record: Record) -> dict[str, Any] | None:
        layout = self._organization.layout_by_id(record.get("Pipeline", 0))
        return None if layout is None else {"name": layout.name, "id": str(layout.id)}

    def _subform(self, rows: list[Record]) -> list[dict[str, Any]]:
        return [dict(row) for row in rows]

    def _system_values(self, store: ModuleStore) -> dict[str, Any]:
        organization = self._organization
        layout = organization.layouts[0] if store.spec.api_name == "Pipelines" else None
        name = layout.name if layout else "Standard"
        layout_id = layout.id if layout else organization.metadata_id("layout", store.spec.api_name, "Standard")
        values = {
            **SYSTEM_VALUES,
            "$currency_symbol": currency_symbol(organization),
            "$layout_id": {"display_label": name, "name": name, "id": str(layout_id)},
        }
        if store.spec.api_name == "Contacts":
            values["$is_duplicate"] = False
        if store.spec.api_name == "Products":
            values["$taxable"] = False
        return values


def listed_names(store: ModuleStore) -> tuple[str, ...]:
    """Give the fields that settings/fields lists and a list can show."""
    return tuple(name for name, field in store.fields.items() if not field.hidden and field.data_type != "subform")


def currency_symbol(organization: Organization) -> str:
    """Give the sign of the organization's currency."""
    return COUNTRIES[organization.data_center][3]


def _has_related(store: ModuleStore, key: str) -> bool:
    return any(field in store.fields for field, known in RELATED_MODULE_KEYS.items() if known == key)


def _constant(value: Any) -> Value:
    return lambda record: value
