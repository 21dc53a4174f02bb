"""Refusals of the accounts server, and the credentials that it checks first. Source: oauth sections 5 to 9."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import unquote_plus

from ..wire.addresses import Address
from ..wire.messages import Request
from ..wire.refusals import Refusal
from ..world.state import Client, State

# Recorded, byte for byte.
THROTTLED = {
    "en": {
        "error_description": "You have made too many requests continuously. Please try again after some time.",
        "error": "Access Denied",
        "status": "failure",
    },
    "zh": {"error_description": "您已连续提出过多请求，请稍后再试。", "error": "拒绝访问", "status": "failure"},
}


def refused(error: str, *, status: int = 200) -> Refusal:
    """Build the accounts server's refusal: one key, and HTTP 200 for all that concerns client, secret or code."""
    return Refusal(status, {"error": error}, outcome=error)


def throttled(switches: dict[str, Any]) -> Refusal:
    """Build the refusal of a program that asks too often."""
    return Refusal(switches["throttle_status"], dict(THROTTLED[switches["throttle_locale"]]), outcome="throttled")


def need_method(request: Request, method: str) -> None:
    """Refuse a request made by another method."""
    if request.method != method:
        raise refused("invalid_request", status=400)


def authenticate(state: State, parameters: dict[str, str], address: Address) -> Client:
    """Return the client that the credentials belong to, or refuse them."""
    client = state.clients.get(parameters.get("client_id", ""))
    if client is None or not client.is_enabled(address.data_center):
        raise refused("invalid_client")
    if parameters.get("client_secret") != client.secrets[address.data_center]:
        raise refused(state.switches["bad_secret_error"])
    return client


def basic_credentials(request: Request) -> dict[str, str]:
    """Read a client's id and secret from the Authorization header; nothing if it is of another scheme."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return {}
    try:
        client_id, _, client_secret = base64.b64decode(value).decode().partition(":")
    except ValueError:
        return {}
    # Form-encoded before base64, says RFC 6749; some programs write the dot of a client's id as %2E.
    return {"client_id": unquote_plus(client_id), "client_secret": unquote_plus(client_secret)}
