"""The argument `--module` of our commands."""

from __future__ import annotations

from difflib import get_close_matches

from django.core.management.base import CommandError, CommandParser

from ..conf import settings
from .base import USAGE


def add_module_argument(parser: CommandParser) -> None:
    """Add `--module`."""
    parser.add_argument(
        "--module",
        nargs="+",
        action="extend",
        metavar="NAME",
        help=f"Only these: {', '.join(settings.known_modules)}.",
    )


def read_modules(names: list[str] | None) -> list[str] | None:
    """Return the API names that were meant, whatever their case; None for all."""
    if names is None:
        return None
    known = {name.lower(): name for name in settings.known_modules}
    for name in names:
        if name.lower() not in known:
            close = get_close_matches(name.lower(), known, n=1)
            meant = f" Did you mean {known[close[0]]}?" if close else ""
            raise CommandError(
                f"There is no module {name!r}.{meant} Known: {', '.join(known.values())}.", returncode=USAGE
            )
    return list(dict.fromkeys(known[name.lower()] for name in names))
