"""Admin and commands with a tenant model of the site's own, in a process of their own: it cannot be swapped later."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from tests.support.databases import ScratchDatabase

ROOT = Path(__file__).resolve().parents[3]

STEPS = """
import io
import django
django.setup()
from django.apps import apps
from django.conf import settings
from django.contrib.admin.sites import site
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.test import Client
from django.test.utils import setup_test_environment
from django.urls import reverse
from django_bigin.models import ClientRegistration, ClientSecret, Connection, Tenant

setup_test_environment()
call_command("check", verbosity=0)
call_command("migrate", verbosity=0)
assert Tenant not in site._registry
tenant_model = apps.get_model(settings.BIGIN_TENANT_MODEL)
lookup = getattr(settings, "BIGIN_TENANT_LOOKUP", "slug")
numbered = {"number": 7} if lookup == "code" else {}
tenant = tenant_model.objects.create(**{lookup: "acme"}, **numbered)
registration = ClientRegistration.objects.create(tenant=tenant, client_id="1000.X")
ClientSecret.objects.create(registration=registration, secret="s3cret")
connection = Connection.objects.create(
    tenant=tenant, registration=registration, data_center="us", org_id="1", org_name="Acme", status="healthy"
)

client = Client()
client.force_login(get_user_model().objects.create_superuser("root"))
ours = [model for model in site._registry if model.__module__.startswith("django_bigin")]
for model in ours:
    assert client.get(reverse(f"admin:django_bigin_{model._meta.model_name}_changelist")).status_code == 200, model
for row in (registration, connection):
    assert client.get(reverse(f"admin:django_bigin_{row._meta.model_name}_change", args=[row.pk])).status_code == 200
page = client.get(reverse("admin:django_bigin_connection_changelist"), {"q": "acme", "tenant": str(tenant.pk)})
assert list(page.context["cl"].result_list) == [connection]
form = client.get(reverse("admin:django_bigin_clientregistration_add")).context["adminform"].form
assert list(form.fields["tenant"].queryset) == list(tenant_model.objects.order_by(lookup))
assert tenant in form.fields["tenant"].queryset

stdout = io.StringIO()
call_command("bigin_status", tenant="acme", stdout=stdout)
assert stdout.getvalue().startswith("acme: Acme (us, organization 1)"), stdout.getvalue()
try:
    call_command(
        "bigin_connect", tenant="nobody", client_id="1", client_secret_file=__file__, grant_token_file=settings.SECRET,
        data_center="us",
    )
except CommandError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("tenant", "lookup", "known"),
    [("uuid", "slug", "acme"), ("int", "code", "acme"), ("user", "username", "acme, root")],
)
def test_admin_and_commands_work_with_the_sites_own_tenants(db, tmp_path, tenant, lookup, known):
    secret, script = tmp_path / "secret", tmp_path / "steps.py"
    secret.write_text("word")
    script.write_text(STEPS.replace("__file__", f'"{secret}"').replace("settings.SECRET", f'"{secret}2"'))
    (tmp_path / "secret2").write_text("word")
    with ScratchDatabase(settings.DATABASES["default"], connection) as scratch:
        environment = {
            **os.environ,
            "BIGIN_TEST_TENANT": tenant,
            "DATABASE_URL": scratch.url,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "PYTHONPATH": str(ROOT),
        }
        ran = subprocess.run(
            [sys.executable, str(script)], env=environment, capture_output=True, text=True, cwd=ROOT, check=False
        )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    # Only our own model can be filled in without knowing the site; the sentence names the field that was looked at.
    assert f"There is no tenant with {lookup} 'nobody'. Known: {known}." in ran.stdout
