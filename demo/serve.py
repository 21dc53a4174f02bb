"""The example site to click through, with a sandbox in place of Zoho: `python3 dev.py site`."""

import argparse
import contextlib
import tempfile
import time
from pathlib import Path

from demo.scene import DATA_CENTERS, PASSWORD, TENANTS, USER, prepare
from demo.stack import Stack

RECORDS = ("Accounts=60", "Contacts=400", "Products=20", "Pipelines=150", "Tasks=80", "Calls=40", "Notes=50")


def main() -> None:
    """Serve until somebody presses Ctrl-C, and leave nothing behind."""
    argparse.ArgumentParser(prog="dev.py site", description=__doc__).parse_args()
    with tempfile.TemporaryDirectory(prefix="django-bigin-site-") as name:
        options = ["--records", *RECORDS]
        with Stack(Path(name), organizations=DATA_CENTERS, sandbox_options=options) as stack:
            import django

            django.setup()
            prepare(stack.start)
            stack.start_site()
            stack.start_workers()
            print(invitation(stack), flush=True)
            with contextlib.suppress(KeyboardInterrupt):
                while True:
                    stack.require_running()
                    time.sleep(1)
        print("\nStopped.")


def invitation(stack: Stack) -> str:
    """Describe what a person can do now."""
    tenants = ", ".join(name for _, name, _ in TENANTS)
    return f"""
The admin:    {stack.site_url}/admin/     user {USER}, password {PASSWORD}
The sandbox:  {stack.start["base_url"]}/_sandbox/     what it holds and was asked
To connect:   {stack.start["base_url"]}/_sandbox/start     ids, secrets and codes, for a program of your own
Logs:         {stack.folder}

In the admin, open a tenant ({tenants}) and press Connect: the sandbox's consent page stands in for Zoho's.
The workers mirror what you connect. Ctrl-C stops everything.
"""


if __name__ == "__main__":
    main()
