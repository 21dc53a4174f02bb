"""The whole main job, for real, on one machine: `python3 dev.py demo`.

A sandbox stands in for Zoho. A site, a Celery worker for each queue and beat run as processes. Three tenants are
connected: two by Zoho's consent page, one of them with a user who lives in Canada, and one by a self client in Europe.
The workers mirror everything; then records are edited, added and deleted in Bigin and hours pass, so that tokens run
out, and the mirror follows. At the end every module is compared with the sandbox's by hash: the exit code is 0 only if
all are equal.
"""

import argparse
import contextlib
import hashlib
import json
import logging
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from example_project.browser import Browser
from example_project.sandbox_control import SandboxControl
from example_project.scene import DATA_CENTERS, PASSWORD, TENANTS, USER, prepare
from example_project.stack import Stack

RECORDS = {
    "Accounts": 120,
    "Contacts": 2_300,
    "Products": 40,
    "Pipelines": 500,
    "Tasks": 250,
    "Events": 60,
    "Calls": 120,
    "Notes": 150,
}
EDITED, ADDED, DELETED = 5, 3, 3
# What is edited in each module: a field that every record of it has.
EDITED_FIELD = {
    "Accounts": "Website",
    "Contacts": "Title",
    "Products": "Description",
    "Pipelines": "Description",
    "Tasks": "Description",
    "Events": "Venue",
    "Calls": "Description",
    "Notes": "Note_Content",
}
BY_SELF_CLIENT = "eiffel"
QUARTER_OF_AN_HOUR = 900
ROUNDS_AT_MOST = 12
PATIENCE_SECONDS = 180


def main() -> int:
    """Run the demo; 0 when the mirror equals Bigin."""
    options = arguments()
    started = time.monotonic()
    with workplace(options.keep) as folder:
        level = "DEBUG" if options.keep else "INFO"
        sandboxed = sandbox_options(options)
        with Stack(folder, organizations=DATA_CENTERS, sandbox_options=sandboxed, log_level=level) as stack:
            for line in stack.log("sandbox").splitlines():
                if ".csv: " in line:
                    say(line.strip())
            equal = Demo(stack).run()
        say(f"{time.monotonic() - started:.0f} seconds in all.")
        if options.keep:
            say(f"Database, logs and the sandbox's list of secrets are kept in {folder}.")
    return 0 if equal else 1


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dev.py demo", description=(__doc__ or "").split("\n\n", 1)[1])
    parser.add_argument("--data", type=Path, help="a folder with one CSV a module, to load instead of made-up data")
    parser.add_argument("--keep", type=Path, help="keep database, logs and list of secrets in this folder")
    options = parser.parse_args()
    if options.data and not options.data.is_dir():
        parser.error(f"{options.data} is not a folder")
    return options


def sandbox_options(options: argparse.Namespace) -> list[str]:
    if options.data:
        return ["--load", str(options.data.resolve())]
    return ["--records", *(f"{module}={number}" for module, number in RECORDS.items())]


@contextlib.contextmanager
def workplace(keep: Path | None) -> Iterator[Path]:
    """A folder for everything the demo writes."""
    if keep:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="django-bigin-demo-") as name:
        yield Path(name)


class Demo:
    """Three tenants, from nothing to an equal mirror."""

    def __init__(self, stack: Stack) -> None:
        import django

        django.setup()
        log_everything(stack.folder / "demo.log")
        self.stack = stack
        self.control = SandboxControl(stack.start["base_url"])
        self.organizations = {entry["data_center"]: entry for entry in stack.start["organizations"]}

    def run(self) -> bool:
        say("Making the database.")
        prepare(self.stack.start)
        say("Starting site, workers and beat.")
        self.stack.start_site()
        self.stack.start_workers()
        browser = self.sign_in()
        for slug, _, data_center in TENANTS:
            if slug == BY_SELF_CLIENT:
                self.connect_self_client(slug, data_center)
            else:
                self.connect_in_browser(browser, slug, data_center)
        say("The workers mirror every module.")
        self.wait("every module has been mirrored", self.first_walks_are_done)
        say(f"In each Bigin: up to {EDITED} records edited, {ADDED} added and {DELETED} deleted in every module.")
        for organization in self.organizations.values():
            for module in EDITED_FIELD:
                self.change(organization["org_id"], module)
        self.let_hours_pass()
        equal = self.show()
        # For whoever searches database and logs for them, as the suite does.
        (self.stack.folder / "secrets.json").write_text(json.dumps(self.control.get("secrets")))
        return equal

    # Connecting

    def sign_in(self) -> Browser:
        browser = Browser()
        browser.go(f"{self.stack.site_url}/admin/login/")
        browser.press("Log in", username=USER, password=PASSWORD)
        return browser

    def connect_in_browser(self, browser: Browser, slug: str, data_center: str) -> None:
        """Press Connect, sign in at Zoho as a user of that data center, consent, and confirm the organization."""
        from django_bigin.models import Tenant

        tenant = Tenant.objects.get(slug=slug)
        browser.go(f"{self.stack.site_url}/bigin/connect/?tenant={tenant.pk}")
        browser.press("Go on to Zoho")
        browser.press(self.user_of(data_center))
        if browser.has("Submit"):
            browser.press("Submit")
        browser.press("Accept")
        browser.press("Yes, connect it")
        say(f"Connected {tenant} in the browser, as a user who lives in {data_center}.")

    def user_of(self, data_center: str) -> str:
        return str(next(user["email"] for user in self.stack.start["users"] if user["data_center"] == data_center))

    def connect_self_client(self, slug: str, data_center: str) -> None:
        from django.core.management import call_command

        organization = self.organizations[data_center]
        for name in ("client_secret", "grant_token"):
            file = self.stack.folder / name
            file.touch(mode=0o600)
            file.write_text(organization[name])
        call_command(
            "bigin_connect",
            tenant=slug,
            client_id=organization["client_id"],
            client_secret_file=str(self.stack.folder / "client_secret"),
            grant_token_file=str(self.stack.folder / "grant_token"),
            data_center=data_center,
        )
        for name in ("client_secret", "grant_token"):
            (self.stack.folder / name).unlink()

    # Following

    def first_walks_are_done(self) -> str:
        """What is still missing, "" when nothing is."""
        from django_bigin.models import ModuleSync

        rows = ModuleSync.objects.filter(unavailable_reason="")
        done = rows.exclude(last_success_at=None).count()
        wanted = len(TENANTS) * len(modules())
        return "" if done >= wanted else f"{done} of {wanted} modules"

    def change(self, org_id: str, module: str) -> None:
        records = self.control.get("records", module=module, org_id=org_id)["records"]
        ids = [record["id"] for record in records]
        edited, deleted = ids[:EDITED], ids[EDITED:][-DELETED:]
        if edited:
            edits = [{"id": record_id, EDITED_FIELD[module]: f"edited {record_id}"} for record_id in edited]
            self.control.patch("records", module=module, org_id=org_id, records=edits)
        if deleted:
            self.control.delete("records", module=module, org_id=org_id, ids=deleted)
        self.control.post("records", module=module, org_id=org_id, records=ADDED)

    def let_hours_pass(self) -> None:
        """A quarter of an hour at a time, until the tokens have been refreshed and every module is equal again."""
        for number in range(1, ROUNDS_AT_MOST + 1):
            self.control.post("clock", advance_seconds=QUARTER_OF_AN_HOUR)
            self.wait("the workers have caught up", self.nothing_is_due)
            equal = sum(row["equal"] for row in self.compare())
            say(f"{number * 15} minutes later {equal} of {len(TENANTS) * len(modules())} modules are equal.")
            if equal == len(TENANTS) * len(modules()) and self.every_token_was_refreshed():
                return

    def nothing_is_due(self) -> str:
        from django.db.models import Q

        from django_bigin import clock
        from django_bigin.models import Connection, ModuleSync

        now = clock.now()
        modules_due = ModuleSync.objects.filter(unavailable_reason="").filter(
            Q(next_run_at=None) | Q(next_run_at__lte=now)
        )
        tokens_due = Connection.objects.filter(refresh_at__lte=now)
        due = (modules_due.count(), tokens_due.count())
        return f"{due[0]} modules and {due[1]} tokens are due" if any(due) else ""

    @staticmethod
    def every_token_was_refreshed() -> bool:
        from django_bigin.models import Connection

        return not Connection.objects.filter(refresh_count=0).exists()

    def wait(self, what: str, missing: Callable[[], str]) -> None:
        """Wait until nothing is missing; tell how it gets on."""
        time.sleep(0.3)  # the clock in this process asks the sandbox's a few times a second
        give_up_at, tell_at = time.monotonic() + PATIENCE_SECONDS, time.monotonic() + 3
        while left := missing():
            self.stack.look()
            if time.monotonic() > give_up_at:
                sys.exit(f"After {PATIENCE_SECONDS} seconds it is not so that {what}: {left}.")
            if time.monotonic() > tell_at:
                say(f"  {left}")
                tell_at = time.monotonic() + 3
            time.sleep(0.2)

    # Comparing

    def compare(self) -> list[dict[str, Any]]:
        """Each module of each tenant beside the sandbox's."""
        from django_bigin.models import Connection

        rows = []
        for connection in Connection.objects.select_related("tenant").order_by("pk"):
            for module in modules():
                source = self.control.get("hash", module=module, org_id=connection.org_id)
                count, mirrored = mirror_hash(connection.pk, module)
                equal = mirrored == source["hash"]
                row = {"connection": connection, "module": module, "source": source["count"], "count": count}
                rows.append({**row, "equal": equal})
        return rows

    def show(self) -> bool:
        from django_bigin.models import Connection, ModuleSync

        compared, lines = self.compare(), []
        for row in compared:
            connection = row["connection"]
            progress = ModuleSync.objects.get(connection=connection, module=row["module"])
            if progress.last_error or progress.incomplete_reason:
                say(f"  {connection} {row['module']}: {progress.last_error or progress.incomplete_reason}")
            cost = (progress.total_calls, progress.total_credits, round(progress.total_seconds, 1))
            equal = "equal" if row["equal"] else "DIFFERENT"
            place = (connection.tenant.slug, connection.data_center, row["module"])
            lines.append((*place, row["source"], row["count"], *cost, equal))
        headers = ("tenant", "dc", "module", "in Bigin", "in the mirror", "calls", "credits", "seconds", "by hash")
        show_table(headers, lines)
        say()
        refreshes = Connection.objects.order_by("pk").values_list(
            "tenant__slug", "data_center", "org_name", "refresh_count"
        )
        show_table(("tenant", "dc", "organization", "token refreshes"), list(refreshes))
        all_equal = all(row["equal"] for row in compared) and len(compared) == len(TENANTS) * len(modules())
        say("\nThe mirror equals Bigin." if all_equal else "\nTHE MIRROR DIFFERS.")
        return all_equal


def modules() -> tuple[str, ...]:
    from django_bigin.api.products import DEFAULT_PRODUCT

    return DEFAULT_PRODUCT.modules


def mirror_hash(connection_id: int, module: str) -> tuple[int, str]:
    """Number and hash of a mirrored module, from the stored data itself."""
    from django_bigin.api.canonical import content_hash
    from django_bigin.models import Record

    digest, count = hashlib.sha256(), 0
    rows = Record.objects.live().filter(connection_id=connection_id, module=module).order_by("record_id")
    for record_id, data in rows.values_list("record_id", "data").iterator(chunk_size=500):
        digest.update(f"{record_id}:{content_hash(data)}\n".encode())
        count += 1
    return count, digest.hexdigest()


def log_everything(path: Path) -> None:
    """Every logger at DEBUG into a file: what must be free of secrets is looked for there."""
    handler = logging.FileHandler(path)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.DEBUG)


def show_table(headers: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    from django.core.management.base import OutputWrapper

    from django_bigin.management.output import Output

    Output(OutputWrapper(sys.stdout), OutputWrapper(sys.stderr), as_json=False).table(headers, rows)


def say(text: str = "") -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
