"""The settings of modules.

The key sets are the recorded ones. Source: api-records section 14.
"""

from __future__ import annotations

from typing import Any

from ..calls.call import Call, absence, described_module
from ..wire.messages import Response
from ..world.modules import ModuleSpec
from ..world.organization import PROFILES
from .fields import show_fields, shown_fields
from .layouts import layouts_of, show_layout


def list_modules(call: Call) -> Response:
    """Answer the modules; one that the plan does not have is left out, unless it is there but forbidden."""
    call.allow("settings.modules")
    specs = [spec for spec in call.product.modules.values() if absence(call, spec.api_name) in {None, 403}]
    shown = [_show_module(call, n, spec) for n, spec in enumerate(specs, 1)]
    return Response(200, {"modules": shown})


def get_module(call: Call) -> Response:
    """Answer one module, with its fields and layouts."""
    call.allow("settings.modules")
    spec = described_module(call, call.arguments[0], {"resource_path_index": 2})
    number = list(call.product.modules).index(spec.api_name) + 1
    shown = _show_module(call, number, spec)
    richer = {
        "fields": show_fields(call, spec),
        "layouts": [show_layout(call, spec, layout) for layout in layouts_of(call.organization, spec)],
        "display_field": next((field.api_name for field in shown_fields(call, spec) if field.display), None),
        "$properties": [],
        "per_page": 50,
    }
    return Response(200, {"modules": [shown | richer]})


def _show_module(call: Call, number: int, spec: ModuleSpec) -> dict[str, Any]:
    """Show a module with the complete recorded key set, in its order."""
    store = call.organization.store(spec.api_name)
    changed_at = store.fields_changed_at if store else None
    return _show_abilities(call, spec, changed_at) | _show_place(call, number, spec, changed_at) | spec.metadata


def _show_abilities(call: Call, spec: ModuleSpec, changed_at: int | None) -> dict[str, Any]:
    """Show the first keys of a module: its labels and what can be done with it."""
    organization = call.organization
    return {
        "has_more_profiles": False,
        "access_type": "org_based",
        "private_profile": None,
        "global_search_supported": spec.listable,
        "deletable": True,
        "description": None,
        "creatable": True,
        "email_parser_supported": spec.api_name in {"Accounts", "Contacts"},
        "inventory_template_supported": False,
        "modified_time": None if changed_at is None else organization.times.text(changed_at),
        "plural_label": spec.plural,
        "presence_sub_menu": spec.visible,
        "actual_plural_label": spec.plural,
        "triggers_supported": spec.listable,
        "id": str(organization.metadata_id("module", spec.api_name)),
        "isBlueprintSupported": spec.listable,
        "visible": spec.visible,
        "visibility": 1,
        "convertable": False,
        "editable": True,
        "emailTemplate_support": spec.api_name in {"Accounts", "Contacts", "Pipelines"},
        "actual_singular_label": spec.singular,
        "profiles": [{"name": name, "id": str(organization.metadata_id("profile", name))} for name in PROFILES],
    }


def _show_place(call: Call, number: int, spec: ModuleSpec, changed_at: int | None) -> dict[str, Any]:
    """Show the last keys of a module: its place among the others."""
    organization = call.organization
    parent = {}
    if spec.metadata.get("generated_type") == "subform":
        parent = {"api_name": "Pipelines", "id": str(organization.metadata_id("module", "Pipelines"))}
    return {
        "filter_supported": spec.listable,
        "show_as_tab": spec.visible,
        "web_link": None,
        "sequence_number": number,
        "singular_label": spec.singular,
        "viewable": True,
        "api_supported": True,
        "api_name": spec.api_name,
        "quick_create": spec.listable,
        "modified_by": None if changed_at is None else call.renderer.person(organization.admin.id),
        "generated_type": "default",
        "feeds_required": spec.has_deleted_log,
        "scoring_supported": spec.has_deleted_log,
        "webform_supported": False,
        "public_fields_configured": False,
        "arguments": [],
        "module_name": spec.module_name or spec.api_name,
        "profile_count": len(PROFILES),
        "business_card_field_limit": 5,
        "parent_module": parent,
    }


ROUTES = {"settings/modules": {"GET": list_modules}, "settings/modules/{module}": {"GET": get_module}}
