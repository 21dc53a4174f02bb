"""What every test may use, and what no test may do."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.services import MISSING, database_is_missing, in_ci

PLUGIN = "django_bigin.testing.pytest_plugin"

skipped_for_want_of_a_service: list[str] = []


def pytest_configure(config: pytest.Config) -> None:
    """Load the testing kit's fixtures in a checkout that is on the path but not installed, and has no entry points."""
    if not config.pluginmanager.hasplugin("django_bigin"):
        config.pluginmanager.import_plugin(PLUGIN)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what needs a database server that is not there; in CI, stop instead."""
    from django.conf import settings

    if len(settings.DATABASES) > 1:  # see BIGIN_TEST_ROUTER
        let_them_use_every_database(items)
    reason = database_is_missing(settings.DATABASES["default"])
    if not reason:
        return
    if in_ci():
        raise pytest.UsageError(reason)
    for item in items:
        if uses_database(item):
            item.add_marker(pytest.mark.skip(reason=reason))


def let_them_use_every_database(items: list[pytest.Item]) -> None:
    for item in items:
        if uses_database(item):
            marker = item.get_closest_marker("django_db")
            given = marker.kwargs if marker else {}
            item.add_marker(pytest.mark.django_db(**{**given, "databases": "__all__"}), append=False)


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


@pytest.fixture
def sandbox(bigin_sandbox: Any) -> Any:
    """The testing kit's: as it was at its start, with the package pointed to it and following its clock."""
    return bigin_sandbox


@pytest.fixture
def organization(sandbox: Any) -> dict[str, str]:
    """The sandbox's first organization: data_center, org_id, client_id, client_secret, grant_token and so on."""
    return sandbox.organizations[0]


@pytest.fixture
def connection(bigin_connection: Any) -> Any:
    """The testing kit's: a new tenant's connection to the sandbox's first organization, made by its self client."""
    return bigin_connection


@pytest.fixture(scope="session", autouse=True)
def empty_tables_by_deleting() -> Iterator[None]:
    """Empty PostgreSQL's tables after a test by DELETE: TRUNCATE makes a new file for each table and index."""
    from django.db import connection

    if connection.vendor != "postgresql":
        yield
        return

    def sql_flush(operations: Any, style: Any, tables: Any, **options: Any) -> list[str]:
        # In any order: Django's foreign keys are checked at the end of the transaction.
        return [f"DELETE FROM {operations.quote_name(table)}" for table in tables]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(connection.ops), "sql_flush", sql_flush)
        yield


@pytest.fixture
def page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Store each page of a scan by itself, so that little is enough for a test of what happens between two commits."""
    from django_bigin.sync import pipeline

    monkeypatch.setattr(pipeline, "ROWS_AT_ONCE", 1)
