"""Fixtures for pytest, which finds them by the package's entry point.

Nothing of Django or of the rest of the package is imported, and no sandbox started, before a test asks for one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ..models import Connection
    from ..sandbox import Sandbox

CHECKS = pytest.StashKey[list[Callable[[], None]]]()
WITHOUT_TRANSACTION = {"transactional_db", "live_server", "django_db_reset_sequences"}


@pytest.hookimpl(trylast=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """Check, once the test has passed, what its fixtures want checked: so it is the test that fails."""
    for check in item.stash.get(CHECKS, []):
        try:
            check()
        except AssertionError as error:
            pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="session")
def bigin_sandbox_options() -> dict[str, Any]:
    """The options of the sandbox, as `Sandbox` takes them. For projects to override."""
    return {}


@pytest.fixture(scope="session")
def bigin_running_sandbox(bigin_sandbox_options: dict[str, Any]) -> Iterator[Sandbox]:
    """The session's one sandbox. Tests take `bigin_sandbox`, which is this one, reset."""
    from ..sandbox import Sandbox

    with Sandbox(**bigin_sandbox_options) as sandbox:
        yield sandbox


@pytest.fixture
def bigin_sandbox(bigin_running_sandbox: Sandbox, request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """A sandbox as it was at its start: the package talks to it, and takes its time from it.

    A call that Bigin does not have fails the test that made it.
    """
    from .sandboxes import require_known_calls, settings_for, use
    from .transactions import refresh_in_transaction

    bigin_running_sandbox.reset()
    with ExitStack() as stack:
        _override(settings_for(bigin_running_sandbox), request, stack)
        stack.enter_context(use(bigin_running_sandbox))
        if _runs_in_transaction(request):
            stack.enter_context(refresh_in_transaction())
        _check_after(request, lambda: require_known_calls(bigin_running_sandbox), stack)
        yield bigin_running_sandbox


@pytest.fixture
def bigin_tenant(db: None) -> Any:
    """A tenant. For projects to override, with one of their own making."""
    from .factories import make_tenant

    return make_tenant()


@pytest.fixture
def bigin_connection(bigin_sandbox: Sandbox, bigin_tenant: Any) -> Connection:
    """`bigin_tenant`, connected to the sandbox's first organization by the package's own use case."""
    from .factories import connect

    return connect(bigin_tenant)


@pytest.fixture
def bigin_no_secrets_logged(bigin_sandbox: Sandbox, request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail the test if a secret of the sandbox is logged by any logger, at DEBUG, from here to the test's end."""
    from .leaks import listening, require_no_secrets

    with listening() as records, ExitStack() as stack:
        _check_after(request, lambda: require_no_secrets(records, bigin_sandbox.secrets()), stack)
        yield


def _override(values: dict[str, Any], request: pytest.FixtureRequest, stack: ExitStack) -> None:
    if request.config.pluginmanager.hasplugin("django"):
        # By pytest-django's own fixture, since a test may use it as well: two that undo each on its own would leave
        # behind what the other one had set.
        settings = request.getfixturevalue("settings")
        for name, value in values.items():
            setattr(settings, name, value)
        return
    from django.test import override_settings

    stack.enter_context(override_settings(**values))


def _runs_in_transaction(request: pytest.FixtureRequest) -> bool:
    """Tell whether a test's database is rolled back at its end; if not, tokens are refreshed as in production."""
    marker = request.node.get_closest_marker("django_db")
    given = (*marker.args[:2], marker.kwargs.get("transaction"), marker.kwargs.get("reset_sequences")) if marker else ()
    return not any(given) and WITHOUT_TRANSACTION.isdisjoint(request.fixturenames)


def _check_after(request: pytest.FixtureRequest, check: Callable[[], None], stack: ExitStack) -> None:
    checks = request.node.stash.setdefault(CHECKS, [])
    checks.append(check)
    stack.callback(checks.remove, check)
