"""A sandbox that the package talks to while a test runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from django.conf import settings as django_settings
from django.test import override_settings

from ..connections.network import shared_session
from ..encryption.keyring import new_key
from ..sandbox import Sandbox

CLOCK = "django_bigin.testing.clock.now"

_in_use: list[Sandbox] = []
if hasattr(os, "register_at_fork"):
    # A forked child has a copy whose clock nobody moves; by its address it finds the one that answers.
    os.register_at_fork(after_in_child=_in_use.clear)


@contextmanager
def running_sandbox(**options: Any) -> Iterator[Sandbox]:
    """Start a sandbox; until the end the package talks to it, and takes the time from it.

    Args:
        options: as `django_bigin.sandbox.Sandbox` takes them: records={"Contacts": 50}, organizations=[...], seed=...

    Raises:
        AssertionError: at the end, where a call came that Bigin does not have.
    """
    with Sandbox(**options) as sandbox:
        with override_settings(**settings_for(sandbox)), use(sandbox):
            try:
                yield sandbox
            finally:
                shared_session().close()
        require_known_calls(sandbox)


def sandbox_in_use() -> Sandbox:
    """Return the sandbox that the test uses.

    Raises:
        RuntimeError: there is none.
    """
    sandbox = find_sandbox()
    if sandbox is None:
        raise RuntimeError(
            "No sandbox is running here: take the fixture bigin_sandbox, call `with running_sandbox():`, or derive the "
            "test from BiginTestCase (where it runs from setUp on, not yet in setUpTestData)."
        )
    return sandbox


def find_sandbox() -> Sandbox | None:
    """Return the sandbox that the test uses; of several the latest; None where there is none."""
    return _in_use[-1] if _in_use else None


@contextmanager
def use(sandbox: Sandbox) -> Iterator[None]:
    """Make a running sandbox the one whose clock is followed and to which tenants are connected."""
    from ..work import heartbeats

    heartbeats.forget()  # the rows of another test are gone
    _in_use.append(sandbox)
    try:
        yield
    finally:
        _in_use.remove(sandbox)


def settings_for(sandbox: Sandbox) -> dict[str, Any]:
    """Return the settings that point the package to a sandbox; with a key where the site's tests have none."""
    values: dict[str, Any] = {"BIGIN_SANDBOX_URL": sandbox.url, "BIGIN_CLOCK": CLOCK}
    if not getattr(django_settings, "BIGIN_ENCRYPTION_KEYS", None):
        values["BIGIN_ENCRYPTION_KEYS"] = [_key_for_tests()]
    return values


@cache
def _key_for_tests() -> str:
    """Return one key for the whole run: rows may outlive the sandbox they were made with."""
    return new_key()


def require_known_calls(sandbox: Sandbox) -> None:
    """Look whether the code under test asked for something that Bigin does not have.

    Raises:
        AssertionError: it names the calls. `sandbox.clear_calls()` forgets those that a test makes on purpose.
    """
    unknown = sandbox.calls()["unknown"]
    if unknown:
        raise AssertionError(f"the sandbox does not know these calls: {unknown}")
