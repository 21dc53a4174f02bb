"""Keep authorization codes out of the access logs of the servers that a Django site runs under.

Zoho brings the code in the address of the callback, and servers log addresses. What a proxy in front of the site logs
is beyond our reach: see docs/operations.md.
"""

from __future__ import annotations

import logging
import re
from typing import Any

ACCESS_LOGGERS = ("django.server", "django.request", "gunicorn.access", "uvicorn.access", "hypercorn.access", "daphne")

_SECRET_PARAMETER = re.compile(r"(?<=[?&])(code|state)=[^&\s\"']+")


def hide_codes() -> None:
    """Install the filter on every known access logger; safe to call again and again."""
    for name in ACCESS_LOGGERS:
        logger = logging.getLogger(name)
        if _hide not in logger.filters:
            logger.addFilter(_hide)


def _hide(record: logging.LogRecord) -> bool:
    record.msg = _without_codes(record.msg)
    if isinstance(record.args, dict):  # gunicorn's are by name
        record.args = {name: _without_codes(value) for name, value in record.args.items()}
    elif record.args:
        record.args = tuple(_without_codes(value) for value in record.args)
    return True


def _without_codes(value: Any) -> Any:
    return _SECRET_PARAMETER.sub(r"\1=[hidden]", value) if isinstance(value, str) else value
