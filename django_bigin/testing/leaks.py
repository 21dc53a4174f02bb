"""Look through what was logged for the sandbox's secrets."""

from __future__ import annotations

import base64
import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import quote, quote_plus

from ..sandbox import Sandbox

# Every spelling is longer than this: 8 characters are enough to tell where one may begin.
HEAD = 8
PLAIN_DATA = (str, bytes, bytearray, int, float, dict, list, tuple, set, frozenset)
_ORDINARY = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


@contextmanager
def no_secrets_logged(sandbox: Sandbox) -> Iterator[None]:
    """Listen to all loggers at DEBUG; at the end, look for every secret that the sandbox ever gave.

    Secrets are looked for as they are, URL-encoded, in hex and in base64: in messages, tracebacks and the plain data
    that records carry as `extra`.

    Raises:
        AssertionError: at the end. It names kind, logger and line, and shows no secret.
    """
    with listening() as records:
        yield
    require_no_secrets(records, sandbox.secrets())


@contextmanager
def listening() -> Iterator[list[logging.LogRecord]]:
    """Collect everything that any logger logs, at DEBUG, whatever the site's logging says."""
    catcher = _Catcher()
    known = [logger for logger in logging.root.manager.loggerDict.values() if isinstance(logger, logging.Logger)]
    before = [(logger, logger.level, logger.disabled) for logger in (logging.root, *known)]
    switched_off = logging.root.manager.disable
    logging.disable(logging.NOTSET)
    for logger, _, _ in before:
        logger.setLevel(logging.DEBUG)
        logger.disabled = False
        if logger is logging.root or not logger.propagate:
            logger.addHandler(catcher)
    try:
        yield catcher.records
    finally:
        for logger, level, disabled in before:
            logger.removeHandler(catcher)
            logger.setLevel(level)
            logger.disabled = disabled
        logging.disable(switched_off)


def require_no_secrets(records: Iterable[logging.LogRecord], secrets: Iterable[Mapping[str, str]]) -> None:
    """Look for secrets, each {"kind", "value"}, in log records.

    Raises:
        AssertionError: there is one.
    """
    beginnings = _beginnings(secrets)
    leaks = [
        f"{what}: {record.name} at {record.levelname}, {record.pathname}:{record.lineno}"
        for record in records
        for what in sorted(_find(text_of(record), beginnings))
    ]
    if leaks:
        raise AssertionError("secrets were logged:\n" + "\n".join(dict.fromkeys(leaks)))


def find_secrets(text: str, secrets: Iterable[Mapping[str, str]]) -> list[str]:
    """Return the kinds of the secrets, each {"kind", "value"}, that stand in a text, with their encoding."""
    return sorted(_find(text, _beginnings(secrets)))


def spellings(secret: str) -> list[tuple[str, str]]:
    """Return the spellings of a secret, each with its encoding. Base64 has three, by what stands before it."""
    found = {secret: "", quote(secret, safe=""): ", URL-encoded", quote_plus(secret): ", URL-encoded"}
    found |= {secret.encode().hex(): ", in hex", secret.encode().hex().upper(): ", in hex"}
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for before in range(3):
            text = encode(b"\0" * before + secret.encode()).decode()
            # Without the characters in which the neighbours have a part.
            found.setdefault(text[4 if before else 0 : len(text) - 4], ", in base64")
    return [(how, text) for text, how in {**found, secret: ""}.items() if len(text) >= HEAD]


def text_of(record: logging.LogRecord) -> str:
    """Return all that a formatter may write of a record."""
    extra = {name: value for name, value in vars(record).items() if name not in _ORDINARY}
    # Objects are left out: what of them is written is up to the formatter, and a request's repr holds its address.
    plain = [repr(value) for value in extra.values() if isinstance(value, PLAIN_DATA)]
    try:
        written = logging.Formatter().format(record)
    except (TypeError, ValueError, KeyError):
        # Arguments that do not fit their message: logging says so on stderr, and shows them.
        written = f"{record.msg!r} {record.args!r}"
    return "\n".join([written, *plain])


def _beginnings(secrets: Iterable[Mapping[str, str]]) -> dict[str, set[tuple[str, str]]]:
    beginnings: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for secret in secrets:
        for how, spelling in spellings(secret["value"]):
            beginnings[spelling[:HEAD]].add((spelling, f"{secret['kind']}{how}"))
    return beginnings


def _find(text: str, beginnings: Mapping[str, set[tuple[str, str]]]) -> set[str]:
    return {
        what
        for start in range(len(text) - HEAD + 1)
        for spelling, what in beginnings.get(text[start : start + HEAD], ())
        if text.startswith(spelling, start)
    }


class _Catcher(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)
