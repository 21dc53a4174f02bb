import logging

import pytest

from django_bigin.api.redaction import redact_access_logs, redact_library_logs
from django_bigin.views.addresses import is_callback


def test_the_url_of_a_request_is_logged_without_its_query(server, session, caplog):
    caplog.set_level(logging.DEBUG)
    redact_library_logs()
    server.answer(data={})

    session.get("https://www.zohoapis.eu/x", params={"page_token": "t0ken"}, timeout=2)

    assert "/x?[hidden]" in caplog.text
    assert "t0ken" not in caplog.text


def test_redacting_twice_adds_one_filter():
    redact_library_logs()
    redact_library_logs()

    for name in ("requests_oauthlib.oauth2_session", "urllib3.connectionpool"):
        assert len(set(logging.getLogger(name).filters)) == len(logging.getLogger(name).filters) == 1


@pytest.mark.parametrize(
    ("logger", "message", "arguments"),
    [
        ("django.server", '"%s" %s', ("GET /bigin/callback/?state=s3cret&code=1000.ab&location=us HTTP/1.1", 303)),
        ("gunicorn.access", "%(r)s", ({"r": "GET /bigin/callback/?code=1000.ab&state=s3cret"},)),
        ("uvicorn.access", "GET /bigin/callback/?location=us&code=1000.ab&state=s3cret", ()),
    ],
)
def test_an_access_log_holds_no_code(logger, message, arguments, caplog, monkeypatch):
    redact_access_logs(is_callback)
    monkeypatch.setattr(logging.getLogger(logger), "propagate", True)
    caplog.set_level(logging.INFO, logger=logger)

    logging.getLogger(logger).info(message, *arguments)

    assert "code=[hidden]" in caplog.text
    assert not any(secret in caplog.text for secret in ("1000.ab", "s3cret"))


class Atoms(dict):
    """As gunicorn's: what is not there is "-"."""

    def __missing__(self, name):
        return "-"


@pytest.fixture
def callback_alone():
    redact_access_logs(lambda path: path == "/crm/callback/")
    yield
    redact_access_logs(is_callback)


OURS, THEIRS = "code=1000.ab&state=s3cret&location=us", "state=open&code=SPRING"


@pytest.mark.parametrize(
    ("message", "arguments"),
    [
        ('"%s" %s', ("GET /orders/?{theirs} HTTP/1.1", 200)),
        ('%s - "%s %s HTTP/%s" %d', ("127.0.0.1", "GET", "/crm/callback/?{ours}", "1.1", 303)),
        ("GET http://site.example/crm/callback/?{ours} then /orders/?{theirs}", ()),
        ("%(U)s %(q)s %(r)s %({x-forwarded-for}i)s", ({"U": "/crm/callback/", "q": "{ours}", "r": "GET /?{theirs}"},)),
        ("%(U)s %(q)s", ({"U": "/orders/", "q": "{theirs}"},)),
        ("GET /elsewhere/?{ours}&accounts-server=https%%3A%%2F%%2Faccounts.zoho.com", ()),
    ],
)
def test_only_a_callbacks_code_is_hidden(message, arguments, callback_alone, caplog, monkeypatch):
    logger = logging.getLogger("gunicorn.access")
    monkeypatch.setattr(logger, "propagate", True)
    caplog.set_level(logging.INFO, logger="gunicorn.access")

    def filled(text):
        return text.replace("{ours}", OURS).replace("{theirs}", THEIRS) if isinstance(text, str) else text

    given = [
        Atoms({name: filled(text) for name, text in each.items()}) if isinstance(each, dict) else filled(each)
        for each in arguments
    ]
    logger.info(filled(message), *given)

    wanted = str(message) + str(arguments)
    assert ("code=[hidden]&state=[hidden]&location=us" in caplog.text) == ("{ours}" in wanted)
    assert (THEIRS in caplog.text) == ("{theirs}" in wanted)
    assert not any(secret in caplog.text for secret in ("1000.ab", "s3cret"))
