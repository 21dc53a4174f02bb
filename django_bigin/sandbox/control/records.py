"""The methods that change records and users without an API in between.

Every method that names no organization means the first one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields as fields_of
from typing import Any

from ..metadata.users import show_user
from ..records.canonical import USER_KEYS
from ..wire.refusals import RowRefusal
from ..wire.whole_numbers import whole_number
from ..world.changes import Writer, unique_clash
from ..world.modules import SYSTEM_TIMES
from ..world.organization import Organization, User
from ..world.seeding import Generator
from ..world.store import ModuleStore, Record
from ..world.values import RowReader
from .base import ControlBase
from .stores import USERS, named_store, seed_records


class RecordsControl(ControlBase):
    """Records of any module, and users under the name of one."""

    def seed(self, *, records: dict[str, int], org_id: str | None = None, seed: int | None = None) -> dict[str, int]:
        """Add made-up records with a past: created and edited over the last year. Returns the numbers now live."""
        with self._lock:
            organization = self._state.organization(org_id)
            chosen = self.seed_number if seed is None else seed
            seed_records(organization, records, chosen, now=self._state.now())
            return self.counts(organization.org_id)

    def counts(self, org_id: str | None = None) -> dict[str, int]:
        """Return the number of live records of each module."""
        with self._lock:
            return {name: len(store.records) for name, store in self._state.organization(org_id).stores.items()}

    def add_records(self, module: str, records: list[dict[str, Any]] | int, org_id: str | None = None) -> list[str]:
        """Add records as somebody would in Bigin, now: those given, or that many made-up ones. Returns their ids."""
        with self._lock:
            organization = self._state.organization(org_id)
            now = self._state.now()
            if module == USERS:
                return _add_users(organization, records, now)
            store = named_store(organization, module)
            if isinstance(records, int):
                generator = Generator(organization, self.seed_number + store.version)
                return [str(record_id) for record_id in generator.fresh(module, records, now=now)]
            writer = Writer(organization, user_id=organization.admin.id, now=now)
            rows = [_read(organization, store, row, n) for n, row in enumerate(records)]
            return [str(writer.insert(store, _without_clash(store, row))) for row in rows]

    def edit_records(
        self, module: str, records: list[dict[str, Any]], touch: bool = True, org_id: str | None = None
    ) -> None:
        """Edit records, each named by `id`; `touch=False` leaves Modified_Time alone."""
        with self._lock:
            organization = self._state.organization(org_id)
            now = self._state.now()
            if module == USERS:
                return _edit_users(organization, records, now if touch else None)
            store = named_store(organization, module)
            writer = Writer(organization, user_id=organization.admin.id, now=now)
            for n, row in enumerate(records):
                record_id = _live_id(store, row.get("id"))
                given = {name: value for name, value in row.items() if name != "id"}
                changes = _read(organization, store, given, n, stored=store.records[record_id])
                writer.update(store, record_id, _without_clash(store, changes, but=record_id), touch=touch)
            return None

    def delete_records(
        self, module: str, ids: Iterable[str | int], permanent: bool = False, org_id: str | None = None
    ) -> None:
        """Delete records into the recycle bin, or for good; companies take their contacts with them."""
        with self._lock:
            organization = self._state.organization(org_id)
            now = self._state.now()
            if module == USERS:
                rows = [{"id": user_id, "status": "deleted"} for user_id in ids]
                return _edit_users(organization, rows, now)
            store = named_store(organization, module)
            writer = Writer(organization, user_id=organization.admin.id, now=now)
            for value in ids:
                try:
                    writer.delete(store, int(value), permanent=permanent)
                except RowRefusal as refusal:
                    raise ValueError(f"{module} has no live record {value}") from refusal
            return None

    def restore_records(
        self, module: str, ids: Iterable[str | int], touch: bool | None = None, org_id: str | None = None
    ) -> None:
        """Bring records back from the recycle bin; `touch` changes Modified_Time (unset: as the switch says)."""
        with self._lock:
            organization = self._state.organization(org_id)
            store = named_store(organization, module)
            self._state.purge_bins(organization, now=self._state.now())
            writer = Writer(organization, user_id=organization.admin.id, now=self._state.now())
            touched = self._state.switches["restore_touches"] if touch is None else touch
            for record_id in ids:
                writer.restore(store, int(record_id), touch=touched)

    def records(self, module: str, org_id: str | None = None) -> list[dict[str, Any]]:
        """Return every live record with each field that settings/fields lists, in ascending order of ids."""
        with self._lock:
            organization = self._state.organization(org_id)
            if module == USERS:
                users = (show_user(organization, user) for _, user in sorted(organization.users.items()))
                return [{key: shown[key] for key in USER_KEYS} for shown in users]
            renderer = self._state.renderers[organization.org_id]
            return renderer.all_fields(named_store(organization, module))


def _add_users(organization: Organization, users: list[dict[str, Any]] | int, now: int) -> list[str]:
    if isinstance(users, int):
        number = len(organization.users)
        users = [{"first_name": "Colleague", "last_name": str(number + n + 1)} for n in range(users)]
    return [str(organization.add_user(**user, at=now).id) for user in users]


def _edit_users(organization: Organization, rows: list[dict[str, Any]], modified_at: int | None) -> None:
    editable = {f.name for f in fields_of(User)} - {"id", "zuid", "created_at", "modified_at"}
    for row in rows:
        user = organization.users.get(int(row.get("id", 0)))
        if user is None:
            raise ValueError(f"{USERS} has nobody with the id {row.get('id')}")
        for name, value in row.items():
            if name != "id" and name not in editable:
                raise ValueError(f"a user has no {name!r} to edit; there are {', '.join(sorted(editable))}")
            if name != "id":
                setattr(user, name, value)
        user.modified_at = user.modified_at if modified_at is None else modified_at
    organization.touch_users()


def _read(
    organization: Organization, store: ModuleStore, row: dict[str, Any], number: int, *, stored: Record | None = None
) -> Record:
    """Read a row as the API would, but refuse what it would silently ignore."""
    module = store.spec.api_name
    moments = {name: row[name] for name in SYSTEM_TIMES if name in row}
    for name in row.keys() - moments.keys():
        field = store.fields.get(name)
        if (field is None and not name.startswith("$") and name not in {"Layout", "Pipeline"}) or (
            field and field.read_only
        ):
            raise ValueError(f"{module} has no field {name!r} to set; add_fields makes custom fields")
    try:
        changes = RowReader(organization, store).read(row, number, stored=stored)
        return changes | {name: organization.times.read(text) for name, text in moments.items()}
    except RowRefusal as refusal:
        raise ValueError(f"{module}: record {number}: {refusal.body['code']} {refusal.body['details']}") from refusal


def _without_clash(store: ModuleStore, changes: Record, *, but: int | None = None) -> Record:
    clash = unique_clash(store, changes, but=but)
    if clash is not None:
        raise ValueError(f"{store.spec.api_name}: another record, {clash[1]}, has the same {clash[0]}")
    return changes


def _live_id(store: ModuleStore, value: Any) -> int:
    record_id = whole_number(value)
    if record_id is None or record_id not in store.records:
        raise ValueError(f"{store.spec.api_name} has no live record {value}")
    return record_id
