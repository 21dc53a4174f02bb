"""One process that wants a connection's token: `python -m tests.support.ask_for_token ID`.

Prints "ready", waits for a line on stdin, asks, and prints a hash of the token or "error: ...". Its environment says
which database (DATABASE_URL) and which sandbox (BIGIN_SANDBOX_URL).
"""

import hashlib
import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    from django_bigin.connections import tokens
    from django_bigin.exceptions import BiginError

    print("ready", flush=True)
    sys.stdin.readline()
    try:
        token = tokens.ensure_fresh_token(int(sys.argv[1])).value
        print(hashlib.sha256(token.encode()).hexdigest(), flush=True)
    except BiginError as error:
        print(f"error: {error}", flush=True)


if __name__ == "__main__":
    main()
