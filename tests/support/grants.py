"""Grants in tests: tokens that expire, and something that happens while Zoho is asked."""

from collections.abc import Callable
from typing import Any

from django_bigin.api.oauth import AccountsServer

TOKEN = "POST /oauth/v2/token"
REVOKE = "POST /oauth/v2/token/revoke"

TOKEN_LIVES_SECONDS = 3600


def let_token_expire(sandbox: Any) -> None:
    sandbox.advance(TOKEN_LIVES_SECONDS + 100)
    sandbox.clear_calls()


def act_after_call(monkeypatch: Any, name: str, act: Callable[[], Any]) -> None:
    """Act once, when Zoho has answered the first call of `AccountsServer` named so and before anybody reads that."""
    real, waiting = getattr(AccountsServer, name), [act]

    def call(self: AccountsServer, token: str) -> Any:
        try:
            return real(self, token)
        finally:
            if waiting:
                waiting.pop()()

    monkeypatch.setattr(AccountsServer, name, call)
