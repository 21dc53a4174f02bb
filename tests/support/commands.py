"""Running the commands, and what they read."""

import io
import json
from pathlib import Path
from typing import Any

from django.core.management import CommandError, call_command

from django_bigin.models import Connection


class Ran:
    """What a command wrote, and how it ended."""

    def __init__(self, name: str, *arguments: str) -> None:
        stdout, stderr = io.StringIO(), io.StringIO()
        self.code, self.error = 0, ""
        try:
            call_command(name, *arguments, stdout=stdout, stderr=stderr)
        except CommandError as error:
            self.code, self.error = error.returncode, str(error)
        self.out, self.err = stdout.getvalue(), stderr.getvalue()

    @property
    def document(self) -> Any:
        return json.loads(self.out)


def private_file(path: Path, content: str) -> Path:
    path.touch(mode=0o600)
    path.write_text(content)
    return path


def connect_arguments(organization: dict[str, str], files: tuple[Path, Path], **changes: str) -> list[str]:
    options = {
        "tenant": "acme",
        "client-id": organization["client_id"],
        "client-secret-file": str(files[0]),
        "grant-token-file": str(files[1]),
        "data-center": organization["data_center"],
    } | {name.replace("_", "-"): value for name, value in changes.items()}
    return [word for name, value in options.items() for word in (f"--{name}", value)]


def another_connection(sandbox: Any, tmp_path: Path, tenant: str = "globex") -> Connection:
    organization = sandbox.add_organization(data_center="us", records={"Contacts": 3})
    files = (
        private_file(tmp_path / f"{tenant}-secret", organization["client_secret"]),
        private_file(tmp_path / f"{tenant}-code", organization["grant_token"]),
    )
    ran = Ran("bigin_connect", *connect_arguments(organization, files, tenant=tenant), "--json")
    assert ran.code == 0, ran.error
    return Connection.objects.get(pk=ran.document["connection"])


class Terminal(io.StringIO):
    """Standard input or output that says it is a terminal."""

    def isatty(self) -> bool:
        return True
