"""The story that the demo tells: three tenants, from nothing to a mirror that equals Bigin."""

import sys
import time
from collections.abc import Callable

from django.db.models import Q

from demo.browser import Browser
from demo.comparison import compare, show
from demo.connecting import connect_in_browser, connect_self_client, sign_in
from demo.sandbox_clock import now
from demo.sandbox_control import SandboxControl
from demo.scene import BY_SELF_CLIENT, EDITED_FIELD, MODULES, TENANTS, prepare
from demo.stack import Stack
from django_bigin.models import Connection, ModuleSync

EDITED, ADDED, DELETED = 5, 3, 3
EVERY_MODULE = len(TENANTS) * len(MODULES)
QUARTER_OF_AN_HOUR = 900
MOST_QUARTERS = 12
PATIENCE_SECONDS = 180


class Story:
    """Three tenants of the example site, and the sandbox in which their Bigin changes."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.control = SandboxControl(stack.start["base_url"])
        self.organizations = {entry["data_center"]: entry for entry in stack.start["organizations"]}
        self.browser = Browser()

    def run(self) -> bool:
        """Play the story, and return whether the mirror equals Bigin at its end."""
        say("Making the database.")
        prepare(self.stack.start)
        say("Starting site, workers and beat.")
        self.stack.start_site()
        self.stack.start_workers()
        self.connect()
        say("The workers mirror every module.")
        self.wait_for("the first sync of every module", self.unsynced)
        say(f"In each Bigin: up to {EDITED} records edited, {ADDED} added and {DELETED} deleted in every module.")
        for organization in self.organizations.values():
            for module in EDITED_FIELD:
                self.change(organization["org_id"], module)
        self.let_hours_pass()
        return show(compare(self.control))

    def secrets(self) -> list[dict[str, str]]:
        """Return every secret that there was: the sandbox's, and the states that the browser carried."""
        states = [{"kind": "state", "value": state} for state in sorted(self.browser.states)]
        return [*self.control.get("secrets")["secrets"], *states]

    def connect(self) -> None:
        """Connect each tenant as an administrator would."""
        sign_in(self.browser, self.stack.site_url)
        for slug, name, data_center in TENANTS:
            if slug == BY_SELF_CLIENT:
                connect_self_client(slug, self.organizations[data_center], folder=self.stack.folder)
                continue
            users = self.stack.start["users"]
            email = next(str(user["email"]) for user in users if user["data_center"] == data_center)
            connect_in_browser(self.browser, self.stack.site_url, slug, email=email)
            say(f"Connected {name} in the browser, as a user who lives in {data_center}.")

    def change(self, org_id: str, module: str) -> None:
        """Edit, delete and add records in one organization's Bigin."""
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
        """Advance the clock by quarters of an hour until the mirror has followed and each token was refreshed."""
        for number in range(1, MOST_QUARTERS + 1):
            self.control.post("clock", advance_seconds=QUARTER_OF_AN_HOUR)
            time.sleep(0.3)  # the clock in this process asks the sandbox's a few times a second
            self.wait_for("the workers", self.due)
            equal = sum(row.equal for row in compare(self.control))
            say(f"{number * 15} minutes later {equal} of {EVERY_MODULE} modules are equal.")
            if equal == EVERY_MODULE and not Connection.objects.filter(refresh_count=0).exists():
                return

    def wait_for(self, what: str, left: Callable[[], str]) -> None:
        """Wait until nothing is left, and report progress."""
        give_up_at, tell_at = time.monotonic() + PATIENCE_SECONDS, time.monotonic() + 3
        while text := left():
            self.stack.require_running()
            if time.monotonic() > give_up_at:
                sys.exit(f"Timed out after {PATIENCE_SECONDS} seconds waiting for {what}: {text}.")
            if time.monotonic() > tell_at:
                say(f"  {text}")
                tell_at = time.monotonic() + 3
            time.sleep(0.2)

    @staticmethod
    def unsynced() -> str:
        """Describe how far the first syncs are; "" when all are complete."""
        done = ModuleSync.objects.filter(unavailable_reason="").exclude(last_success_at=None).count()
        return "" if done >= EVERY_MODULE else f"{done} of {EVERY_MODULE} modules"

    @staticmethod
    def due() -> str:
        """Describe what is due now; "" when nothing is."""
        moment = now()
        rows = ModuleSync.objects.filter(unavailable_reason="")
        modules = rows.filter(Q(next_run_at=None) | Q(next_run_at__lte=moment)).count()
        tokens = Connection.objects.filter(refresh_at__lte=moment).count()
        return f"{modules} modules and {tokens} tokens are due" if modules or tokens else ""


def say(text: str) -> None:
    """Print a line at once."""
    print(text, flush=True)
