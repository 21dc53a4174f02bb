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
        """Give the new job's id, or the status and the code of a refusal."""
        status, body, _ = self.ask("POST", "", {"query": {"module": "Contacts", **query}, "file_type": file_type})
        return body["data"][0]["details"]["id"] if status == 201 else (status, body["code"])

    def details(self, job):
        return self.ask("GET", f"/{job}")[1]["data"][0]

    def rows(self, job):
        """Wait for a job's end and give what its CSV says."""
        self.sandbox.advance(10)
        return list(csv.DictReader(io.StringIO(self.file(job))))

    def file(self, job):
        """Give the one file in the zip as text."""
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
