"""No command shows a secret."""

import base64
import logging
from urllib.parse import quote

import pytest

from tests.support.commands import Ran, connect_arguments

pytestmark = pytest.mark.django_db(transaction=True)


def test_no_command_shows_any_secret_even_at_debug(sandbox, organization, files, caplog):
    caplog.set_level(logging.DEBUG)
    said = ""
    for name, *arguments in (
        ("bigin_connect", *connect_arguments(organization, files)),
        ("bigin_connect", *connect_arguments(organization, files)),
        ("bigin_refresh",),
        ("bigin_sync", "--module", "Contacts"),
        ("bigin_status", "--json"),
        ("bigin_disconnect", "--tenant", "acme"),
    ):
        ran = Ran(name, *arguments, "--verbosity=3", "--traceback")
        said += ran.out + ran.err + ran.error
    said += caplog.text + "".join(str(record.__dict__) for record in caplog.records)
    secrets = [each["value"] for each in sandbox.secrets()]
    assert len(secrets) > 3
    for secret in secrets:
        assert secret not in said
        assert quote(secret, safe="") not in said
        assert base64.b64encode(secret.encode()).decode() not in said
