"""Every model's list and pages, as somebody sees them who may see all."""

import pytest
from django.apps import apps
from django.contrib.admin.sites import site
from django.test import Client
from django.test.utils import CaptureQueriesContext

from django_bigin.models import (
    AuthorizationAttempt,
    ClientRegistration,
    ClientSecret,
    Connection,
    Heartbeat,
    Installation,
    ModuleSync,
    QuarantinedRow,
    Record,
    Tenant,
)
from tests.support.admin import ciphertext, text_of, url
from tests.support.databases import database
from tests.support.factories import (
    make_row_of_each_model,
)

pytestmark = pytest.mark.django_db

MODELS = sorted(apps.get_app_config("django_bigin").get_models(), key=lambda model: model.__name__)
WRITABLE = {Tenant, ClientRegistration, ClientSecret}
READ_ONLY = [model for model in MODELS if model not in {*WRITABLE, ModuleSync}]
OF_TENANTS = [model for model in MODELS if model not in {Heartbeat, Installation}]
by_name = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)


@by_name
def test_has_a_list_and_a_page(root, rows, model):
    assert model in site._registry
    assert "1 " in text_of(root.get(url(model, "changelist")))
    assert text_of(root.get(url(model, "change", rows[model].pk)))
    assert text_of(root.get(url(model, "history", rows[model].pk)))


@pytest.mark.parametrize("model", OF_TENANTS, ids=lambda model: model.__name__)
def test_list_takes_as_many_queries_for_twenty_rows_as_for_two(root, model):
    for number in range(2):
        make_row_of_each_model(f"few{number}")
    few = count_queries(root, url(model, "changelist"))
    for number in range(18):
        make_row_of_each_model(f"many{number}")
    assert count_queries(root, url(model, "changelist")) == few <= 9


@pytest.mark.parametrize("model", READ_ONLY, ids=lambda model: model.__name__)
def test_what_the_engine_writes_cannot_be_added_or_changed(root, rows, model):
    assert root.get(url(model, "add")).status_code == 403
    assert root.post(url(model, "add"), {}).status_code == 403
    assert root.post(url(model, "change", rows[model].pk), {}).status_code == 403


@pytest.mark.parametrize(
    "model",
    [model for model in [*READ_ONLY, ModuleSync] if model is not AuthorizationAttempt],
    ids=lambda model: model.__name__,
)
def test_what_the_engine_writes_cannot_be_deleted(root, rows, model):
    root.post(url(model, "delete", rows[model].pk), {"post": "yes"})
    root.post(
        url(model, "changelist"),
        {"action": "delete_selected", "_selected_action": [rows[model].pk], "post": "yes"},
    )
    assert model._default_manager.filter(pk=rows[model].pk).exists()


@by_name
def test_no_page_shows_a_secret_or_its_ciphertext(root, rows, model):
    row = rows[model]
    said = text_of(root.get(url(model, "changelist"))) + text_of(root.get(url(model, "change", row.pk)))
    connection, secret = rows[Connection], rows[ClientSecret]
    for hidden in (
        connection.refresh_token.reveal(),
        connection.access_token.reveal(),
        secret.secret.reveal(),
        ciphertext(connection, "refresh_token"),
        ciphertext(connection, "access_token"),
        ciphertext(secret, "secret"),
    ):
        assert hidden
        assert hidden not in said


@pytest.mark.parametrize(
    ("model", "lookup"),
    [
        (Connection, "refresh_token__startswith=v"),
        (Connection, "access_token__regex=."),
        (ClientSecret, "secret__contains=v"),
        (AuthorizationAttempt, "state_hash__startswith=a"),
        (Record, "data__Email__startswith=a"),
        (QuarantinedRow, "raw__contains=a"),
    ],
)
def test_no_query_string_can_ask_what_a_hidden_field_holds(root, rows, model, lookup):
    assert root.get(f"{url(model, 'changelist')}?{lookup}").status_code == 400


def count_queries(client: Client, address: str) -> int:
    client.get(address)  # content types and the like are read once
    with CaptureQueriesContext(database) as queries:
        assert client.get(address).status_code == 200
    return len(queries)
