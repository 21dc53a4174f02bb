"""HTML put together from templates; every value is escaped."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def fill(template: str, **values: str) -> Markup:
    """Put values into a template of HTML, each escaped unless it is markup."""
    return Markup(template.format(**{k: v if isinstance(v, Markup) else escape(v) for k, v in values.items()}))


def join(parts: Iterable[Markup]) -> Markup:
    """Put pieces of HTML after each other."""
    return Markup("\n".join(parts))
