"""What the documentation gives to be pasted, run as it stands."""

import re
import textwrap
from pathlib import Path

import pytest

from django_bigin.encryption.keyring import new_key
from django_bigin.models import ClientRegistration, ClientSecret, Connection, Tenant

OPERATIONS = Path(__file__).resolve().parents[3] / "docs" / "operations.md"


@pytest.mark.django_db
def test_the_lines_that_write_secrets_anew_leave_nothing_under_the_old_key(settings):
    old, new = new_key(), new_key()
    settings.BIGIN_ENCRYPTION_KEYS = [old]
    tenant = Tenant.objects.create(slug="acme", name="Acme")
    registration = ClientRegistration.objects.create(tenant=tenant, client_id="1000.A")
    ClientSecret.objects.create(registration=registration, secret="a client secret")
    Connection.objects.create(
        tenant=tenant, registration=registration, data_center="us", org_id="1", refresh_token="a refresh token"
    )
    keys = OPERATIONS.read_text(encoding="utf-8").split("## Keys\n")[1].split("\n## ")[0]
    [lines] = re.findall(r"^ *```python\n(.*?)^ *```", keys, re.MULTILINE | re.DOTALL)

    settings.BIGIN_ENCRYPTION_KEYS = [new, old]
    exec(textwrap.dedent(lines))

    settings.BIGIN_ENCRYPTION_KEYS = [new]
    assert ClientSecret.objects.get().secret.reveal() == "a client secret"
    assert Connection.objects.get().refresh_token.reveal() == "a refresh token"
