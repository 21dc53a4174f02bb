"""Rows as people see them: badges, secrets without their value, a record's fields. Everything is escaped."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.timezone import localtime
from django.utils.translation import gettext

from ..health.findings import Finding
from ..health.kinds import Level
from ..health.words import words_for
from ..models import Job
from ..models.fields import is_stored
from ..translation import LazyText, translated

_OF_JOBS: Mapping[str, Level] = {
    Job.State.WAITING: Level.OFF,
    Job.State.RUNNING: Level.WARNING,
    Job.State.DONE: Level.GOOD,
    Job.State.FAILED: Level.ERROR,
}


def badge(level: Level, text: str) -> SafeString:
    """Show a word on a coloured ground."""
    return format_html('<span class="bigin-badge bigin-{}">{}</span>', level.value, text)


def finding_badge(finding: Finding) -> SafeString:
    """Show a finding in a word or two."""
    return badge(finding.level, translated(words_for(finding).label))


def job_badge(job: Job) -> SafeString:
    """Show the state of a job."""
    return badge(_OF_JOBS[job.state], job.get_state_display())


def secret_state(row: Model, name: str, *, detail: str = "") -> str:
    """Tell whether a secret is stored, without reading it."""
    return gettext("stored") + detail if is_stored(row, name) else gettext("none")


def sentence_of(name: str, label: LazyText, *, chars: int | None = None) -> Callable[[Any, Any], str]:
    """Make the method that shows a column with a stored sentence in the language of whoever reads it.

    Args:
        chars: cut off after so many, for a list.
    """

    @admin.display(description=label, ordering=name)
    def show(model_admin: Any, obj: Any) -> str:
        sentence = translated(getattr(obj, name))
        return sentence if chars is None else Truncator(sentence).chars(chars)

    show.column = name  # type: ignore[attr-defined]  # a function takes attributes; its help text is shown below
    return show


def moment(at: datetime | None) -> str:
    """Write a moment in the site's time zone and format."""
    return date_format(localtime(at), "DATETIME_FORMAT") if at else ""


def lines(values: Iterable[Any]) -> SafeString:
    """Show one value a line."""
    return format_html_join("\n", "<div>{}</div>", ((value,) for value in values))


def as_json(value: Any) -> SafeString:
    """Show a nested value, laid out."""
    return format_html('<pre class="bigin-json">{}</pre>', json.dumps(value, ensure_ascii=False, indent=2, default=str))


def record_fields(data: Mapping[str, Any], labels: Mapping[str, str]) -> SafeString:
    """Show a record's fields as a table; empty ones are left out.

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
    """Show the value of one field: lookups by name, nested ones as JSON."""
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
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
