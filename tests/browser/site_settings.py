"""The example's settings, with a policy for what browsers may load; Django 6 sends it with a middleware of its own."""

from collections.abc import Callable

import django
from django.http import HttpRequest, HttpResponse

from example.settings import *
from example.settings import MIDDLEWARE

SECURE_CSP = {
    "default-src": ["'self'"],
    "form-action": ["'self'"],
    "base-uri": ["'none'"],
    "frame-ancestors": ["'none'"],
}


class PolicyMiddleware:
    """Sends the same where Django has no middleware for it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response["Content-Security-Policy"] = "; ".join(f"{name} {' '.join(what)}" for name, what in SECURE_CSP.items())
        return response


OURS, DJANGOS = "tests.browser.site_settings.PolicyMiddleware", "django.middleware.csp.ContentSecurityPolicyMiddleware"
MIDDLEWARE = [*MIDDLEWARE, DJANGOS if django.VERSION >= (6,) else OURS]
