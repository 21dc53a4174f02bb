"""What every test may use, and what no test may do."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support import clock
from tests.support.services import MISSING, database_is_missing, in_ci

SANDBOX = pytest.StashKey[Any]()

skipped_for_want_of_a_service: list[str] = []


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what needs a database server that is not there; in CI, stop instead."""
    from django.conf import settings

    reason = database_is_missing(settings.DATABASES["default"])
    if not reason:
        return
    if in_ci():
        raise pytest.UsageError(reason)
    for item in items:
        if uses_database(item):
            item.add_marker(pytest.mark.skip(reason=reason))


def uses_database(item: pytest.Item) -> bool:
    fixtures = set(getattr(item, "fixturenames", ()))
    return item.get_closest_marker("django_db") is not None or bool(fixtures & {"db", "transactional_db"})


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Name a case by its argument where the value may be a key or a token: random ones would differ between workers."""
    if isinstance(val, str) and len(val) > 32 and not any(character.isspace() for character in val):
        return argname
    return None


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and MISSING in str(report.longrepr):
        skipped_for_want_of_a_service.append(report.nodeid)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if in_ci() and skipped_for_want_of_a_service:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if in_ci() and skipped_for_want_of_a_service:
        terminalreporter.section("skipped for want of a service, which CI does not accept")
        for nodeid in skipped_for_want_of_a_service:
            terminalreporter.line(nodeid)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Fail the test that made a call the sandbox does not know: the client asked for something Bigin does not have."""
    result = yield
    if (sandbox := item.stash.get(SANDBOX, None)) is not None:
        refuse_unknown_calls(sandbox)
    return result


def refuse_unknown_calls(sandbox: Any) -> None:
    if unknown := sandbox.calls()["unknown"]:
        pytest.fail(f"the sandbox does not know these calls: {unknown}", pytrace=False)


@pytest.fixture(scope="session", autouse=True)
def only_this_machine() -> Iterator[None]:
    """Let no test reach a real host: one that forgets the sandbox would send its secrets to Zoho."""
    connect = socket.socket.connect

    def connect_to_this_machine(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not is_this_machine(address[0]):
            raise AssertionError(f"a test tried to reach {address[0]}: tests use the sandbox")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect_to_this_machine)
        yield


def is_this_machine(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Any]:
    """One sandbox for the whole session. Tests take `sandbox`, which is this one, reset."""
    from django_bigin.sandbox import Sandbox

    with Sandbox() as running:
        yield running


@pytest.fixture
def sandbox(running_sandbox: Any, settings: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A sandbox as it was at its start; the package talks to it, and the package's clock is its clock."""
    running_sandbox.reset()
    running_sandbox.clear_calls()
    settings.BIGIN_SANDBOX_URL = running_sandbox.url
    clock.follow(running_sandbox)
    request.node.stash[SANDBOX] = running_sandbox
    yield running_sandbox
    clock.follow(None)


@pytest.fixture
def organization(sandbox: Any) -> dict[str, str]:
    """The sandbox's first organization: data_center, org_id, client_id, client_secret, grant_token and so on."""
    return sandbox.organizations[0]
