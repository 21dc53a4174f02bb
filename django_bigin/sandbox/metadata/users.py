"""The organization, its users, roles and profiles.

The key sets are the recorded ones. Source: api-records section 14, api-bulk-notify-files section 10.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..calls.call import Call
from ..records.listing import PER_PAGE, read_number
from ..wire.messages import Response
from ..wire.refusals import refuse
from ..world.organization import COUNTRIES, PROFILES, Organization, User

PAID_SECONDS, TRIAL_SECONDS = 3 * 366 * 86_400, 15 * 86_400
ROLES = ("CEO", "Manager")
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
COLOURS = {"font_color": "#FFFFFF", "background": "#222222"}
CUSTOMIZE_INFO = {
    **dict.fromkeys(("notes_desc", "show_right_panel", "bc_view")),
    "show_home": False,
    "show_detail_view": True,
    "show_left_panel": True,
    "unpin_recent_item": None,
}
THEME = {
    "normal_tab": COLOURS,
    "selected_tab": COLOURS,
    "new_background": None,
    "background": "#F3F0EB",
    "screen": "fixed",
    "type": "default",
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
            "paid_type": organization.product.paid_plan if organization.paid else "free",
            "paid_expiry": paid_until if organization.paid else None,
            "trial_type": None if organization.paid else organization.product.paid_plan,
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
        "customize_info": dict(CUSTOMIZE_INFO),
        "theme": dict(THEME),
    }


def _offset_milliseconds(text: str) -> int:
    sign = -1 if text[-6] == "-" else 1
    return sign * (int(text[-5:-3]) * 60 + int(text[-2:])) * 60_000


# roles and profiles


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
    "org": {"GET": get_org},
    "users": {"GET": list_users},
    "users/{id}": {"GET": get_user},
    "settings/roles": {"GET": list_roles},
    "settings/profiles": {"GET": list_profiles},
}
