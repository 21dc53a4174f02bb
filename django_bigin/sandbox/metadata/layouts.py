"""The settings of a module's layouts, custom views and related lists.

The key sets are the recorded ones. Source: api-records section 14.
"""

from __future__ import annotations

from typing import Any

from ..calls.call import Call, named_module
from ..records.listing import PER_PAGE, view_ids
from ..wire.messages import Response
from ..world.modules import Field, ModuleSpec
from ..world.organization import PROFILES, Layout, Organization
from .fields import show_value, shown_fields


def list_layouts(call: Call) -> Response:
    """Answer a module's layouts; those of Pipelines are the team pipelines."""
    call.allow("settings.layouts")
    spec = named_module(call)
    shown = [show_layout(call, spec, layout) for layout in layouts_of(call.organization, spec)]
    return Response(200, {"layouts": shown}) if shown else Response(204)


def get_layout(call: Call) -> Response:
    """Answer one layout, where a switch lets it be asked for."""
    call.allow("settings.layouts")
    spec = named_module(call)
    found = [layout for layout in layouts_of(call.organization, spec) if str(layout.id) == call.arguments[0]]
    shown = [show_layout(call, spec, layout) for layout in found]
    return Response(200, {"layouts": shown}) if shown else Response(204)


def layouts_of(organization: Organization, spec: ModuleSpec) -> list[Layout]:
    """Return the layouts of a module: Pipelines has one for each team pipeline, the others have one."""
    if spec.api_name == "Pipelines":
        return organization.layouts
    if not spec.listable:
        return []
    return [Layout(organization.metadata_id("layout", spec.api_name, "Standard"), "Standard", organization.founded_at)]


def show_layout(call: Call, spec: ModuleSpec, layout: Layout) -> dict[str, Any]:
    """Show a layout: one section with every field."""
    organization = call.organization
    name = f"{spec.singular} Information"
    fields = enumerate(shown_fields(call, spec), 1)
    section = {
        "display_label": name,
        "name": name,
        "api_name": name if call.switches["layout_labels"] else name.replace(" ", "_"),
        "sequence_number": 1,
        "column_count": 2,
        "type": "used",
        "fields": [_show_layout_field(call, spec, layout, n, field) for n, field in fields],
    }
    return {
        "id": str(layout.id),
        "name": layout.name,
        "display_label": layout.name,
        "visible": True,
        "status": "active",
        "created_time": None,
        "modified_time": organization.times.text(layout.modified_at),
        "profiles": [
            {"name": name, "id": str(organization.metadata_id("profile", name)), "default": name == "Administrator"}
            for name in PROFILES
        ],
        "sections": [section],
    }


def _show_layout_field(call: Call, spec: ModuleSpec, layout: Layout, number: int, field: Field) -> dict[str, Any]:
    organization = call.organization
    shown: dict[str, Any] = {
        "api_name": field.api_name,
        "data_type": field.data_type,
        "required": field.mandatory,
        "sequence_number": number,
        "id": str(organization.metadata_id("field", spec.api_name, field.api_name)),
    }
    if call.switches["layout_labels"]:
        shown |= {"field_label": field.label, "display_label": field.label}
    values: tuple[str, ...] = field.values
    if spec.api_name == "Pipelines" and field.api_name == "Sub_Pipeline":
        values = tuple(layout.sub_pipelines)
    if spec.api_name == "Pipelines" and field.api_name == "Stage":
        values = tuple(dict.fromkeys(stage for stages in layout.sub_pipelines.values() for stage in stages))
    if field.data_type == "picklist":
        shown["pick_list_values"] = [show_value(organization, spec, field, n, v) for n, v in enumerate(values, 1)]
    return shown


# custom views and related lists


def list_views(call: Call) -> Response:
    """Answer a module's custom views: those that every organization has."""
    call.allow("settings.custom_views")
    spec = named_module(call)
    if not spec.listable:
        return Response(204)
    shown = _show_views(call, spec)
    info = {
        "per_page": PER_PAGE, "count": len(shown), "page": 1, "more_records": False, "default": shown[0]["id"],
        "translation": {},
    }  # fmt: skip
    return Response(200, {"custom_views": shown, "info": info})


def get_view(call: Call) -> Response:
    """Answer one custom view."""
    call.allow("settings.custom_views")
    shown = [view for view in _show_views(call, named_module(call)) if view["id"] == call.arguments[0]]
    return Response(200, {"custom_views": shown}) if shown else Response(204)


def _show_views(call: Call, spec: ModuleSpec) -> list[dict[str, Any]]:
    every, own = view_ids(call.organization, spec.api_name)
    owner_id = str(call.organization.metadata_id("field", spec.api_name, "Owner"))
    mine = {"comparator": "equal", "field": {"api_name": "Owner", "id": owner_id}, "value": "${CURRENTUSER}"}
    columns = [field.api_name for field in shown_fields(call, spec) if field.mandatory or field.api_name == "Owner"]
    ids = {name: str(call.organization.metadata_id("field", spec.api_name, name)) for name in columns}
    views = ((every, f"All {spec.plural}", "ALLVIEWS", None), (own, f"My {spec.plural}", "MYVIEWS", mine))
    return [
        {
            "id": view_id,
            "name": name,
            "system_name": system_name,
            "display_value": name,
            "category": "public_views",
            "default": criteria is None,
            "system_defined": True,
            "favorite": None,
            "access_type": "public",
            "criteria": criteria,
            "fields": [{"api_name": field_name, "id": field_id} for field_name, field_id in ids.items()],
            **dict.fromkeys(("sort_by", "sort_order", "last_accessed_time")),
            **dict.fromkeys(("created_by", "created_time", "modified_by", "modified_time")),
        }
        for view_id, name, system_name, criteria in views
    ]


def list_related_lists(call: Call) -> Response:
    """Answer a module's related lists."""
    call.allow("settings.related_lists")
    spec, organization = named_module(call), call.organization
    modules = call.product.modules
    names = call.product.related_lists.get(spec.api_name, {})
    shown = [
        {
            "id": str(organization.metadata_id("related_list", spec.api_name, name)),
            "sequence_number": str(number),
            "display_label": modules[name].plural,
            "api_name": name,
            "name": modules[name].plural,
            "action": None,
            "module": {"api_name": name, "id": str(organization.metadata_id("module", name))},
            "href": f"{spec.api_name}/{{ENTITYID}}/{name}",
            "type": "default",
            "status": "visible",
            "connectedmodule": None,
            "linkingmodule": None,
        }
        for number, name in enumerate(names, 1)
    ]
    return Response(200, {"related_lists": shown}) if shown else Response(204)


ROUTES = {
    "settings/layouts": {"GET": list_layouts},
    "settings/custom_views": {"GET": list_views},
    "settings/custom_views/{id}": {"GET": get_view},
    "settings/related_lists": {"GET": list_related_lists},
}
# Only where the switch `settings_by_id` says so.
ROUTES_BY_ID = {"settings/layouts/{id}": {"GET": get_layout}}
