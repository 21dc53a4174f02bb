"""A process that works in children of its own, to be killed: `python -m tests.support.slice_and_die KIND ID`.

Each line on stdin lets it fork a child that does a slice of that kind of work. It prints the child's process id, and
"ended" when it is gone. A fork is there at once, whereas Django takes a second to start. The environment says which
database (DATABASE_URL) and which sandbox (BIGIN_SANDBOX_URL).
"""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    from django_bigin.work import scheduler

    print("ready", flush=True)
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            scheduler.run_slice(sys.argv[1], int(sys.argv[2]))
            os._exit(0)
        print(child, flush=True)
        os.waitpid(child, 0)
        print("ended", flush=True)


if __name__ == "__main__":
    main()
