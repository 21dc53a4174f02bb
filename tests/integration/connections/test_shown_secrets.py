"""What a failure shows: no token and no secret, not even to a debugger."""

import traceback
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from django_bigin.connections import authorize, open_client, tokens
from django_bigin.encryption.secret import Secret
from django_bigin.exceptions import BiginError
from django_bigin.models import Connection
from tests.support.factories import make_registration, make_superuser
from tests.support.grants import TOKEN, let_token_expire
from tests.support.mirror import connect

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def organization(organization: dict[str, str]) -> dict[str, str]:
    """The organization as a careful caller hands it over: the arguments of our functions are local variables too."""
    return {name: Secret(value) if isinstance(value, str) else value for name, value in organization.items()}


def locals_of(error: BaseException) -> str:
    """What a debugger shows of every frame but the tests' own, which hold the secrets as the sandbox gave them."""
    frames = traceback.TracebackException.from_exception(error, capture_locals=True).stack
    return "".join(str(frame.locals) for frame in frames if "/tests/" not in frame.filename)


@pytest.mark.parametrize("how", [{"status": 500}, {"drop": "before"}, {"status": 200, "body": {"error": "nonsense"}}])
def test_no_token_stands_in_the_local_variables_of_a_failed_refresh(
    how: dict[str, Any], sandbox: Any, connection: Connection
) -> None:
    let_token_expire(sandbox)
    sandbox.fail(TOKEN, times=3, **how)
    with pytest.raises(BiginError) as raised:
        tokens.ensure_fresh_token(connection.pk)
    shown = locals_of(raised.value)
    assert [secret["kind"] for secret in sandbox.secrets() if secret["value"] in shown] == []


def test_no_token_stands_in_the_local_variables_of_a_failed_call(sandbox: Any, connection: Connection) -> None:
    sandbox.fail("GET /bigin/v2/Contacts", drop="before", times=3)
    with pytest.raises(BiginError) as raised:
        open_client(connection).records.fetch_page("Contacts", fields=["Last_Name"])
    shown = locals_of(raised.value)
    assert [secret["kind"] for secret in sandbox.secrets() if secret["value"] in shown] == []


def test_no_secret_stands_in_the_local_variables_of_a_refused_connect(
    sandbox: Any, organization: dict[str, str]
) -> None:
    for fault in ({"status": 500}, {"drop": "after"}, {"status": 200, "body": {"error": "invalid_client_secret"}}):
        sandbox.fail(TOKEN, **fault)
        with pytest.raises(BiginError) as raised:
            connect(organization)
        shown = locals_of(raised.value)
        assert [secret["kind"] for secret in sandbox.secrets() if secret["value"] in shown] == []


def test_what_a_careless_caller_hands_over_is_shown_by_no_frame_of_ours(sandbox: Any) -> None:
    sandbox.fail(TOKEN, status=500)
    with pytest.raises(BiginError) as raised:
        connect(sandbox.organizations[0])
    shown = locals_of(raised.value)
    assert [secret["kind"] for secret in sandbox.secrets() if secret["value"] in shown] == []


def test_the_beginning_of_an_authorization_shows_neither_state_nor_nonce(connection: Connection) -> None:
    registration = make_registration(connection.tenant, kind="server", redirect_uri="https://site.example/callback")
    start = authorize.begin(make_superuser(), connection.tenant, registration)
    [state] = parse_qs(urlsplit(start.url).query)["state"]
    assert state not in repr(start)
    assert start.nonce not in repr(start)
