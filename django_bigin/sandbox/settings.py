"""What describes an organization: itself, its users, modules, fields and layouts.

The key sets are the recorded ones. Source: api-records section 14, api-bulk-notify-files section 10.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .call import Call, absence, refuse_absent
from .errors import refuse
from .http import Response
from .listing import PER_PAGE, read_number, view_ids
from .modules import MODULES, OLD_MODULE_NAMES, Field, ModuleSpec
from .organization import COUNTRIES, Layout, Organization, User
from .relations import RELATIONS

PAID_SECONDS, TRIAL_SECONDS = 3 * 366 * 86_400, 15 * 86_400
ROLES = ("CEO", "Manager")
PROFILES = ("Administrator", "Standard")
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
USER_KINDS: dict[str, Callable[[User], bool]] = {
    "AllUsers": lambda user: True,
    "ActiveUsers": lambda user: user.status == "active",
    "DeactiveUsers": lambda user: user.status in {"inactive", "disabled"},
    "ConfirmedUsers": lambda user: user.confirm,
    "NotConfirmedUsers": lambda user: not user.confirm,
    "DeletedUsers": lambda user: user.status == "deleted",
    "ActiveConfirmedUsers": lambda user: user.status == "active" and user.confirm,
    "AdminUsers": lambda user: user.profile == "Administrator",
    "ActiveConfirmedAdmins": lambda user: (
        (user.status, user.confirm, user.profile) == ("active", True, "Administrator")
    ),
}


# organization


def get_org(call: Call) -> Response:
    """Answer the organization."""
    call.allow("org")
    organization, admin = call.organization, call.organization.admin
    code, country, currency, symbol, iso = COUNTRIES[organization.data_center]
    paid_until = organization.times.text(organization.founded_at + PAID_SECONDS)
    trial_expiry = None if organization.paid else organization.times.text(organization.founded_at + TRIAL_SECONDS)
    shown = {
        "id": str(organization.metadata_id("org")),
        "company_name": organization.company_name,
        "zgid": organization.org_id,
        "primary_zuid": admin.zuid,
        "domain_name": f"org{organization.org_id}",
        "primary_email": admin.email,
        "phone": None,
        "time_zone": organization.time_zone,
        "currency": currency,
        "currency_symbol": symbol,
        "currency_locale": iso,
        "iso_code": iso,
        "mc_status": False,
        "country_code": code,
        "country": country,
        **dict.fromkeys(("street", "city", "state", "zip", "alias", "description", "website", "mobile", "fax")),
        **dict.fromkeys(("photo_id", "zia_portal_id", "employee_count")),
        "hierarchy_preferences": {"type": "Role_Hierarchy"},
        **dict.fromkeys(("gapps_enabled", "lite_users_enabled", "translation_enabled"), False),
        **dict.fromkeys(("privacy_settings", "hipaa_compliance_enabled"), False),
        "deletable_org_account": True,
        "license_details": {
            "paid": organization.paid,
            "paid_type": "biginpremier" if organization.paid else "free",
            "paid_expiry": paid_until if organization.paid else None,
            "trial_type": None if organization.paid else "biginpremier",
            "trial_expiry": trial_expiry,
            "users_license_purchased": organization.licences,
            "portal_users_license_purchased": 0,
        },
    }
    return Response(200, {"org": [shown]})


# users


def list_users(call: Call) -> Response:
    """Answer one page of the organization's people of a kind."""
    if call.switches["users_endpoint"] == "missing":
        raise refuse("INVALID_URL_PATTERN")
    call.allow("users")
    kind = call.request.query.get("type", "AllUsers")
    users = list(call.organization.users.values())
    if kind == "CurrentUser":
        users = [call.organization.users[call.token.user_id]]
    elif kind in USER_KINDS:
        users = [user for user in users if USER_KINDS[kind](user)]
    else:
        raise refuse("INVALID_DATA", details={"param_name": "type"})
    per_page = read_number(call, "per_page", PER_PAGE, most=PER_PAGE)
    page = read_number(call, "page", 1)
    shown = [show_user(call.organization, user) for user in users[(page - 1) * per_page : page * per_page]]
    if not shown:
        return Response(204)
    info = {"per_page": per_page, "count": len(shown), "page": page, "more_records": page * per_page < len(users)}
    return Response(200, {"users": shown, "info": info})


def get_user(call: Call) -> Response:
    """Answer one person."""
    if call.switches["users_endpoint"] == "missing":
        raise refuse("INVALID_URL_PATTERN")
    call.allow("users")
    user = call.organization.users.get(int(call.arguments[0]))
    return Response(200, {"users": [show_user(call.organization, user)]}) if user else Response(204)


def show_user(organization: Organization, user: User) -> dict[str, Any]:
    """Show a person with every recorded key; the mixed casing is Bigin's."""
    text, admin = organization.times.text, organization.admin
    by = {"name": admin.full_name, "id": str(admin.id)}
    colours = {"font_color": "#FFFFFF", "background": "#222222"}
    return {
        "id": str(user.id),
        "full_name": user.full_name,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "email": user.email,
        "zuid": user.zuid,
        "status": user.status,
        "confirm": user.confirm,
        "category": "regular_user",
        "role": {"name": user.role, "id": str(organization.metadata_id("role", user.role))},
        "profile": {"name": user.profile, "id": str(organization.metadata_id("profile", user.profile))},
        "created_by": by,
        "created_time": text(user.created_at),
        "Modified_By": by,
        "Modified_Time": text(user.modified_at),
        "time_zone": organization.time_zone,
        "offset": _offset_milliseconds(text(user.modified_at)),
        **dict.fromkeys(("locale", "country_locale", "language"), "en_US"),
        "date_format": "MM/dd/yyyy",
        "time_format": "hh:mm a",
        "name_format": "Salutation,First Name,Last Name",
        "sort_order_preference": "First Name,Last Name",
        "decimal_separator": "Period",
        "number_separator": "Comma",
        **dict.fromkeys(("phone", "mobile", "fax", "website", "alias", "signature", "dob")),
        **dict.fromkeys(("street", "city", "state", "zip")),
        "country": COUNTRIES[organization.data_center][1],
        "default_tab_group": "0",
        "personal_account": True,
        **dict.fromkeys(("microsoft", "sandboxDeveloper", "Isonline"), False),
        **dict.fromkeys(("$current_shift", "$next_shift", "$shift_effective_from")),
        **dict.fromkeys(("Preferred_Currency__s", "status_reason__s")),
        "customize_info": {
            **dict.fromkeys(("notes_desc", "show_right_panel", "bc_view")),
            "show_home": False,
            "show_detail_view": True,
            "show_left_panel": True,
            "unpin_recent_item": None,
        },
        "theme": {
            "normal_tab": colours,
            "selected_tab": colours,
            "new_background": None,
            "background": "#F3F0EB",
            "screen": "fixed",
            "type": "default",
        },
    }


def _offset_milliseconds(text: str) -> int:
    sign = -1 if text[-6] == "-" else 1
    return sign * (int(text[-5:-3]) * 60 + int(text[-2:])) * 60_000


# modules


def list_modules(call: Call) -> Response:
    """Answer the modules; one that the plan does not have is left out, unless it is there but forbidden."""
    call.allow("settings.modules")
    specs = [spec for spec in MODULES.values() if absence(call, spec.api_name) in {None, 403}]
    shown = [_show_module(call, n, spec) for n, spec in enumerate(specs, 1)]
    return Response(200, {"modules": shown})


def get_module(call: Call) -> Response:
    """Answer one module, with its fields and layouts."""
    call.allow("settings.modules")
    spec = _spec(call, call.arguments[0], {"resource_path_index": 2})
    number = list(MODULES).index(spec.api_name) + 1
    shown = _show_module(call, number, spec)
    richer = {
        "fields": _show_fields(call, spec),
        "layouts": [_show_layout(call, spec, layout) for layout in _layouts(call.organization, spec)],
        "display_field": next((field.api_name for field in _fields(call, spec) if field.display), None),
        "$properties": [],
        "per_page": 50,
    }
    return Response(200, {"modules": [shown | richer]})


def _show_module(call: Call, number: int, spec: ModuleSpec) -> dict[str, Any]:
    """Show a module with the complete recorded key set."""
    organization = call.organization
    store = organization.store(spec.api_name)
    changed_at = store.fields_changed_at if store else None
    parent = {}
    if spec.metadata.get("generated_type") == "subform":
        parent = {"api_name": "Pipelines", "id": str(organization.metadata_id("module", "Pipelines"))}
    shown = {
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
    return shown | spec.metadata


def _spec(call: Call, name: str, details: dict[str, Any]) -> ModuleSpec:
    spec = MODULES.get(OLD_MODULE_NAMES.get(name, name))
    if spec is None:
        raise refuse("INVALID_MODULE", details=details)
    refuse_absent(call, spec.api_name)
    return spec


def _named_module(call: Call) -> ModuleSpec:
    name = call.request.query.get("module", "")
    if not name:
        raise refuse("REQUIRED_PARAM_MISSING", details={"param_name": "module"})
    return _spec(call, name, {"param_name": "module"})


# fields


def list_fields(call: Call) -> Response:
    """Answer a module's fields; neither `id` nor the hidden ones are among them."""
    call.allow("settings.fields")
    shown = _show_fields(call, _named_module(call))
    return Response(200, {"fields": shown}) if shown else Response(204)


def get_field(call: Call) -> Response:
    """Answer one field, where a switch lets it be asked for."""
    call.allow("settings.fields")
    shown = [field for field in _show_fields(call, _named_module(call)) if field["id"] == call.arguments[0]]
    return Response(200, {"fields": shown}) if shown else Response(204)


def _fields(call: Call, spec: ModuleSpec) -> list[Field]:
    store = call.organization.store(spec.api_name)
    fields = store.fields.values() if store else spec.fields
    return [field for field in fields if not field.hidden]


def _show_fields(call: Call, spec: ModuleSpec) -> list[dict[str, Any]]:
    return [_show_field(call.organization, spec, field, n) for n, field in enumerate(_fields(call, spec), 1)]


def _show_field(organization: Organization, spec: ModuleSpec, field: Field, number: int) -> dict[str, Any]:
    """Show a field with the complete recorded key set; what does not apply is `{}`."""
    settable = not field.read_only
    shown: dict[str, Any] = {
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
        "subform": _show_subform(organization, field),
        "separator": False,
        "searchable": field.data_type not in {"textarea", "subform", "profileimage"},
        "external": None,
        "api_name": field.api_name,
        "parent_field": None,
        "unique": {"casesensitive": "0"} if field.unique else {},
        "enable_colour_code": False,
        "child_fields": None,
        "pick_list_values": [_show_value(organization, spec, field, n, v) for n, v in enumerate(field.values, 1)],
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
        "global_picklist": None,
        "display_format": None,
        "history_tracking": None,
        "data_type": field.data_type,
        "formula": {},
        "decimal_place": 2 if field.data_type in {"currency", "double"} else None,
        "mass_update": settable and not field.unique,
        "multiselectlookup": {},
        "auto_number": {},
    }
    if field.mandatory:
        shown["quick_sequence_number"] = str(number)
    if field.data_type == "textarea":
        shown["textarea"] = {"type": "large" if field.length > 2_000 else "small"}
    if field.data_type == "picklist":
        shown["blueprint_supported"] = True
    return shown


def _show_value(organization: Organization, spec: ModuleSpec, field: Field, number: int, value: str) -> dict[str, Any]:
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


# layouts


def list_layouts(call: Call) -> Response:
    """Answer a module's layouts; those of Pipelines are the team pipelines."""
    call.allow("settings.layouts")
    spec = _named_module(call)
    shown = [_show_layout(call, spec, layout) for layout in _layouts(call.organization, spec)]
    return Response(200, {"layouts": shown}) if shown else Response(204)


def get_layout(call: Call) -> Response:
    """Answer one layout, where a switch lets it be asked for."""
    call.allow("settings.layouts")
    spec = _named_module(call)
    found = [layout for layout in _layouts(call.organization, spec) if str(layout.id) == call.arguments[0]]
    shown = [_show_layout(call, spec, layout) for layout in found]
    return Response(200, {"layouts": shown}) if shown else Response(204)


def _layouts(organization: Organization, spec: ModuleSpec) -> list[Layout]:
    if spec.api_name == "Pipelines":
        return organization.layouts
    if not spec.listable:
        return []
    return [Layout(organization.metadata_id("layout", spec.api_name, "Standard"), "Standard", organization.founded_at)]


def _show_layout(call: Call, spec: ModuleSpec, layout: Layout) -> dict[str, Any]:
    organization = call.organization
    name = f"{spec.singular} Information"
    section = {
        "display_label": name,
        "name": name,
        "api_name": name if call.switches["layout_labels"] else name.replace(" ", "_"),
        "sequence_number": 1,
        "column_count": 2,
        "type": "used",
        "fields": [_show_layout_field(call, spec, layout, n, field) for n, field in enumerate(_fields(call, spec), 1)],
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
        shown["pick_list_values"] = [_show_value(organization, spec, field, n, v) for n, v in enumerate(values, 1)]
    return shown


# custom views, related lists, roles, profiles


def list_views(call: Call) -> Response:
    """Answer a module's custom views: those that every organization has."""
    call.allow("settings.custom_views")
    spec = _named_module(call)
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
    shown = [view for view in _show_views(call, _named_module(call)) if view["id"] == call.arguments[0]]
    return Response(200, {"custom_views": shown}) if shown else Response(204)


def _show_views(call: Call, spec: ModuleSpec) -> list[dict[str, Any]]:
    every, own = view_ids(call.organization, spec.api_name)
    owner_id = str(call.organization.metadata_id("field", spec.api_name, "Owner"))
    mine = {"comparator": "equal", "field": {"api_name": "Owner", "id": owner_id}, "value": "${CURRENTUSER}"}
    columns = [field.api_name for field in _fields(call, spec) if field.mandatory or field.api_name == "Owner"]
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
    spec, organization = _named_module(call), call.organization
    names = RELATIONS.get(spec.api_name, {})
    shown = [
        {
            "id": str(organization.metadata_id("related_list", spec.api_name, name)),
            "sequence_number": str(number),
            "display_label": MODULES[name].plural,
            "api_name": name,
            "name": MODULES[name].plural,
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


def list_roles(call: Call) -> Response:
    """Answer the roles that people have."""
    call.allow("settings.roles")
    top = call.organization.admin.role
    shown = [_show_role(call.organization, name, top) for name in dict.fromkeys((top, *ROLES))]
    return Response(200, {"roles": shown})


def _show_role(organization: Organization, name: str, top: str) -> dict[str, Any]:
    above = {"name": top, "id": str(organization.metadata_id("role", top))}
    return {
        "display_label": name,
        "name": name,
        "share_with_peers": name == top,
        "description": "Sees data of all users" if name == top else "Sees data of those below",
        "id": str(organization.metadata_id("role", name)),
        "reporting_to": None if name == top else above,
        "admin_user": name == top,
    }


def list_profiles(call: Call) -> Response:
    """Answer the two profiles."""
    call.allow("settings.profiles")
    shown = [
        {
            "id": str(call.organization.metadata_id("profile", name)),
            "name": name,
            "display_label": name,
            "category": False,
            "description": f"The profile {name}",
            **dict.fromkeys(("created_time", "modified_time", "created_by", "modified_by")),
        }
        for name in PROFILES
    ]
    return Response(200, {"profiles": shown})


ROUTES = {
    "settings/custom_views": {"GET": list_views},
    "settings/custom_views/{id}": {"GET": get_view},
    "settings/related_lists": {"GET": list_related_lists},
    "settings/roles": {"GET": list_roles},
    "settings/profiles": {"GET": list_profiles},
    "org": {"GET": get_org},
    "users": {"GET": list_users},
    "users/{id}": {"GET": get_user},
    "settings/modules": {"GET": list_modules},
    "settings/modules/{module}": {"GET": get_module},
    "settings/fields": {"GET": list_fields},
    "settings/layouts": {"GET": list_layouts},
}
# Only where the switch `settings_by_id` says so.
ROUTES_BY_ID = {"settings/fields/{id}": {"GET": get_field}, "settings/layouts/{id}": {"GET": get_layout}}
