"""The addresses of the callback: wherever a site has mounted it."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.urls import Resolver404, resolve
from django.utils.translation import get_language_from_path, override

_SEEN_AT_MOST = 1_000
_seen: set[str] = set()


def note_callback(path: str) -> None:
    """Remember a path at which the callback was asked for: not every site has one set of URLs."""
    if len(_seen) < _SEEN_AT_MOST:
        _seen.add(path)


def is_callback(path: str) -> bool:
    """Tell whether a path, as a server logs it, is the callback's: under any prefix, language or script name."""
    if path in _seen:
        return True
    # A server under a script name logs it; Django resolves what comes after it.
    ends = [path[at:] for at, character in enumerate(path) if character == "/"]
    for language in {get_language_from_path(path) or settings.LANGUAGE_CODE, settings.LANGUAGE_CODE}:
        with override(language):
            if any(_leads_to_callback(end) for end in ends):
                return True
    return False


def _leads_to_callback(path: str) -> bool:
    try:
        match = resolve(path)
    except (Resolver404, ImproperlyConfigured, ImportError):
        return False
    return match.url_name == "callback" and match.app_names[-1:] == ["django_bigin"]
