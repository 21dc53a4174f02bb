"""Modules and their fields, as every product of Zoho's describes them. Source: api-records sections 2 and 12."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

JSON_TYPES = {
    "autonumber": "string", "bigint": "string", "boolean": "boolean", "currency": "double", "date": "string",
    "datetime": "string", "decimal": "double", "double": "double", "email": "string", "integer": "integer",
    "lookup": "jsonobject", "multiselectpicklist": "jsonarray", "ownerlookup": "jsonobject", "percent": "double",
    "phone": "string", "picklist": "string", "profileimage": "string", "subform": "jsonarray", "text": "string",
    "textarea": "string", "userlookup": "jsonobject", "website": "string", "ALARM": "jsonobject", "RRULE": "jsonobject",
}  # fmt: skip
LENGTHS = {
    "bigint": 19, "boolean": 5, "currency": 16, "date": 20, "datetime": 20, "double": 16, "email": 100, "integer": 9,
    "lookup": 120, "ownerlookup": 120, "percent": 5, "phone": 30, "picklist": 120, "profileimage": 255, "text": 255,
    "textarea": 32_000, "website": 450, "multiselectpicklist": 765,
}  # fmt: skip
CUSTOM_TYPES = (
    "text", "textarea", "email", "phone", "website", "picklist", "multiselectpicklist", "boolean", "integer", "bigint",
    "double", "currency", "percent", "date", "datetime", "lookup",
)  # fmt: skip
SYSTEM_TIMES = ("Created_Time", "Modified_Time", "Last_Activity_Time")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of one module."""

    api_name: str
    data_type: str = "text"
    length: int = 0
    label: str = ""
    mandatory: bool = False
    unique: bool = False
    read_only: bool = False
    display: bool = False
    lookup: str = ""
    values: tuple[str, ...] = ()
    json_type: str = ""
    default: Any = None
    hidden: bool = False  # not in settings/fields; only full rows show it
    custom: bool = False

    def __post_init__(self) -> None:
        fill = object.__setattr__
        fill(self, "label", self.label or self.api_name.replace("_", " ").strip())
        fill(self, "length", self.length or LENGTHS.get(self.data_type, 255))
        fill(self, "json_type", self.json_type or JSON_TYPES[self.data_type])
        if self.data_type == "boolean" and self.default is None:
            fill(self, "default", False)


@dataclass(frozen=True, slots=True)
class ModuleSpec:
    """One module as every new organization has it."""

    api_name: str
    singular: str
    plural: str
    fields: tuple[Field, ...] = ()
    module_name: str = ""
    duplicate_check: tuple[str, ...] = ()  # what an upsert looks at when it names no fields
    listable: bool = True
    has_deleted_log: bool = True
    visible: bool = True
    metadata: dict[str, Any] = field(default_factory=dict)  # keys of settings/modules that differ from the usual


def text(name: str, length: int = 255, **more: Any) -> Field:
    """Describe a text field."""
    return Field(name, "text", length, **more)


def read_only(name: str, data_type: str, **more: Any) -> Field:
    """Describe a field that the API shows but does not set."""
    return Field(name, data_type, read_only=True, **more)


def custom_field(
    api_name: str, data_type: str = "text", *, label: str = "", length: int = 0, lookup: str = "", unique: bool = False
) -> Field:
    """Describe a custom field; ValueError with a sentence where Bigin's naming rule or types forbid it."""
    if not is_api_name(api_name):
        raise ValueError(
            f"{api_name!r} cannot be a field's API name: letters, digits and underscore, starting with a letter,"
            " no double or trailing underscore"
        )
    if data_type not in CUSTOM_TYPES:
        raise ValueError(f"{data_type!r} is no type of a custom field; the types are {', '.join(CUSTOM_TYPES)}")
    return Field(api_name, data_type, length, label=label, lookup=lookup, unique=unique, custom=True)


def is_api_name(name: str) -> bool:
    """Tell whether Bigin could have given this API name (api-records section 2)."""
    return (
        name.isascii() and name[:1].isalpha() and name.replace("_", "a").isalnum()
        and "__" not in name and not name.endswith("_")
    )  # fmt: skip


def with_values(described: Field, values: tuple[str, ...]) -> Field:
    """Return the same pick list with these values."""
    return replace(described, values=values)
