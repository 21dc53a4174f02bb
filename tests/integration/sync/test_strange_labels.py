"""Names and labels that no database stores are cleaned where they are read: they stop no module and no tenant."""

import json
from typing import Any

import pytest

from django_bigin.models import Connection, Job, ModuleSchema, ModuleSync
from django_bigin.sync.schema import refresh_connection_metadata
from tests.support.mirror import connect, sync
from tests.support.ticking import tick, work_off

pytestmark = pytest.mark.django_db(transaction=True)

UNSTORABLE = pytest.mark.parametrize("bad", ["\x00", "\ud800"], ids=["NUL", "half a character"])


def answer(sandbox: Any, call: str, document: dict[str, Any]) -> None:
    sandbox.fail(call, status=200, body=json.dumps(document), content_type="application/json", times=1)


@UNSTORABLE
def test_of_fields(bad: str, sandbox: Any, connection: Connection) -> None:
    ModuleSync.objects.create(connection=connection, module="Contacts")
    field = {"api_name": f"Last{bad}_Name", "field_label": f"Last{bad} name", "data_type": f"te{bad}xt"}
    link = {"api_name": "Link", "lookup": {"module": {"api_name": f"Com{bad}panies"}}, "json_type": f"json{bad}"}
    answer(sandbox, "GET /bigin/v2/settings/fields", {"fields": [{**field, "display_field": True}, link]})
    refresh_connection_metadata(connection)
    first = ModuleSchema.objects.exclude(fields=[]).order_by("pk")
    stored = json.dumps([schema.fields for schema in first], ensure_ascii=False)
    assert "Last\ufffd name" in stored
    assert "Com\ufffdpanies" in stored
    assert "\\u0000" not in stored


@UNSTORABLE
def test_of_modules(bad: str, sandbox: Any, connection: Connection) -> None:
    module = {"api_name": "Contacts", "plural_label": f"Con{bad}tacts", "api_supported": True}
    answer(sandbox, "GET /bigin/v2/settings/modules", {"modules": [module]})
    sync(connection, "Contacts")
    assert ModuleSchema.objects.get(module="Contacts").label == "Con\ufffdtacts"


@UNSTORABLE
def test_of_the_organization_and_of_the_user(bad: str, sandbox: Any, organization: dict[str, str]) -> None:
    company = {"zgid": organization["org_id"], "company_name": f"Ac{bad}me", "time_zone": f"Europe/{bad}"}
    answer(sandbox, "GET /bigin/v2/org", {"org": [company]})
    answer(sandbox, "GET /bigin/v2/users", {"users": [{"id": "7", "email": f"a{bad}@acme.example"}]})
    connection = connect(organization)
    connection.refresh_from_db()
    assert (connection.org_name, connection.org_time_zone) == ("Ac\ufffdme", "Europe/\ufffd")
    assert connection.zoho_user_email == "a\ufffd@acme.example"


@UNSTORABLE
def test_of_an_error(bad: str, sandbox: Any, connection: Connection) -> None:
    body = json.dumps({"code": f"ODD{bad}", "message": f"odd {bad}", "details": {"api_name": bad}, "status": "error"})
    sandbox.fail("GET /bigin/v2/Contacts", status=400, body=body, content_type="application/json", times=None)
    work_off(tick())
    work_off(tick())
    assert "odd" in ModuleSync.objects.get(module="Contacts").last_error.lower()
    assert all(text.isprintable() for text in Job.objects.values_list("error", flat=True))


def test_the_other_tenant_has_its_turn(sandbox: Any, connection: Connection) -> None:
    other = connect(sandbox.add_organization())
    sandbox.fail(
        "GET /bigin/v2/settings/fields",
        status=200,
        body=json.dumps({"fields": [{"api_name": "Last_Name", "field_label": "a\x00b"}]}),
        content_type="application/json",
        times=None,
    )
    work_off(tick())
    assert set(Connection.objects.exclude(metadata_at=None)) == {connection, other}
