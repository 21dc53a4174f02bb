"""Secrets in logs are found, and not shown."""

import base64
import logging
from typing import Any
from urllib.parse import quote

import pytest

from django_bigin.sandbox import Sandbox
from django_bigin.testing import (
    no_secrets_logged,
)
from django_bigin.testing.leaks import require_no_secrets


def leak(sandbox: Sandbox, kind: str = "refresh_token") -> str:
    return sandbox.organizations[0][kind]


WAYS = {
    "as it is": lambda log, secret: log.debug("token %s", secret),
    "in an f-string": lambda log, secret: log.info(f"token {secret}"),  # noqa: G004  # the way is what is tested
    "URL-encoded": lambda log, secret: log.debug("/?token=%s", quote(f"{secret}", safe="")),
    "in base64": lambda log, secret: log.debug("%s", base64.b64encode(secret.encode()).decode()),
    "in base64 after one more": lambda log, secret: log.debug("%s", base64.b64encode(f"x{secret}".encode()).decode()),
    "in base64 after two more": lambda log, secret: log.debug("%s", base64.b64encode(f"xy{secret}!".encode()).decode()),
    "in urlsafe base64": lambda log, secret: log.debug("%s", base64.urlsafe_b64encode(secret.encode()).decode()),
    "in bytes beside": lambda log, secret: log.debug("called", extra={"body": bytearray(secret.encode())}),
    "in data beside": lambda log, secret: log.debug("called", extra={"call": {"headers": [secret]}}),
}


def log_failure(log: logging.Logger, secret: str) -> None:
    try:
        raise ValueError(secret)
    except ValueError:
        log.exception("failed")


@pytest.mark.parametrize("kind", ["client_secret", "grant_token", "refresh_token"])
@pytest.mark.parametrize("way", [*WAYS, "in a traceback"])
def test_a_logged_secret_is_found_and_not_shown(way: str, kind: str, bigin_sandbox: Sandbox) -> None:
    secret = leak(bigin_sandbox, kind)
    what = f"(?s)secrets were logged.*{kind}.*site.part.*test_leaks"
    with pytest.raises(AssertionError, match=what) as found, no_secrets_logged(bigin_sandbox):
        WAYS.get(way, log_failure)(logging.getLogger("site.part"), secret)
    assert secret not in str(found.value)


@pytest.mark.parametrize(
    "state",
    [{"level": logging.ERROR}, {"propagate": False}, {"disabled": True}, {"level": logging.ERROR, "propagate": False}],
)
def test_every_logger_is_heard_and_left_as_it_was(state: dict[str, Any], bigin_sandbox: Sandbox) -> None:
    log = logging.getLogger("site.quiet")
    for name, value in state.items():
        setattr(log, name, value)
    before = vars(log) | {"handlers": list(log.handlers), "_cache": None}
    root = (logging.root.level, list(logging.root.handlers))
    with pytest.raises(AssertionError), no_secrets_logged(bigin_sandbox):
        log.debug(leak(bigin_sandbox))
    assert vars(log) | {"_cache": None} == before
    assert (logging.root.level, logging.root.handlers) == root
    log.setLevel(logging.NOTSET)
    log.propagate, log.disabled = True, False


def test_a_secret_is_found_in_an_argument_that_does_not_fit_its_message(bigin_sandbox: Sandbox) -> None:
    """Not logged here: pytest's own handler would raise what logging itself only writes to stderr."""
    secret = leak(bigin_sandbox)
    record = logging.makeLogRecord({"name": "site.part", "msg": "%d tokens", "args": (secret,)})
    with pytest.raises(AssertionError, match=r"refresh_token: site\.part"):
        require_no_secrets([record], bigin_sandbox.secrets())


def test_a_secret_of_an_earlier_reset_is_found_as_well(bigin_sandbox: Sandbox) -> None:
    secret = leak(bigin_sandbox)
    bigin_sandbox.reset()
    with pytest.raises(AssertionError, match="refresh_token"), no_secrets_logged(bigin_sandbox):
        logging.getLogger("site").debug(secret)


def test_what_is_no_secret_may_be_logged(bigin_sandbox: Sandbox) -> None:
    with no_secrets_logged(bigin_sandbox):
        logging.getLogger("site").debug("client %s", leak(bigin_sandbox, "client_id"))
