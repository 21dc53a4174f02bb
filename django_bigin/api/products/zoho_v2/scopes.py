"""The scopes of the API that Bigin and Zoho CRM share."""

from __future__ import annotations

from collections.abc import Sequence


def scope_name(method: str, parts: Sequence[str]) -> str:
    """Name the narrowest scope that a call needs, without the product's prefix, such as "modules.contacts.READ".

    Args:
        parts: of the path below the product's base path.
    """
    operation = {"POST": "CREATE", "PUT": "UPDATE", "DELETE": "DELETE"}.get(method, "READ")
    if parts[0] == "coql":
        return "coql.READ"
    if parts[0] in ("org", "users"):
        return f"{parts[0]}.{operation}"
    if parts[0] == "settings":
        return f"settings.{parts[1] if len(parts) > 1 else 'modules'}.{operation}"
    return f"modules.{parts[0].lower()}.{operation}"
