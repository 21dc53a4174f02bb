"""Keep secrets out of logs that others write: the HTTP and OAuth libraries, and the servers that a site runs under.

Zoho brings an authorization code in the address of the callback, and servers log addresses. What a proxy in front of
the site logs is beyond our reach: see docs/operations.md.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

_HIDDEN = "[hidden]"
# `requests_oauthlib` writes client secret and tokens to its DEBUG log (upstream #536); `urllib3` writes addresses with
# their query. A filter works only on the very logger that a record is made with, so each is named.
_LIBRARY_LOGGERS = ("requests_oauthlib", "requests_oauthlib.oauth2_session", "oauthlib")
_URL_LOGGERS = ("urllib3.connectionpool", "urllib3.util.retry", "urllib3.connection", "urllib3.response")
_ACCESS_LOGGERS = (
    "django.server",
    "django.request",
    "gunicorn.access",
    "uvicorn.access",
    "hypercorn.access",
    "daphne",
)

_ADDRESS = re.compile(r"([^\s?\"']*)\?([^\s\"']+)")
_SECRET_PARAMETER = re.compile(r"(?<![^&])(code|state)=[^&]+")
# Of all addresses with a code only Zoho's callbacks name an accounts server.
_ZOHOS_PARAMETER = "accounts-server="


def _every_address(path: str) -> bool:
    return True


_is_callback: Callable[[str], bool] = _every_address


def redact_library_logs() -> None:
    """Keep secrets out of what the HTTP and OAuth libraries log; safe to call again and again."""
    for name in _LIBRARY_LOGGERS:
        _add_filter(name, _hide_arguments)
    for name in _URL_LOGGERS:
        _add_filter(name, _hide_queries)


def redact_access_logs(is_callback: Callable[[str], bool] = _every_address) -> None:
    """Keep authorization codes out of every known access log; safe to call again and again.

    Args:
        is_callback: tells whether a path is a callback's. The site's own `?code=` and `?state=` are no secrets.
    """
    global _is_callback
    _is_callback = is_callback
    for name in _ACCESS_LOGGERS:
        _add_filter(name, _hide_codes)


def _add_filter(name: str, filter_: Callable[[logging.LogRecord], bool]) -> None:
    logger = logging.getLogger(name)
    if filter_ not in logger.filters:
        logger.addFilter(filter_)


def _hide_arguments(record: logging.LogRecord) -> bool:
    if record.args:
        # A single dict, such as a token, is put into args bare.
        arguments = (record.args,) if isinstance(record.args, Mapping) else record.args
        record.args = tuple(each if isinstance(each, (int, float)) else _HIDDEN for each in arguments)
    return True


def _hide_queries(record: logging.LogRecord) -> bool:
    if isinstance(record.args, tuple):
        record.args = tuple(
            re.sub(r"\?\S*", "?" + _HIDDEN, each) if isinstance(each, str) else each for each in record.args
        )
    return True


def _hide_codes(record: logging.LogRecord) -> bool:
    record.msg = _without_codes(record.msg)
    if isinstance(record.args, dict):
        _hide_codes_by_name(record.args)
    elif record.args:
        record.args = tuple(_without_codes(value) for value in record.args)
    return True


def _hide_codes_by_name(atoms: dict[str, Any]) -> None:
    """Hide codes in the arguments of gunicorn and hypercorn: in place, since their kind of dict has a default."""
    path, query = atoms.get("U"), atoms.get("q")
    if isinstance(path, str) and isinstance(query, str) and _brings_code(path, query):
        atoms["q"] = _hidden(query)
    for name, value in list(atoms.items()):
        atoms[name] = _without_codes(value)


def _without_codes(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return _ADDRESS.sub(lambda found: _without_code(found[1], found[2]), value)


def _without_code(path: str, query: str) -> str:
    return f"{path}?{_hidden(query) if _brings_code(path, query) else query}"


def _brings_code(path: str, query: str) -> bool:
    if not _SECRET_PARAMETER.search(query):
        return False
    return _ZOHOS_PARAMETER in query or _is_callback(urlsplit(path).path)


def _hidden(query: str) -> str:
    return _SECRET_PARAMETER.sub(rf"\1={_HIDDEN}", query)
