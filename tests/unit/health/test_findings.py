"""Findings: what is judged of facts, and that each has words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from django_bigin.health.facts import ConnectionFacts, CreditFacts, Facts, LastSeen, ModuleFacts
from django_bigin.health.findings import Finding, judge, judge_connection, judge_module
from django_bigin.health.kinds import Cause, Fault, Kind, Level, Needs
from django_bigin.health.lines import phrase, verdict
from django_bigin.health.words import WORDS
from django_bigin.models import ClientRegistration, Connection, ModuleSync, Tenant

Status = Connection.Status

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)


def connection(status: str = Status.HEALTHY, **values: Any) -> Connection:
    """A connection that was never stored; fresh, and just made."""
    fresh = {"status_since": NOW, "created_at": NOW, "expires_at": NOW + timedelta(hours=1), "refresh_at": NOW}
    return Connection(
        tenant=Tenant(slug="acme"), registration=ClientRegistration(), status=status, org_name="Acme", **fresh | values
    )


def module(name: str = "Contacts", **values: Any) -> ModuleSync:
    return ModuleSync(module=name, **{"records_watermark": NOW, "next_run_at": NOW} | values)


def facts(row: Connection, *modules: ModuleSync, tick: datetime | None = None, worker: datetime | None = None) -> Facts:
    stored = ConnectionFacts(row, CreditFacts(0, 0, 0), tuple(ModuleFacts(each, 0) for each in modules))
    return Facts(NOW, LastSeen(tick=tick, worker=worker), (stored,))


@pytest.mark.parametrize(
    ("status", "level", "needs"),
    [
        (Status.PENDING, Level.WARNING, Needs.PERSON),
        (Status.HEALTHY, Level.GOOD, Needs.NOTHING),
        (Status.DEGRADED, Level.WARNING, Needs.TIME),
        (Status.MISCONFIGURED, Level.ERROR, Needs.PERSON),
        (Status.NEEDS_AUTHORIZATION, Level.ERROR, Needs.PERSON),
        (Status.PAUSED, Level.OFF, Needs.NOTHING),
        (Status.DISCONNECTED, Level.OFF, Needs.NOTHING),
    ],
)
def test_each_status_is_judged(status: str, level: Level, needs: Needs) -> None:
    finding = judge_connection(connection(status, status_reason="Because."))
    assert finding == Finding("Acme ()", status, level, needs, "Because.", since=NOW)


@pytest.mark.parametrize(
    ("values", "kind", "needs"),
    [
        ({}, Kind.COMPLETE, Needs.NOTHING),
        ({"records_watermark": None}, Kind.UNREAD, Needs.NOTHING),
        ({"incomplete_reason": "More."}, Kind.INCOMPLETE, Needs.NOTHING),
        ({"last_error": "No.", "incomplete_reason": "More."}, Kind.FAILED, Needs.LOOK),
        ({"unavailable_reason": "Not here.", "last_error": "No."}, Kind.UNAVAILABLE, Needs.NOTHING),
        ({"enabled": False, "last_error": "No."}, Kind.SWITCHED_OFF, Needs.NOTHING),
    ],
)
def test_of_several_reasons_the_weightiest_is_found(values: dict[str, Any], kind: Kind, needs: Needs) -> None:
    finding = judge_module(module(**values))
    assert (finding.kind, finding.needs) == (kind, needs)


@pytest.mark.parametrize(
    ("status", "needs"),
    [
        (Status.HEALTHY, Needs.LOOK),
        (Status.DEGRADED, Needs.TIME),
        (Status.MISCONFIGURED, Needs.PERSON),
        (Status.PAUSED, Needs.NOTHING),
    ],
)
def test_trouble_with_the_grant_explains_that_of_the_modules(status: str, needs: Needs) -> None:
    health = judge(facts(connection(status), module(last_error="No.")))
    assert health.needs == (needs,)


def test_what_is_well_is_no_finding() -> None:
    [health] = judge(facts(connection(), module(), module("Notes", enabled=False))).connections
    assert (health.findings, health.needs) == ((), Needs.NOTHING)


def test_what_is_overdue_is_found_with_the_moment_since_which_it_is() -> None:
    old = NOW - timedelta(days=2)
    row = connection(status_since=old, created_at=old)
    health = judge(facts(row, module(next_run_at=old, last_success_at=old)))
    [finding] = health.connections[0].findings
    assert (finding.subject, finding.kind, finding.since) == ("Contacts", Kind.OVERDUE, old)
    assert verdict(health, ["acme"]).startswith(
        "1 of 1 connections is unhealthy. Nobody does what is due: acme: Contacts since 2026-10-31 12:00 UTC."
    )


def test_a_tick_that_fell_silent_is_a_finding_about_the_installation() -> None:
    health = judge(facts(connection(), module(), tick=NOW - timedelta(hours=1)))
    assert [(each.kind, each.needs) for each in health.installation] == [(Kind.SILENT_TICK, Needs.LOOK)]
    assert verdict(health, ["acme"]).startswith("Last seen: tick 2026-11-02 11:00 UTC, worker never.")


def test_nothing_is_said_where_all_is_well() -> None:
    assert verdict(judge(facts(connection(), module(), tick=NOW)), ["acme"]) == ""


def test_every_finding_has_words() -> None:
    assert set(WORDS) == {*Status.values, *Kind, *Cause, *Fault}
    assert phrase(Finding("Contacts", Kind.FAILED, Level.ERROR, reason="No.")) == "failed: No."
