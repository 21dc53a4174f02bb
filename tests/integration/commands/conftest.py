"""Tenants and files that the commands are run with."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from django_bigin.models import Connection
from tests.support.commands import private_file
from tests.support.factories import make_tenant
from tests.support.mirror import connect


@pytest.fixture
def sandbox(sandbox: Any) -> Any:
    """The sandbox with a few records in its first organization."""
    sandbox.seed(records={"Contacts": 7, "Accounts": 2, "Products": 1, "Notes": 1})
    return sandbox


@pytest.fixture
def bigin_tenant(db: None) -> Any:
    return make_tenant("acme")


@pytest.fixture
def files(tmp_path: Path, organization: dict[str, str]) -> tuple[Path, Path]:
    """The two files of a person who has just made a code, pasted with a line end."""
    return (
        private_file(tmp_path / "secret", f"  {organization['client_secret']}\n"),
        private_file(tmp_path / "code", f"{organization['grant_token']}\n\n"),
    )


@pytest.fixture
def connect_another(sandbox: Any) -> Callable[..., Connection]:
    """Connect a tenant, "globex" where none is given, to another organization, which has three contacts."""

    def connect_another(tenant: Any = None) -> Connection:
        organization = sandbox.add_organization(data_center="us", records={"Contacts": 3})
        return connect(organization, tenant=tenant or make_tenant("globex"))

    return connect_another
