"""Paths that Bigin v2 does not have, and those that the sandbox does not have yet: both are 404, and listed."""

import pytest

from django_bigin.sandbox import Sandbox
from django_bigin.sandbox.wire.messages import Request

from ..program import Program

# Of CRM: territories, blueprint, automation, approvals, currencies, variables, composite requests, mass update,
# pipelines in settings, the recycle bin, the audit log, usage, features. None is among Bigin's operations.
ABSENT = (
    "GET settings/territories",
    "GET Contacts/5/actions/blueprint",
    "PUT Contacts/5/actions/blueprint",
    "GET settings/automation/workflow_rules",
    "GET settings/automation/webhooks",
    "POST settings/automation/webhooks",
    "GET approvals",
    "POST Contacts/5/actions/approve",
    "GET org/currencies",
    "GET settings/variables",
    "POST __composite_requests",
    "POST Contacts/actions/mass_update",
    "GET settings/pipeline",
    "GET settings/recycle_bin",
    "POST recycle_bin",
    "POST Contacts/5/actions/restore",
    "GET settings/audit_log_export",
    "GET org/usage",
    "GET org/credits",
    "GET __features",
    "GET __features/user_licenses",
    "GET Contacts/5/__timeline",
)
# Bigin has these; the sandbox will.
LATER = (
    ("bulk write", "POST", "/bigin/bulk/v2/write"),
    ("bulk write", "GET", "/bigin/bulk/v2/write/5"),
    ("upload", "POST", "/bigin/v2/upload"),
    ("notifications", "POST", "/bigin/v2/actions/watch"),
    ("notifications", "GET", "/bigin/v2/actions/watch"),
    ("notifications", "PUT", "/bigin/v2/actions/watch"),
    ("notifications", "PATCH", "/bigin/v2/actions/watch"),
    ("notifications", "DELETE", "/bigin/v2/actions/watch"),
    ("attachments", "GET", "/bigin/v2/Contacts/5/Attachments"),
    ("attachments", "POST", "/bigin/v2/Contacts/5/Attachments"),
    ("attachments", "GET", "/bigin/v2/Contacts/5/Attachments/6"),
    ("attachments", "DELETE", "/bigin/v2/Contacts/5/Attachments/6"),
    ("photos", "POST", "/bigin/v2/Contacts/5/photo"),
    ("photos", "GET", "/bigin/v2/Contacts/5/photo"),
    ("photos", "DELETE", "/bigin/v2/Contacts/5/photo"),
    ("photos", "POST", "/bigin/v2/org/photo"),
    ("files", "POST", "/bigin/v2/files"),
    ("files", "GET", "/bigin/v2/files"),
    ("sending mail", "POST", "/bigin/v2/Contacts/5/actions/send_mail"),
    ("sending mail", "GET", "/bigin/v2/settings/emails/actions/from_addresses"),
    ("writing users", "POST", "/bigin/v2/users"),
    ("writing users", "PUT", "/bigin/v2/users"),
    ("writing users", "PUT", "/bigin/v2/users/5"),
    ("writing users", "DELETE", "/bigin/v2/users/5"),
    ("device flow", "POST", "/oauth/v3/device/code"),
    ("device flow", "POST", "/oauth/v3/device/token"),
)
MESSAGE = "Please check if the URL trying to access is a correct one"
NOWHERE = {"code": "INVALID_URL_PATTERN", "details": {}, "message": MESSAGE, "status": "error"}


@pytest.mark.parametrize("call", ABSENT)
def test_what_bigin_does_not_have_is_404_and_listed(sandbox, program, call):
    method, path = call.split()

    assert program.call(method, path, body={"data": [{}]}, fields="Owner")[:2] == (404, NOWHERE)
    assert [(c["method"], c["path"]) for c in sandbox.calls()["unknown"]] == [(method, "/bigin/v2/" + path)]


@pytest.mark.parametrize(("what", "method", "path"), LATER)
def test_what_comes_in_a_later_release_is_404_and_listed(sandbox, program, what, method, path):
    headers = {"Authorization": program.connect().authorization}

    assert program.ask(method, path, body={}, headers=headers)[:2] == (404, NOWHERE)
    assert [(c["method"], c["path"]) for c in sandbox.calls()["unknown"]] == [(method, path)]


def test_the_host_of_uploads_is_not_there_yet(sandbox, program):
    headers = {"Host": "content.zohoapis.com", "feature": "bulk-write"}

    assert sandbox.handle(Request("POST", "/bigin/v2/upload", headers)).status == 404
    assert [call["path"] for call in sandbox.calls()["unknown"]] == ["/bigin/v2/upload"]


def test_what_is_there_is_not_listed(program):
    with Sandbox() as sandbox:
        program = Program(sandbox).connect()
        program.get("org")
        program.get("Leads", fields="id")
        program.call("PATCH", "Contacts")

        assert sandbox.calls()["unknown"] == []
