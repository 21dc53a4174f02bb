"""A person's files with a secret and a code, and what `bigin_connect` makes of them."""

from pathlib import Path
from typing import Any

import pytest

from django_bigin.models import Connection
from tests.support.commands import Ran, connect_arguments, private_file


@pytest.fixture
def files(tmp_path: Path, organization: dict[str, str]) -> tuple[Path, Path]:
    """The two files of a person who has just made a code, pasted with a line end."""
    return (
        private_file(tmp_path / "secret", f"  {organization['client_secret']}\n"),
        private_file(tmp_path / "code", f"{organization['grant_token']}\n\n"),
    )


@pytest.fixture
def connection(sandbox: Any, organization: dict[str, str], files: tuple[Path, Path]) -> Connection:
    sandbox.seed(records={"Contacts": 7, "Accounts": 2, "Products": 1, "Notes": 1})
    assert Ran("bigin_connect", *connect_arguments(organization, files)).code == 0
    return Connection.objects.get()
