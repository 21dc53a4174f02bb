"""What a test needs from outside: there, or the test is skipped on a developer's machine and fails in CI."""

import os
import shutil
import socket

import pytest

MISSING = "missing service: "

DEFAULT_PORTS = {"postgresql": 5432, "mysql": 3306, "redis": 6379, "rabbitmq": 5672}


def in_ci() -> bool:
    return os.environ.get("CI", "").lower() not in ("", "0", "false", "no")


def is_reachable(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=3):
            return True
    except OSError:
        return False


def require_service(name: str, *, host: str = "127.0.0.1", port: int | None = None) -> None:
    """Skip the calling test when the service does not listen; in CI, fail it: a skip there would hide a gap."""
    port = port or DEFAULT_PORTS[name]
    if is_reachable(host, port):
        return
    reason = f"{MISSING}{name} does not answer at {host}:{port}"
    if in_ci():
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def require_programs(*names: str) -> None:
    """Skip the calling test when a program is not installed; in CI, fail it, as `require_service` does."""
    missing = [name for name in names if shutil.which(name) is None]
    if not missing:
        return
    reason = f"{MISSING}there is no {', '.join(missing)}"
    if in_ci():
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def database_is_missing(settings_dict: dict) -> str:
    """Say why the configured database cannot be used, or "" when it can (SQLite always can)."""
    vendor = settings_dict["ENGINE"].rsplit(".", 1)[-1]
    if vendor not in DEFAULT_PORTS:
        return ""
    host = settings_dict.get("HOST") or "127.0.0.1"
    port = int(settings_dict.get("PORT") or DEFAULT_PORTS[vendor])
    if host.startswith("/") or is_reachable(host, port):
        return ""
    return f"{MISSING}{vendor} does not answer at {host}:{port}"
