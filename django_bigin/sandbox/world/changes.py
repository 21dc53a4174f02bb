"""Writes of records, through the API or in Bigin's own pages, with all that follows from them."""

from __future__ import annotations

from typing import Any

from ..wire.refusals import RowRefusal
from .organization import Organization
from .store import LogRow, ModuleStore, Record
from .values import MISSING_ID


class Writer:
    """The writes of one person at one moment in one organization."""

    def __init__(self, organization: Organization, *, user_id: int, now: int) -> None:
        self._organization = organization
        self._user_id = user_id
        self._now = now
        organization.written_at = now

    def insert(self, store: ModuleStore, changes: Record) -> int:
        """Store a new record and return its id."""
        record = {name: value for name, value in changes.items() if value is not None}
        record.setdefault("Owner", self._user_id)
        record.setdefault("Created_By", self._user_id)
        record.setdefault("Modified_By", record["Created_By"])
        record.setdefault("Created_Time", self._now)
        record.setdefault("Modified_Time", record["Created_Time"])
        if "Last_Activity_Time" in store.fields:
            record.setdefault("Last_Activity_Time", record["Modified_Time"])
        record_id = self._organization.new_id()
        store.add(record_id, record)
        self._touch_related(record)
        return record_id

    def update(self, store: ModuleStore, record_id: int, changes: Record, *, touch: bool = True) -> None:
        """Change a live record; its Modified_Time changes even if nothing differs, as recorded for upserts."""
        stamps: Record = {"Modified_Time": self._now, "Modified_By": self._user_id} if touch else {}
        if touch and "Last_Activity_Time" in store.fields:
            stamps["Last_Activity_Time"] = self._now
        store.change(record_id, {**stamps, **changes})

    def delete(self, store: ModuleStore, record_id: int, *, permanent: bool = False) -> None:
        """Move a record to the recycle bin; a company takes its contacts with it."""
        if record_id not in store.records:
            if permanent and record_id in store.bin:
                del store.bin[record_id]
                store.log[record_id].permanent = True
                return
            raise RowRefusal("INVALID_DATA", MISSING_ID, id=str(record_id))
        if store.spec.api_name == "Accounts":
            contacts = self._organization.stores["Contacts"]
            for contact_id in [
                i for i, contact in contacts.records.items() if contact.get("Account_Name") == record_id
            ]:
                self._move_to_bin(contacts, contact_id, permanent=permanent)
        self._move_to_bin(store, record_id, permanent=permanent)

    def restore(self, store: ModuleStore, record_id: int, *, touch: bool = False) -> None:
        """Bring a record back from the recycle bin, with its id; ValueError if it is not in there."""
        if record_id not in store.bin:
            raise ValueError(f"{store.spec.api_name} {record_id} is not in the recycle bin")
        store.add(record_id, store.bin.pop(record_id))
        store.log.pop(record_id, None)
        if touch:
            self.update(store, record_id, {})

    def _move_to_bin(self, store: ModuleStore, record_id: int, *, permanent: bool) -> None:
        name = store.display_name(record_id)
        record = store.remove(record_id)
        if not permanent and store.spec.has_deleted_log:
            store.bin[record_id] = record
        # Notes have no log, so nothing would ever empty their bin.
        if store.spec.has_deleted_log:
            store.log[record_id] = LogRow(
                record_id, name, self._user_id, record.get("Created_By"), self._now, permanent
            )

    def _touch_related(self, record: Record) -> None:
        """Set the Last_Activity_Time of the record that an activity or note belongs to; its Modified_Time stays."""
        for name in self._organization.product.related_module_keys:
            linked = record.get(name)
            store = self._organization.store_of(linked) if linked else None
            if store is not None and linked is not None and "Last_Activity_Time" in store.fields:
                store.change(linked, {"Last_Activity_Time": self._now})


def unique_clash(store: ModuleStore, changes: Record, *, but: int | None = None) -> tuple[str, int] | None:
    """Find the first unique field whose new value another live record has: its name and that record's id."""
    for field in store.fields.values():
        value: Any = changes.get(field.api_name)
        if field.unique and value is not None:
            others = [record_id for record_id in store.with_value(field.api_name, value) if record_id != but]
            if others:
                return field.api_name, others[0]
    return None
