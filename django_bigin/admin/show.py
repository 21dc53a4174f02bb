"""How rows are shown to people: badges, what is said of a secret, a record's fields. Everything is escaped."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Model
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from ..models import Connection, Job, ModuleSync
from ..models.fields import is_stored

Status = Connection.Status

CONNECTION_COLOURS: Mapping[str, str] = {
    Status.PENDING: "wait",
    Status.HEALTHY: "good",
    Status.DEGRADED: "wait",
    Status.MISCONFIGURED: "bad",
    Status.NEEDS_AUTHORIZATION: "bad",
    Status.PAUSED: "off",
    Status.DISCONNECTED: "off",
}
JOB_COLOURS: Mapping[str, str] = {
    Job.State.WAITING: "off",
    Job.State.RUNNING: "wait",
    Job.State.DONE: "good",
    Job.State.FAILED: "bad",
}


def badge(colour: str, text: str) -> SafeString:
    """A word on a coloured ground: good, wait, bad or off."""
    return format_html('<span class="bigin-badge bigin-{}">{}</span>', colour, text)


def connection_badge(connection: Connection) -> SafeString:
    """A connection's status."""
    return badge(CONNECTION_COLOURS.get(connection.status, "off"), connection.get_status_display())


def job_badge(job: Job) -> SafeString:
    """How far a job is."""
    return badge(JOB_COLOURS.get(job.state, "off"), job.get_state_display())


def module_badge(module: ModuleSync) -> SafeString:
    """How complete the mirror of a module is."""
    if not module.enabled:
        return badge("off", "Switched off")
    if module.unavailable_reason:
        return badge("off", "Not available")
    if module.last_error:
        return badge("bad", "Failed")
    if module.incomplete_reason:
        return badge("wait", "Incomplete")
    return badge("good", "Complete") if module.records_watermark else badge("off", "Not read yet")


def secret_state(row: Model, name: str, *, detail: str = "") -> str:
    """What may be said of a secret."""
    return f"stored{detail}" if is_stored(row, name) else "none"


def moment(at: datetime | None) -> str:
    """A moment in the site's time zone and format."""
    return date_format(localtime(at), "DATETIME_FORMAT") if at else ""


def lines(values: Iterable[Any]) -> SafeString:
    """One value a line."""
    return format_html_join("\n", "<div>{}</div>", ((value,) for value in values))


def as_json(value: Any) -> SafeString:
    """A nested value, laid out."""
    return format_html('<pre class="bigin-json">{}</pre>', json.dumps(value, ensure_ascii=False, indent=2, default=str))


def record_fields(data: Mapping[str, Any], labels: Mapping[str, str]) -> SafeString:
    """A record's fields as a table; those that are empty in Bigin are left out.

    Args:
        labels: field name to label, in the order to show them; fields that it does not hold come last.
    """
    names = [name for name in labels if name in data] + [name for name in data if name not in labels]
    rows = format_html_join(
        "\n",
        '<tr><th>{} <span class="bigin-api-name">{}</span></th><td>{}</td></tr>',
        (
            (labels.get(name) or name, name if labels.get(name, name) != name else "", field_value(data[name]))
            for name in names
            if data[name] not in (None, "", [], {})
        ),
    )
    return format_html('<table class="bigin-fields">{}</table>', rows)


def field_value(value: Any) -> str:
    """One field's value: lookups by name, nested ones as JSON."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return f"{value['name']} ({value['id']})" if _is_lookup(value) else as_json(value)
    if isinstance(value, list):
        if all(isinstance(each, str | int | float) for each in value):
            return ", ".join(str(each) for each in value)
        if all(_is_lookup(each) for each in value):
            return ", ".join(field_value(each) for each in value)
        return as_json(value)
    return str(value)


def _is_lookup(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("name"), str) and "id" in value
