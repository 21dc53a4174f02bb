"""Records as Bigin shows them: null for what is absent, names beside ids, moments in the organization's zone.

Rows are written as JSON text at once. Making dicts first and encoding them later costs five times as much, and pages
of 200 rows are most of what a mirror asks for.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from json.encoder import encode_basestring as encoded  # C, quotes and escapes one string
from typing import Any

from .modules import Field
from .organization import COUNTRIES, Organization
from .products import Product
from .store import ModuleStore, Record, name_of

Text = Callable[[Record], str]
# Stored as shown: (',"Title":', "Title", ',"Title":null'); made for each row: (',"Tag":', how).
Plan = tuple[tuple[tuple[str, str, str], ...], tuple[tuple[str, Text], ...]]

PLANS_KEPT = 500
NO_DECISION = {"approve": False, "reject": False, "resubmit": False}
SYSTEM_VALUES: dict[str, Any] = {
    "$field_states": None,
    "$sharing_permission": "full_access",
    "$state": "save",
    "$process_flow": False,
    "$locked_for_me": False,
    "$approval": {"delegate": False, "takeover": False, **NO_DECISION},
    "$review_process": NO_DECISION,
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
    """The records of one organization as JSON."""

    def __init__(self, organization: Organization, switches: dict[str, Any]) -> None:
        self._organization = organization
        self._product = organization.product
        self._switches = switches
        self._plans: dict[tuple[str, int, tuple[str, ...]], Plan] = {}
        self._people = _People(organization)
        organization.users_changed.append(self._people.clear)

    def rows_text(
        self,
        store: ModuleStore,
        ids: Iterable[int],
        names: tuple[str, ...],
        records: Mapping[int, Record] | None = None,
    ) -> str:
        """Write those fields of those live records as a JSON array; of `records`, where older copies are wanted.

        Unknown names are left out, and `id` is always there.
        """
        plain, made = self._plan(store, names)
        rows: list[str] = []
        records = store.records if records is None else records
        for record_id in ids:
            record = records[record_id]
            get = record.get
            parts = [f'{{"id":"{record_id}"']
            for key, name, absent in plain:
                value = get(name)
                if value is None:
                    parts.append(absent)
                elif type(value) is str:
                    parts.append(key + encoded(value))
                else:
                    parts.append(key + compact(value))
            for key, text in made:
                parts.append(key + text(record))
            rows.append("".join(parts))
        return "[" + "},".join(rows) + ("}]" if rows else "]")

    def rows(self, store: ModuleStore, ids: Iterable[int], names: tuple[str, ...]) -> list[dict[str, Any]]:
        """Return the rows that `rows_text` writes."""
        found: list[dict[str, Any]] = json.loads(self.rows_text(store, ids, names))
        return found

    def all_fields(self, store: ModuleStore) -> list[dict[str, Any]]:
        """Return every live record with each field that settings/fields lists, in ascending order of ids."""
        return self.rows(store, store.sorted_by("id"), listed_names(store))

    def full_row(self, store: ModuleStore, record_id: int) -> dict[str, Any]:
        """Return one record as a single read does: hidden fields, sub-forms and `$` keys too."""
        [row] = self.full_rows(store, {record_id: store.records[record_id]})
        for name, field in store.fields.items():
            if field.data_type == "subform":
                row[name] = store.records[record_id].get(name) or []
        return row

    def full_rows(self, store: ModuleStore, records: Mapping[int, Record]) -> list[dict[str, Any]]:
        """Return records as a search does: hidden fields and `$` keys too, but no sub-forms."""
        names = (*store.fields, *self._system_values(store), *self._product.related_module_keys.values())
        found: list[dict[str, Any]] = json.loads(self.rows_text(store, records, names, records))
        return [row | {"Locked__s": False} for row in found]

    def forget(self) -> None:
        """Forget the prepared rows: a tag has another id now."""
        self._plans.clear()

    def person(self, user_id: int | None) -> dict[str, Any] | None:
        """Return a person as the results of writes and the deleted log show one: without the e-mail address."""
        user = self._organization.users.get(user_id) if user_id is not None else None
        return None if user is None else {"name": user.full_name, "id": str(user.id)}

    # how each field is written

    def _plan(self, store: ModuleStore, names: tuple[str, ...]) -> Plan:
        # A module only ever gains fields, so their number tells whether a plan is stale.
        key = (store.spec.api_name, len(store.fields), names)
        plan = self._plans.get(key)
        if plan is None:
            if len(self._plans) >= PLANS_KEPT:
                self._plans.clear()
            plan = self._plans[key] = self._make_plan(store, names)
        return plan

    def _make_plan(self, store: ModuleStore, names: tuple[str, ...]) -> Plan:
        plain: list[tuple[str, str, str]] = []
        made: list[tuple[str, Text]] = []
        constants = self._system_values(store)
        for name in dict.fromkeys(names):
            key, field = f",{encoded(name)}:", store.fields.get(name)
            if name in constants:
                made.append((key, _constant(constants[name])))
            elif _names_related(store, name, self._product):
                plain.append((key, name, key + "null"))
            elif field is None or field.data_type == "subform":
                continue
            elif (text := self._text_of(store, field)) is None:
                plain.append((key, name, key + "null"))
            else:
                made.append((key, text))
        return tuple(plain), tuple(made)

    def _text_of(self, store: ModuleStore, field: Field) -> Text | None:
        """Return the function that writes the field's value, None if it is shown as it is stored."""
        name = field.api_name
        if name == "Tag":
            return self._tags(store)
        if name == "Full_Name":
            return lambda record: compact(name_of(store.spec, record))
        if name == "Pipeline":
            return self._pipeline
        if field.data_type == "datetime":
            text = self._organization.times.text
            return lambda record: f'"{text(at)}"' if (at := record.get(name)) is not None else "null"
        if field.data_type in {"ownerlookup", "userlookup"}:
            people = self._people
            return lambda record: people[record.get(name)]
        if field.data_type == "lookup":
            return self._lookup(field)
        if field.default is not None:
            return lambda record: compact(record.get(name, field.default))
        if field.json_type == "jsonarray":
            return lambda record: compact(record.get(name, []))
        return None

    def _lookup(self, field: Field) -> Text:
        name, organization = field.api_name, self._organization
        module_key = self._product.related_module_keys.get(name)

        def show(record: Record) -> str:
            linked = record.get(name)
            if linked is None:
                return "null"
            module = record.get(module_key, "") if module_key else field.lookup
            store = organization.stores[self._product.module_named(module)]
            if linked not in store.records and self._switches["lookup_to_deleted"] == "null":
                return "null"
            return f'{{"name":{compact(store.display_name(linked))},"id":"{linked}"}}'

        return show

    def _tags(self, store: ModuleStore) -> Text:
        tag_id, module = self._organization.tag_id, store.spec.api_name
        texts: dict[tuple[str, ...], str] = {}

        def show(record: Record) -> str:
            names = record.get("Tag", ())
            if names not in texts:
                tags = [{"name": name, "id": str(tag_id(module, name)), "color_code": None} for name in names]
                texts[names] = compact(tags)
            return texts[names]

        return show

    def _pipeline(self, record: Record) -> str:
        layout = self._organization.layout_by_id(record.get("Pipeline", 0))
        return "null" if layout is None else f'{{"name":{encoded(layout.name)},"id":"{layout.id}"}}'

    def _system_values(self, store: ModuleStore) -> dict[str, Any]:
        organization = self._organization
        layout = organization.layouts[0] if store.spec.api_name == "Pipelines" else None
        name = layout.name if layout else "Standard"
        layout_id = layout.id if layout else organization.metadata_id("layout", store.spec.api_name, "Standard")
        values = {
            **SYSTEM_VALUES,
            "$currency_symbol": COUNTRIES[organization.data_center][3],
            "$layout_id": {"display_label": name, "name": name, "id": str(layout_id)},
        }
        if store.spec.api_name == "Contacts":
            values["$is_duplicate"] = False
        if store.spec.api_name == "Products":
            values["$taxable"] = False
        return values


class _People(dict[int | None, str]):
    """The JSON of a person by id, written when first asked for."""

    def __init__(self, organization: Organization) -> None:
        super().__init__()
        self._organization = organization

    def __missing__(self, user_id: int | None) -> str:
        user = self._organization.users.get(user_id) if user_id is not None else None
        shown = {"name": user.full_name, "id": str(user.id), "email": user.email} if user else None
        text = self[user_id] = compact(shown)
        return text


def compact(value: Any) -> str:
    """Write a value as JSON without spaces."""
    if value is None:
        return "null"
    if type(value) is str:
        return encoded(value)
    if type(value) is bool:
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def listed_names(store: ModuleStore) -> tuple[str, ...]:
    """Return the fields that settings/fields lists and a list can show."""
    return tuple(name for name, field in store.fields.items() if not field.hidden and field.data_type != "subform")


def _names_related(store: ModuleStore, key: str, product: Product) -> bool:
    """Tell whether the key names the module of a link that the module has."""
    return any(known == key and field in store.fields for field, known in product.related_module_keys.items())


def _constant(value: Any) -> Text:
    text = compact(value)
    return lambda record: text
