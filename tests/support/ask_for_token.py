"""One process that wants a connection's token: `python -m tests.support.ask_for_token ID [THREADS [WAIT_SECONDS]]`.

Run by `python -m gevent.monkey --module`, its threads are greenlets. With `BIGIN_TEST_FORKS` in its environment it asks
once, and forks: it is the child that does the rest.
Prints "ready", waits for a line on stdin, asks, and prints a line of JSON: `tokens`, a hash of each; `errors`, of those
who got none; `slowest`, in seconds; `answered`, when each had its answer, in seconds of the epoch; `connections`, how
many it has opened to its database. Its environment says which database (DATABASE_URL) and which sandbox
(BIGIN_SANDBOX_URL).
"""

import hashlib
import json
import os
import sys
import threading
import time
from typing import Any


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    from django.db import connections as databases
    from django.db.backends.signals import connection_created

    from django_bigin import clock
    from django_bigin.connections import tokens
    from django_bigin.connections.accounts import accounts_server
    from django_bigin.connections.stored import read_connection
    from django_bigin.exceptions import BiginError

    connection_id, number = int(sys.argv[1]), int(sys.argv[2]) if sys.argv[2:] else 1
    wait_seconds = float(sys.argv[3]) if sys.argv[3:] else tokens.WAIT_IN_WORKER_SECONDS
    # What is loaded on first use is loaded now: the clock, the database's driver, the ciphers, the session to Zoho.
    clock.now()
    connection = read_connection(connection_id)
    connection.access_token.reveal()
    accounts_server(connection.registration, connection.data_center)
    databases.close_all()
    if os.environ.get("BIGIN_TEST_FORKS"):
        tokens.refresh_now(connection_id)
        if child := os.fork():
            os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    opened: list[Any] = []
    connection_created.connect(lambda **_: opened.append(1), weak=False)
    given, errors, seconds, answered = [], [], [], []
    together = threading.Barrier(number)

    def ask() -> None:
        together.wait()
        started = time.monotonic()
        try:
            token = tokens.ensure_fresh_token(connection_id, wait_seconds=wait_seconds).value
            given.append(hashlib.sha256(token.encode()).hexdigest())
        except BiginError as error:
            errors.append(f"{type(error).__name__}: {error}")
        except Exception as error:
            errors.append(f"unexpected {type(error).__name__}: {error}")
        seconds.append(time.monotonic() - started)
        answered.append(time.time())

    print("ready", flush=True)
    sys.stdin.readline()
    threads = [threading.Thread(target=ask) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    result = {
        "tokens": given,
        "errors": errors,
        "slowest": max(seconds),
        "answered": answered,
        "connections": len(opened),
    }
    print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
