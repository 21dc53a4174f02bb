"""Health as one document for programs: what `bigin_status --json` prints."""

from __future__ import annotations

from typing import Any

from ..tenants import tenant_label
from .facts import ModuleFacts
from .findings import ConnectionHealth, Finding, Health
from .kinds import Kind
from .words import words_for


def as_document(health: Health) -> dict[str, Any]:
    """Return everything known, in plain values and moments. The keys are documented."""
    seen = health.facts.last_seen
    return {
        "connections": [_connection(each) for each in health.connections],
        "findings": [_finding(each) for each in health.installation],
        "last_seen": {"tick": seen.tick, "worker": seen.worker, "kinds": dict(seen.kinds)},
    }


def _connection(health: ConnectionHealth) -> dict[str, Any]:
    row, credits = health.facts.row, health.facts.credits
    return {
        "connection": row.pk,
        "tenant": tenant_label(row.tenant),
        "data_center": row.data_center,
        "organization": {"id": row.org_id, "name": row.org_name},
        "status": row.status,
        "reason": row.status_reason,
        "since": row.status_since,
        "token_expires_at": row.expires_at,
        "next_attempt_at": row.next_attempt_at,
        "credits": {
            "used": credits.used,
            "calls": credits.calls,
            "budget": credits.budget,
            "rests_until": credits.rests_until,
        },
        "quarantined": health.quarantined,
        "modules": [
            _module(module, finding) for module, finding in zip(health.facts.modules, health.modules, strict=True)
        ],
        "findings": [_finding(each) for each in health.findings],
    }


def _module(module: ModuleFacts, finding: Finding) -> dict[str, Any]:
    row = module.row
    return {
        "module": row.module,
        "state": finding.kind,
        "enabled": row.enabled,
        "records": module.records,
        "quarantined": module.quarantined,
        "watermark": row.records_watermark,
        "last_success_at": row.last_success_at,
        "last_error": row.last_error,
        "last_error_at": row.last_error_at,
        "unavailable": row.unavailable_reason,
        "incomplete": finding.reason if finding.kind == Kind.INCOMPLETE else row.incomplete_reason,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    words = words_for(finding)
    return {
        "code": finding.code.text if finding.code else "",
        "subject": finding.subject,
        "kind": finding.kind,
        "level": finding.level,
        "needs": finding.needs,
        "since": finding.since,
        "reason": finding.reason,
        "what_happened": words.happened,
        "what_to_do": words.person_does,
    }
