"""Primary keys that come from outside: a database may refuse the question for one that no row can have."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Field, Model, QuerySet

NUL = "\x00"


def possible_key(model: type[Model], text: str) -> Any:
    """Return a primary key as its field holds it; None where no row can have it."""
    key_field: Any = model._meta.pk
    while key_field.remote_field:
        key_field = key_field.target_field
    return _possible(key_field, text) if text else None


def row_by_key(rows: QuerySet[Any], text: str) -> Any:
    """Return the row that has this primary key, given as text; None where there is none."""
    key = possible_key(rows.model, text)
    return None if key is None else rows.filter(pk=key).first()


def _possible(field: Field[Any, Any], text: str) -> Any:
    if not is_storable(text):
        return None
    try:
        value = field.to_python(text)
        field.run_validators(value)  # of a number: that the column is wide enough for it
    except (ValueError, OverflowError, ValidationError):
        return None
    return value


def is_storable(text: str) -> bool:
    """Tell whether each database takes such text: PostgreSQL takes no NUL, and none takes a lone surrogate."""
    return NUL not in text and not any("\ud800" <= character <= "\udfff" for character in text)
