"""The settings of a module's fields, and the values of its pick lists.

The key sets are the recorded ones. Source: api-records section 14.
"""

from __future__ import annotations

from typing import Any

from ..calls.call import Call, named_module
from ..wire.messages import Response
from ..world.modules import Field, ModuleSpec
from ..world.organization import PROFILES, Organization

UI_TYPES = {
    "text": 1, "picklist": 2, "textarea": 3, "ownerlookup": 8, "website": 21, "date": 24, "email": 25, "integer": 32,
    "phone": 33, "currency": 36, "double": 38, "bigint": 52, "profileimage": 66, "multiselectpicklist": 100,
    "lookup": 133, "datetime": 200, "boolean": 301, "subform": 2001,
}  # fmt: skip
UI_TYPES_BY_NAME = {
    "Created_By": 20, "Modified_By": 20, "First_Name": 27, "Last_Name": 127, "Tag": 209, "Created_Time": 333,
    "Modified_Time": 333, "Last_Activity_Time": 786,
}  # fmt: skip
# deal_category, probability, forecast_category: the keys are CRM's, the values of open stages made up.
CLOSED_STAGES = {"Closed Won": ("Closed Won", 100, "Closed"), "Closed Lost": ("Closed Lost", 0, "Omitted")}


def list_fields(call: Call) -> Response:
    """Answer a module's fields; neither `id` nor the hidden ones are among them."""
    call.allow("settings.fields")
    shown = show_fields(call, named_module(call))
    return Response(200, {"fields": shown}) if shown else Response(204)


def get_field(call: Call) -> Response:
    """Answer one field, where a switch lets it be asked for."""
    call.allow("settings.fields")
    shown = [field for field in show_fields(call, named_module(call)) if field["id"] == call.arguments[0]]
    return Response(200, {"fields": shown}) if shown else Response(204)


def shown_fields(call: Call, spec: ModuleSpec) -> list[Field]:
    """Return the fields of a module that are not hidden."""
    store = call.organization.store(spec.api_name)
    fields = store.fields.values() if store else spec.fields
    return [field for field in fields if not field.hidden]


def show_fields(call: Call, spec: ModuleSpec) -> list[dict[str, Any]]:
    """Show the fields of a module that are not hidden."""
    return [_show_field(call.organization, spec, field, n) for n, field in enumerate(shown_fields(call, spec), 1)]


def _show_field(organization: Organization, spec: ModuleSpec, field: Field, number: int) -> dict[str, Any]:
    """Show a field with the complete recorded key set, in its order; what does not apply is `{}`."""
    shown = _show_access(organization, spec, field) | _show_kind(organization, spec, field)
    if field.mandatory:
        shown["quick_sequence_number"] = str(number)
    if field.data_type == "textarea":
        shown["textarea"] = {"type": "large" if field.length > 2_000 else "small"}
    if field.data_type == "picklist":
        shown["blueprint_supported"] = True
    return shown


def _show_access(organization: Organization, spec: ModuleSpec, field: Field) -> dict[str, Any]:
    """Show by whom and where a field can be seen and set."""
    settable = not field.read_only
    return {
        "webhook": True,
        "colour_code_enabled_by_system": False,
        "field_label": field.label,
        "tooltip": None,
        "display_format_properties": None,
        "type": "used",
        "field_read_only": field.read_only or field.api_name == "Owner",
        "display_label": field.label,
        "read_only": field.read_only,
        "association_details": None,
        "businesscard_supported": field.data_type not in {"textarea", "subform"},
        "multi_module_lookup": {},
        "id": str(organization.metadata_id("field", spec.api_name, field.api_name)),
        "created_time": None,
        "filterable": field.data_type not in {"textarea", "subform", "profileimage"},
        "visible": True,
        "profiles": [
            {
                "permission_type": "read_write" if settable else "read_only",
                "name": name,
                "id": str(organization.metadata_id("profile", name)),
            }
            for name in PROFILES
        ],
        "view_type": {"view": True, "edit": settable, "quick_create": field.mandatory, "create": settable},
    }


def _show_kind(organization: Organization, spec: ModuleSpec, field: Field) -> dict[str, Any]:
    """Show the kind of values that a field takes."""
    return {
        "subform": _show_subform(organization, field),
        "separator": False,
        "searchable": field.data_type not in {"textarea", "subform", "profileimage"},
        "external": None,
        "api_name": field.api_name,
        "parent_field": None,
        "unique": {"casesensitive": "0"} if field.unique else {},
        "enable_colour_code": False,
        "child_fields": None,
        "pick_list_values": [show_value(organization, spec, field, n, v) for n, v in enumerate(field.values, 1)],
        "system_mandatory": field.mandatory,
        "virtual_field": False,
        "json_type": field.json_type,
        "crypt": None,
        "range": None,
        "created_source": "default",
        "display_type": -1,
        "ui_type": UI_TYPES_BY_NAME.get(field.api_name) or UI_TYPES.get(field.data_type, 1),
        "modified_time": None,
        "email_parser": {"fields_update_supported": False, "record_operations_supported": False},
        "currency": {"rounding_option": "normal", "precision": 2} if field.data_type == "currency" else {},
        "custom_field": field.custom,
        "lookup": _show_lookup(organization, spec, field),
        "address": None,
        "length": field.length,
        "display_field": field.display,
        "pick_list_values_sorted_lexically": False,
        "sortable": field.data_type not in {"textarea", "subform", "profileimage"},
        **dict.fromkeys(("global_picklist", "display_format", "history_tracking")),
        "data_type": field.data_type,
        "formula": {},
        "decimal_place": 2 if field.data_type in {"currency", "double"} else None,
        "mass_update": not field.read_only and not field.unique,
        "multiselectlookup": {},
        "auto_number": {},
    }


def show_value(organization: Organization, spec: ModuleSpec, field: Field, number: int, value: str) -> dict[str, Any]:
    """Show one value of a pick list."""
    shown: dict[str, Any] = {
        "display_value": value,
        "sequence_number": number,
        "reference_value": value,
        "colour_code": None,
        "actual_value": value,
        "id": str(organization.metadata_id("value", spec.api_name, field.api_name, value)),
        "type": "used",
    }
    if (spec.api_name, field.api_name) == ("Pipelines", "Sub_Pipeline"):
        stages = [s for layout in organization.layouts for s in layout.sub_pipelines.get(value, [])]
        shown["maps"] = [_show_map(organization, stages)]
    if (spec.api_name, field.api_name) == ("Pipelines", "Stage"):
        shown |= _show_forecast(organization, value)
    return shown


def _show_forecast(organization: Organization, stage: str) -> dict[str, Any]:
    category, probability, forecast = CLOSED_STAGES.get(stage, ("Open", 50, "Pipeline"))
    forecast_id = str(organization.metadata_id("forecast_category", forecast))
    return {
        "deal_category": category,
        "probability": probability,
        "forecast_category": {"name": forecast, "id": forecast_id},
    }


def _show_map(organization: Organization, stages: list[str]) -> dict[str, Any]:
    values = [
        {"display_value": s, "actual_value": s, "id": str(organization.metadata_id("value", "Pipelines", "Stage", s))}
        for s in stages
    ]
    return {"api_name": "Stage", "pick_list_values": values}


def _show_lookup(organization: Organization, spec: ModuleSpec, field: Field) -> dict[str, Any]:
    if field.data_type != "lookup":
        return {}
    # A link to a record of any module names none of them: the word is Zoho's, known from its own SDK.
    target = field.lookup or "se_module"
    module = {"api_name": target, "crypt": False, "id": str(organization.metadata_id("module", target))}
    list_id = str(organization.metadata_id("related_list", spec.api_name, field.api_name))
    return {"display_label": spec.plural, "api_name": spec.api_name, "module": module, "id": list_id}


def _show_subform(organization: Organization, field: Field) -> dict[str, Any] | None:
    if field.data_type != "subform":
        return None
    return {"module": field.api_name, "id": str(organization.metadata_id("module", field.api_name))}


ROUTES = {"settings/fields": {"GET": list_fields}}
# Only where the switch `settings_by_id` says so.
ROUTES_BY_ID = {"settings/fields/{id}": {"GET": get_field}}
