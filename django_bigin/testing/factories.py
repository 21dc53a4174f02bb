"""Tenants, and their connections to the sandbox's organizations, by the use cases that a real site goes through."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import AutoField, CharField, Model

from ..conf import settings
from ..connections import connect_self_client, disconnect
from ..models import Connection
from ..tenants import tenant_model
from .sandboxes import sandbox_in_use

_numbers = itertools.count(1)


def make_tenant(key: str = "", **values: Any) -> Any:
    """Make a row of the site's tenant model.

    Args:
        key: for the field that `BIGIN_TENANT_LOOKUP` names; made up where it is text, and so is `name`.
        values: for the other fields. A model that needs more than these has a factory of the site's own: `connect`
            takes any tenant.

    Raises:
        ValueError: the model does not make its keys itself, and none was given.
    """
    model = tenant_model()
    key = key or f"tenant-{next(_numbers)}"
    wanted = {"name": key.replace("-", " ").title(), settings.BIGIN_TENANT_LOOKUP: key}
    made_up = {name: text for name, text in wanted.items() if _is_text(model, name)}
    if _needs_a_key(model) and not values.keys() & {"pk", model._meta.pk.name}:
        raise ValueError(
            f"{model._meta.label} does not make its own keys: call make_tenant({model._meta.pk.name}=...), or override "
            "the fixture bigin_tenant with one that makes your tenants."
        )
    return model._default_manager.create(**made_up | values)


def connect(
    tenant: Any = None,
    *,
    organization: Mapping[str, str] | None = None,
    scopes: str | Iterable[str] | None = None,
) -> Connection:
    """Connect a tenant to an organization of the sandbox, by its self client; again is a reconnect.

    Args:
        tenant: a new one where it is left out.
        organization: an entry of `sandbox.organizations`, or what `sandbox.add_organization()` gave; the first one
            where it is left out.
        scopes: what is granted; the package's default scopes where it is left out.
    """
    sandbox = sandbox_in_use()
    chosen = organization or sandbox.organizations[0]
    minted = sandbox.mint_grant_token(org_id=chosen["org_id"], client_id=chosen["client_id"], scopes=scopes)
    return connect_self_client(
        make_tenant() if tenant is None else tenant,
        client_id=chosen["client_id"],
        client_secret=chosen["client_secret"],
        grant_token=minted["grant_token"],
        data_center=chosen["data_center"],
    ).connection


@contextmanager
def connected(
    tenant: Any = None,
    *,
    organization: Mapping[str, str] | None = None,
    scopes: str | Iterable[str] | None = None,
) -> Iterator[Connection]:
    """Connect a tenant as `connect` does, and disconnect it at the end unless the test failed."""
    connection = connect(tenant, organization=organization, scopes=scopes)
    yield connection
    if Connection.objects.filter(pk=connection.pk).exists():
        disconnect(connection)


def _needs_a_key(model: type[Model]) -> bool:
    # SQLite would make up an integer without telling; the others refuse with a message about the column.
    key = model._meta.pk
    return not (isinstance(key, AutoField) or key.has_default() or key.has_db_default() or _is_text(model, key.name))


def _is_text(model: type[Model], name: str) -> bool:
    try:
        return isinstance(model._meta.get_field(name), CharField)
    except FieldDoesNotExist:
        return False
