"""Changes to the mirror that no sync knows of, as by somebody with a database shell."""

from typing import Any

from django.db import connections as databases
from django.db.models.functions import Now

from django_bigin.models import Record

TABLE = Record._meta.db_table


def delete_rows(module: str, *ids: Any) -> None:
    """Delete stored records."""
    for record_id in ids:
        _execute(f"DELETE FROM {TABLE} WHERE module = %s AND record_id = %s", module, int(record_id))


def corrupt_row(module: str, record_id: Any, **values: Any) -> None:
    """Write other values into the fields of a stored record; its hash says what it said before."""
    record = Record.objects.get(module=module, record_id=record_id)
    Record.objects.filter(pk=record.pk).update(data={**record.data, **values})


def write_column(module: str, record_id: Any, column: str, value: Any) -> None:
    """Write another value into a column of a stored record."""
    sql = f"UPDATE {TABLE} SET {column} = %s WHERE module = %s AND record_id = %s"
    _execute(sql, value, module, int(record_id))


def invent_row(module: str, record_id: int) -> None:
    """Store a record that the product never had."""
    like = Record.objects.filter(module=module).first()
    assert like is not None
    like.pk, like.record_id, like.data = None, record_id, {**like.data, "id": str(record_id)}
    like.save(force_insert=True)


def mark_deleted(module: str, record_id: Any) -> None:
    """Turn a stored record into a tombstone."""
    Record.objects.filter(module=module, record_id=record_id).update(deleted_at=Now())


def _execute(sql: str, *values: Any) -> None:
    with databases[Record.objects.db].cursor() as cursor:
        cursor.execute(sql, values)
