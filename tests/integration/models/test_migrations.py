"""Migrations, in processes of their own: a tenant model cannot be swapped once Django has started."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from tests.support.databases import ScratchDatabase

ROOT = Path(__file__).resolve().parents[3]
AUTO_FIELDS = ("AutoField", "BigAutoField", "SmallAutoField")
TENANTS = ("", "uuid", "int", "user")

# One process for all steps: starting Django costs more than any of them.
STEPS = """
import django, io
django.setup()
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection, models

call_command("makemigrations", check=True, dry_run=True, verbosity=1)
call_command("migrate", verbosity=0)
with connection.cursor() as cursor:
    tables = connection.introspection.table_names(cursor)
for model in apps.get_app_config("django_bigin").get_models():
    model._default_manager.exists()
    assert isinstance(model._meta.pk, models.BigAutoField), (model, model._meta.pk)

tenant_model = apps.get_model(settings.BIGIN_TENANT_MODEL)
tenant = tenant_model(**{getattr(settings, "BIGIN_TENANT_LOOKUP", "slug"): "acme"})
if isinstance(tenant._meta.pk, models.IntegerField) and not isinstance(tenant._meta.pk, models.AutoField):
    tenant.pk = 7
tenant.save(force_insert=True)
registration_model = apps.get_model("django_bigin.ClientRegistration")
registration = registration_model.objects.create(tenant=tenant, client_id="1000.X")
assert registration_model.objects.get(tenant=tenant.pk).tenant == tenant
assert ("django_bigin_tenant" in tables) == (settings.BIGIN_TENANT_MODEL == "django_bigin.Tenant"), tables
print("migrated")
registration.delete()
call_command("migrate", "django_bigin", "zero", verbosity=0)
with connection.cursor() as cursor:
    left = [name for name in connection.introspection.table_names(cursor) if name.startswith("django_bigin")]
assert not left, left
print("and back")
"""


@pytest.fixture
def scratch():
    """An empty database on the server that the suite runs on."""
    with ScratchDatabase(settings.DATABASES["default"], connection) as database:
        yield database


def run(code, *, tenant="", auto_field="BigAutoField", url):
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": url,
        "BIGIN_TEST_TENANT": tenant,
        "BIGIN_TEST_AUTO_FIELD": auto_field,
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep),
    }
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300
    )


@pytest.mark.django_db
@pytest.mark.parametrize("auto_field", AUTO_FIELDS)
@pytest.mark.parametrize("tenant", TENANTS, ids=lambda name: name or "ours")
def test_migrations_run_and_agree_with_the_models(scratch, tenant, auto_field):
    done = run(STEPS, tenant=tenant, auto_field=auto_field, url=scratch.url)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "No changes detected" in done.stdout
    assert done.stdout.endswith("migrated\nand back\n")


@pytest.mark.parametrize("tenant", TENANTS, ids=lambda name: name or "ours")
def test_no_migration_names_a_tenant_model_of_its_own(tenant):
    """What `makemigrations` writes must be edited to `settings.BIGIN_TENANT_MODEL`; a later one may forget to."""
    for path in (ROOT / "django_bigin" / "migrations").glob("0*.py"):
        text = path.read_text()
        assert 'to="django_bigin.tenant"' not in text.lower().replace("'", '"'), path.name
