"""One process that works with a connection and measures its memory: `python -m tests.support.work_and_measure ID WHAT`.

WHAT is "token" or "sync". It does all of it once, so that everything is loaded, prints "ready", waits for a line on
stdin, does WHAT, and prints a line of JSON: `error`, what came of it; `grown`, by how many bytes its memory grew at
most. Linux tells that; `ru_maxrss` begins with the memory of whoever started the process. Its environment says which
database (DATABASE_URL) and which sandbox (BIGIN_SANDBOX_URL).
"""

import json
import os
import re
import sys
from pathlib import Path

STATUS = Path("/proc/self/status")


def memory(name: str) -> int:
    """Return bytes: VmRSS are those that the process has now, VmHWM the most that it has ever had."""
    found = re.search(rf"^{name}:\s+(\d+) kB$", STATUS.read_text(), re.MULTILINE)
    assert found
    return int(found[1]) * 1024


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    from django_bigin.connections import ensure_fresh_token, refresh_now
    from django_bigin.exceptions import BiginError
    from django_bigin.models import Connection
    from django_bigin.sync import sync_connection

    connection = Connection.objects.get(pk=int(sys.argv[1]))

    def ask_for_token() -> str:
        try:
            ensure_fresh_token(connection.pk)
        except BiginError as error:
            return f"{type(error).__name__}: {error}"
        return ""

    def sync() -> str:
        return " ".join(result.error for result in sync_connection(connection, modules=["Contacts"]))

    refresh_now(connection.pk)
    assert not sync()
    print("ready", flush=True)
    sys.stdin.readline()
    before = memory("VmRSS")
    error = {"token": ask_for_token, "sync": sync}[sys.argv[2]]()
    print(json.dumps({"error": error, "grown": memory("VmHWM") - before}), flush=True)


if __name__ == "__main__":
    main()
