"""A process that syncs in children of its own and kills them: `python -m tests.support.sync_and_die ID MODULE`.

Each line on stdin holds a number of seconds: it forks a child that syncs, kills it with -9 when they are over, and
prints "ended" when it is gone. A fork is there at once, whereas Django takes a second to start. The environment says
which database (DATABASE_URL) and which sandbox (BIGIN_SANDBOX_URL).
"""

import os
import signal
import sys
import time


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    from django_bigin.models import Connection
    from django_bigin.sync import sync_connection

    print("ready", flush=True)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            sync_connection(Connection.objects.get(pk=int(sys.argv[1])), modules=[sys.argv[2]])
            os._exit(0)
        end_after(child, float(line))
        print("ended", flush=True)


def end_after(child: int, seconds: float) -> None:
    give_up_at = time.monotonic() + seconds
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        if time.monotonic() >= give_up_at:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return
        time.sleep(0.002)


if __name__ == "__main__":
    main()
