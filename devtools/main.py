"""The way from the command line to a verb."""

import signal
import sys

from devtools.processes import Stop
from devtools.verbs import HELP, VERBS, show_help


def main(arguments: list[str]) -> int:
    """Run the verb that the command line names, and return the exit code."""
    name = arguments[0] if arguments and arguments[0] not in HELP else "help"
    if name not in VERBS:
        show_help()
        print(f"\n{name!r} is not one of them.", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        return VERBS[name](arguments[1:])
    except Stop as stop:
        print(f"dev.py: {stop}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
