"""Jobs and the audit."""

from datetime import timedelta

import pytest
from django.utils import timezone

from django_bigin.models import (
    AuditEvent,
    Job,
)
from tests.support.admin import text_of, url

pytestmark = pytest.mark.django_db


def test_jobs_show_their_outcome(root, rows):
    Job.objects.update(state="failed", error="Bigin said <no>.")
    page = text_of(root.get(url(Job, "changelist")))
    assert ">Failed</span>" in page
    assert "Bigin said &lt;no&gt;." in page


def test_a_jobs_page_lays_out_what_each_module_gave(root, rows):
    job = Job.objects.first()
    Job.objects.filter(pk=job.pk).update(details={"Contacts": {"created": 2}})
    page = text_of(root.get(url(Job, "change", job.pk)))
    assert '<pre class="bigin-json">{\n  &quot;Contacts&quot;: {\n    &quot;created&quot;: 2' in page


def test_audit_is_filtered_by_action(root, rows):
    AuditEvent.objects.create(action="pause", at=timezone.now() - timedelta(days=1), detail="seen")
    page = text_of(root.get(url(AuditEvent, "changelist"), {"action": "pause"}))
    assert "seen" in page
    assert "acme organization" not in page
