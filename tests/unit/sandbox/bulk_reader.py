"""A program that reads in bulk."""

import csv
import io
import zipfile

from django_bigin.sandbox.wire.messages import Request

PATH = "/bigin/bulk/v2/read"


class Bulk:
    """Bulk read jobs of one program, which is connected."""

    def __init__(self, program):
        self.program, self.sandbox = program, program.sandbox

    def ask(self, method, path, body=None):
        headers = {"Authorization": self.program.authorization, "Content-Type": "application/json"}
        return self.program.ask(method, PATH + path, body=body, headers=headers)

    def start(self, *, file_type="csv", **query):
        """Return the new job's id, or the status and the code of a refusal."""
        status, body, _ = self.ask("POST", "", {"query": {"module": "Contacts", **query}, "file_type": file_type})
        return body["data"][0]["details"]["id"] if status == 201 else (status, body["code"])

    def details(self, job):
        return self.ask("GET", f"/{job}")[1]["data"][0]

    def rows(self, job):
        """Wait for a job's end and return the rows of its CSV."""
        self.sandbox.advance(10)
        return list(csv.DictReader(io.StringIO(self.file(job))))

    def file(self, job):
        """Return the one file in the zip as text."""
        with zipfile.ZipFile(io.BytesIO(self.download(job).body())) as archive:
            [name] = archive.namelist()
            return archive.read(name).decode()

    def names(self, job):
        with zipfile.ZipFile(io.BytesIO(self.download(job).body())) as archive:
            return archive.namelist()

    def download(self, job):
        headers = {"Authorization": self.program.authorization, "Host": self.program.host}
        return self.sandbox.handle(Request("GET", f"{PATH}/{job}/result", headers))


def leaf(name, comparator, value):
    """Write one criterion as Bigin has it."""
    return {"api_name": name, "comparator": comparator, "value": value}


def as_another(sandbox, program):
    """Connect as Tom, who is a manager."""
    tom = next(user["email"] for user in sandbox.records("Users") if user["first_name"] == "Tom")
    sandbox.add_user(tom)
    client = sandbox.client
    query = f"response_type=code&access_type=offline&client_id={client['client_id']}"
    query += f"&redirect_uri={client['redirect_uri']}&scope=ZohoBigin.modules.ALL,ZohoBigin.bulk.ALL"
    callback = sandbox.consent(f"http://127.0.0.1:8400/oauth/v2/auth?{query}", user=tom)
    code = callback.partition("code=")[2].partition("&")[0]
    form = {"client_id": client["client_id"], "client_secret": client["secrets"]["us"]}
    form |= {"code": code, "redirect_uri": client["redirect_uri"]}
    program.connect(program.exchange(**form)[1]["access_token"])
