"""Modules, fields and the organization of the API that Bigin and Zoho CRM share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ....exceptions import AuthorizationError, ResponseError
from ....text import sentence as _
from ...answers import Field, Module, Organization
from ...calls import Answer, Call
from ...values import Json, read_first, read_id, read_moment, read_text
from ..product import ModuleSpec, Product
from .lists import read_rows

_TOO_MANY_USERS = 2**31  # for a column of 32 bits


class Settings:
    """Metadata below `settings/`, and the organization."""

    def modules(self, product: Product) -> Call[list[Module]]:
        """Build the call for every module of the organization."""
        return product.call("GET", "settings", "modules", reader=_read_modules)

    def fields(self, product: Product, spec: ModuleSpec) -> Call[list[Field]]:
        """Build the call for the fields of a module."""
        return product.call(
            "GET", "settings", "fields", module=spec.name, params=(("module", spec.name),), reader=_read_fields
        )

    def organization(self, product: Product) -> Call[Organization]:
        """Build the call for the organization that the grant belongs to."""
        return product.call("GET", "org", reader=_read_organization)


def _read_modules(call: Call[Any], answer: Answer) -> list[Module]:
    return [read_module(entry) for entry in _read_entries(call, answer, "modules")]


def _read_fields(call: Call[Any], answer: Answer) -> list[Field]:
    return [read_field(entry) for entry in _read_entries(call, answer, "fields")]


def _read_organization(call: Call[Any], answer: Answer) -> Organization:
    entries = _read_entries(call, answer, "org")
    if not entries:
        raise AuthorizationError(
            _(
                "This Zoho user has no organization in %(product)s: sign up for %(product)s with it, or "
                "connect as another user.",
                product=call.product,
            ),
            endpoint=call.endpoint,
        )
    organization = read_organization(entries[0])
    if organization is None:
        raise ResponseError(
            _(
                "%(product)s's answer names no organization (zgid); try again, and report it if it stays so.",
                product=call.product,
            ),
            endpoint=call.endpoint,
        )
    return organization


def _read_entries(call: Call[Any], answer: Answer, key: str) -> list[Json]:
    if answer.status == 204:
        return []
    return [row for row in read_rows(call, answer, key) if isinstance(row, dict)]


def read_module(entry: Mapping[str, Any]) -> Module:
    """Read one entry of `settings/modules`; what is not said is taken as usable."""
    api_name = read_first(entry.get("api_name"))
    parent = entry.get("parent_module")
    return Module(
        api_name=api_name,
        singular_label=read_first(entry.get("singular_label"), api_name),
        plural_label=read_first(entry.get("plural_label"), api_name),
        api_supported=entry.get("api_supported") is not False,
        viewable=entry.get("viewable") is not False,
        generated_type=read_text(entry.get("generated_type")),
        parent_module=read_text(parent.get("api_name")) if isinstance(parent, dict) else None,
        modified_at=read_moment(entry.get("modified_time")),
        raw=dict(entry),
    )


def read_field(entry: Mapping[str, Any]) -> Field:
    """Read one entry of `settings/fields`."""
    api_name = read_first(entry.get("api_name"))
    length = entry.get("length")
    return Field(
        api_name=api_name,
        label=read_first(entry.get("field_label"), entry.get("display_label"), api_name),
        data_type=read_first(entry.get("data_type"), "text"),
        json_type=read_text(entry.get("json_type")),
        length=length if isinstance(length, int) and not isinstance(length, bool) else None,
        display_field=entry.get("display_field") is True,
        read_only=entry.get("read_only") is True or entry.get("field_read_only") is True,
        # {} means not unique, {"casesensitive": "0"} unique.
        unique=bool(entry.get("unique")),
        custom=entry.get("custom_field") is True,
        lookup_module=_linked_module(entry.get("lookup")),
        id=read_text(entry.get("id")),
        raw=dict(entry),
    )


def _linked_module(lookup: Any) -> str | None:
    target = lookup.get("module") if isinstance(lookup, dict) else None
    name = read_text(target.get("api_name")) if isinstance(target, dict) else None
    # Links to a record of any module say this, as Zoho's own SDK knows it.
    return None if name == "se_module" else name


def read_organization(entry: Mapping[str, Any]) -> Organization | None:
    """Read the entry of `org`; None where it names no organization."""
    org_id = read_id(entry.get("zgid"))
    if org_id is None:
        return None
    license_details = entry.get("license_details")
    license_details = license_details if isinstance(license_details, dict) else {}
    users = license_details.get("users_license_purchased")
    return Organization(
        org_id=org_id,
        company_name=read_first(entry.get("company_name")),
        time_zone=read_text(entry.get("time_zone")),
        paid=license_details.get("paid") is True,
        users_licensed=users if type(users) is int and 0 <= users < _TOO_MANY_USERS else 0,
        raw=dict(entry),
    )
