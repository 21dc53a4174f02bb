"""`bigin_connect`: what it connects, what it refuses, and that no secret leaves its files."""

import io

import pytest

from django_bigin.models import ClientSecret, Connection, Tenant
from tests.support.commands import Ran, connect_arguments, private_file
from tests.support.factories import make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


def test_connects_a_self_client_with_no_other_step(organization, files):
    ran = Ran("bigin_connect", *connect_arguments(organization, files))

    connection = Connection.objects.get()
    assert (ran.code, ran.error, ran.err) == (0, "", "")
    assert "Connected tenant acme (created now)" in ran.out
    assert connection.status == Connection.Status.HEALTHY
    assert connection.org_id == organization["org_id"]
    assert connection.tenant == Tenant.objects.get(slug="acme", name="acme")
    assert ClientSecret.objects.get().secret.reveal() == organization["client_secret"]


def test_a_tenant_that_is_there_is_used_and_a_new_one_can_be_named(sandbox, organization, files, tmp_path):
    tenant = make_tenant("acme")
    Ran("bigin_connect", *connect_arguments(organization, files))
    assert Connection.objects.get().tenant == tenant

    code = private_file(tmp_path / "another", sandbox.mint_grant_token()["grant_token"])
    Ran(
        "bigin_connect",
        *connect_arguments(organization, (files[0], code), tenant="globex"),
        "--tenant-name=Globex Inc",
    )
    assert Tenant.objects.get(slug="globex").name == "Globex Inc"


def test_json_is_all_that_stands_on_stdout(organization, files):
    ran = Ran("bigin_connect", *connect_arguments(organization, files), "--json")
    assert ran.document["tenant"] == "acme"
    assert ran.document["created"] is True
    assert ran.document["tenant_created"] is True
    assert ran.document["organization"]["id"] == organization["org_id"]
    assert ran.document["connection"] == Connection.objects.get().pk


def test_connecting_the_same_organization_again_reconnects(sandbox, organization, files, connection, tmp_path):
    code = private_file(tmp_path / "another", sandbox.mint_grant_token()["grant_token"])
    ran = Ran("bigin_connect", *connect_arguments(organization, (files[0], code)))
    assert ran.out.startswith("Reconnected tenant acme to ")
    assert Connection.objects.get().pk == connection.pk


def test_scopes_that_were_not_granted_are_named(sandbox, organization, files, tmp_path):
    scopes = ["ZohoBigin.modules.ALL", "ZohoBigin.org.READ", "ZohoBigin.users.READ", "ZohoBigin.settings.ALL"]
    code = private_file(tmp_path / "few", sandbox.mint_grant_token(scopes=scopes)["grant_token"])
    ran = Ran("bigin_connect", *connect_arguments(organization, (files[0], code)))
    assert ran.code == 0
    assert "ZohoBigin.bulk.READ" in ran.err
    assert "ZohoBigin.org.READ" not in ran.err


def test_the_code_may_come_from_stdin(organization, files, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(f"{organization['grant_token']}\n".encode())))
    assert Ran("bigin_connect", *connect_arguments(organization, files, grant_token_file="-")).code == 0


def test_a_used_code_says_what_to_do_and_leaves_nothing_behind(organization, files):
    Ran("bigin_connect", *connect_arguments(organization, files))
    ran = Ran("bigin_connect", *connect_arguments(organization, files, tenant="globex"))
    assert ran.code == 3
    assert "code" in ran.error.lower() or "grant token" in ran.error.lower()
    assert not Tenant.objects.filter(slug="globex").exists()


def test_an_expired_code_needs_a_person(sandbox, organization, files):
    sandbox.advance(3600)
    ran = Ran("bigin_connect", *connect_arguments(organization, files))
    assert ran.code == 3
    assert Connection.objects.count() == Tenant.objects.count() == 0


def test_a_wrong_secret_says_what_to_compare(organization, files, tmp_path):
    wrong = private_file(tmp_path / "wrong", "somethingelse")
    ran = Ran("bigin_connect", *connect_arguments(organization, (wrong, files[1])), "--json")
    assert ran.code == ran.document["exit_code"] == 3
    assert "secret" in ran.error
    assert "somethingelse" not in ran.out + ran.err + ran.error


def test_another_data_center_says_what_to_compare(organization, files):
    ran = Ran("bigin_connect", *connect_arguments(organization, files, data_center="eu"))
    assert ran.code == 3
    assert "data center" in ran.error


def test_an_outage_says_to_try_again(sandbox, organization, files):
    sandbox.fail("POST /oauth/v2/token", status=503, times=10)
    assert Ran("bigin_connect", *connect_arguments(organization, files)).code == 75


@pytest.mark.parametrize(
    ("changes", "code", "sentence"),
    [
        ({"data_center": "mars"}, 2, "There is no data center 'mars' here; use one of us, eu"),
        ({"client_secret_file": "/nowhere/secret"}, 1, "cannot be read from /nowhere/secret: No such file"),
        ({"grant_token_file": "-", "client_secret_file": "-"}, 2, "at most one of them from stdin"),
        ({"tenant": "not a slug!"}, 1, "Tenant 'not a slug!' cannot be created"),
    ],
)
def test_what_cannot_be_right_is_refused_before_anything_is_sent(sandbox, organization, files, changes, code, sentence):
    ran = Ran("bigin_connect", *connect_arguments(organization, files, **changes))
    assert ran.code == code
    assert sentence in ran.error
    assert sandbox.count_calls("POST /oauth/v2/token") == 0
    assert not Tenant.objects.exists()


@pytest.mark.parametrize(
    "content", ["", " \n\t", "two words", "two\nlines", "n\0ul", "é", b"\xff\xfe".decode("latin-1")]
)
def test_a_file_that_does_not_hold_one_secret_is_refused(organization, files, tmp_path, content):
    bad = private_file(tmp_path / "bad", content)
    ran = Ran("bigin_connect", *connect_arguments(organization, (bad, files[1])))
    assert ran.code == 1
    assert ran.error.startswith("The client secret ")
    assert str(bad) in ran.error


def test_a_secret_that_everybody_can_read_is_warned_of(organization, files):
    files[0].chmod(0o644)
    ran = Ran("bigin_connect", *connect_arguments(organization, files))
    assert ran.code == 0
    assert f"chmod 600 {files[0]}" in ran.err
    assert str(files[1]) not in ran.err
