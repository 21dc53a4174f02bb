"""Rows for tests: each call makes one that is valid, and differs from the last where it must."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.utils import timezone

from django_bigin.models import (
    AuditEvent,
    AuthorizationAttempt,
    ClientRegistration,
    ClientSecret,
    Connection,
    CreditAccount,
    CreditUse,
    Job,
    ModuleSchema,
    ModuleSync,
    QuarantinedRow,
    Record,
    RegistrationState,
    Tenant,
)
from django_bigin.text import fold

_numbers = itertools.count(1)


def make_tenant(slug: str = "", **values: Any) -> Tenant:
    slug = slug or f"tenant-{next(_numbers)}"
    return Tenant.objects.create(slug=slug, **{"name": slug.title()} | values)


def make_registration(tenant: Tenant | None = None, *, secret: str = "", **values: Any) -> ClientRegistration:
    """A registration; without a tenant it is shared by all. With `secret` it has one for every data center."""
    defaults = {"client_id": f"1000.CLIENT{next(_numbers)}", "kind": ClientRegistration.Kind.SELF_CLIENT}
    registration = ClientRegistration.objects.create(tenant=tenant, **defaults | values)
    if secret:
        ClientSecret.objects.create(registration=registration, secret=secret)
    return registration


def make_connection(
    tenant: Tenant | None = None, *, registration: ClientRegistration | None = None, **values: Any
) -> Connection:
    """A healthy connection with tokens, fresh for an hour."""
    tenant = tenant or make_tenant()
    number = next(_numbers)
    defaults = {
        "data_center": "us",
        "org_id": str(10_000 + number),
        "org_name": f"{tenant.name} Ltd",
        "status": Connection.Status.HEALTHY,
        "refresh_token": f"1000.refresh-{number}",
        "access_token": f"1000.access-{number}",
        "expires_at": timezone.now() + timedelta(hours=1),
        "scopes": ["ZohoBigin.modules.ALL"],
    }
    registration = registration or make_registration(tenant)
    return Connection.objects.create(tenant=tenant, registration=registration, **defaults | values)


def make_record(connection: Connection, module: str = "Contacts", *, name: str = "", **values: Any) -> Record:
    number = next(_numbers)
    record_id = values.pop("record_id", 4_000_000_000_000_000_000 + number)
    name, email = name or f"Contact {number}", values.pop("email", f"contact{number}@example.com")
    defaults = {
        "data": {"id": str(record_id), "Last_Name": name, "Email": email},
        "name": name,
        "name_key": fold(name),
        "email": email,
        "email_key": fold(email),
        "modified_at": datetime(2026, 3, 1, tzinfo=UTC),
        "seen_at": datetime(2026, 3, 2, tzinfo=UTC),
        "content_hash": f"{number:064x}",
    }
    return Record.objects.create(connection=connection, module=module, record_id=record_id, **defaults | values)


def make_row_of_each_model(slug: str, *, user: Any = None) -> dict[Any, Any]:
    """One row of every model that belongs to a tenant, by model; the slug stands in every text.

    Args:
        user: who pressed Connect and asked for the job.
    """
    now = timezone.now()
    tenant = make_tenant(slug, name=f"{slug} tenant")
    registration = make_registration(tenant, name=f"{slug} client", client_id=f"1000.{slug}", secret=f"{slug}secret")
    connection = make_connection(
        tenant,
        registration=registration,
        org_id=f"{slug}-org-id",
        org_name=f"{slug} organization",
        status_reason=f"{slug} reason",
        zoho_user_email=f"{slug}@zoho.example",
    )
    module = ModuleSync.objects.create(connection=connection, module="Contacts", last_error=f"{slug} error")
    rows = (
        tenant,
        registration,
        ClientSecret.objects.get(registration=registration),
        connection,
        module,
        make_record(connection, name=f"{slug} person", email=f"{slug}@example.com"),
        RegistrationState.objects.create(registration=registration, data_center="us"),
        AuthorizationAttempt.objects.create(
            tenant=tenant,
            registration=registration,
            connection=connection,
            result=connection,
            user=user,
            state_hash=slug,
            created_at=now,
            expires_at=now,
            outcome=slug,
            detail=f"{slug} detail",
        ),
        ModuleSchema.objects.create(connection=connection, module="Contacts", label=f"{slug} contacts"),
        QuarantinedRow.objects.create(
            connection=connection,
            module="Contacts",
            raw=slug,
            raw_hash=slug,
            reason=slug,
            seen_at=now,
            first_at=now,
            last_at=now,
        ),
        Job.objects.create(
            kind="sync",
            connection=connection,
            requested_by=user,
            requested_by_name=f"{slug} person",
            requested_at=now,
            state=Job.State.DONE,
            result=slug,
        ),
        CreditUse.objects.create(data_center="us", org_id=connection.org_id, minute=now, credits=1),
        CreditAccount.objects.create(data_center="us", org_id=connection.org_id, window=1),
        AuditEvent.objects.create(
            action="connect", at=now, tenant=str(tenant), tenant_key=str(tenant.pk), connection=str(connection)
        ),
    )
    return {type(row): row for row in rows}


def make_staff(username: str, *permissions: str) -> Any:
    """A member of staff with these of the app's permissions; with all of them where none is named."""
    user = get_user_model().objects.create_user(username, password="only for tests", is_staff=True)
    wanted = Permission.objects.filter(content_type__app_label="django_bigin")
    user.user_permissions.set(wanted.filter(codename__in=permissions) if permissions else wanted)
    return user


def make_superuser(username: str = "root") -> Any:
    return get_user_model().objects.create_superuser(username, password="only for tests")
