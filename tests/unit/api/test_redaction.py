import logging

import pytest

from django_bigin.api.redaction import redact_access_logs, redact_library_logs


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
    redact_access_logs()
    monkeypatch.setattr(logging.getLogger(logger), "propagate", True)
    caplog.set_level(logging.INFO, logger=logger)

    logging.getLogger(logger).info(message, *arguments)

    assert "code=[hidden]" in caplog.text
    assert not any(secret in caplog.text for secret in ("1000.ab", "s3cret"))
