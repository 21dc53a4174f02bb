"""Answers of a product's API, as bodies, for tests that prepare what a server says."""

from datetime import UTC, datetime

BIG = "5725767000000530017"
ANSWERED = datetime(2026, 11, 3, 9, 14, 52, tzinfo=UTC)
HTML = {"body": "<html>Sign in</html>", "headers": {"Content-Type": "text/html"}}
INVALID_TOKEN = {"code": "INVALID_TOKEN", "details": {}, "message": "invalid oauth token", "status": "error"}


def rows(*ids, token=None, more=False, **info):
    return {
        "data": [{"id": str(each)} for each in ids],
        "info": {"more_records": more, "next_page_token": token, **info},
    }


def refusal(code, message="the message", **details):
    return {"code": code, "details": details, "message": message, "status": "error"}


def results(*ids):
    return {"data": [{"code": "SUCCESS", "details": {"id": str(i)}, "message": "ok", "status": "success"} for i in ids]}
