"""The example's settings, with a policy for what browsers may load: as strict as Django 6 makes it with SECURE_CSP."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from example.settings import *
from example.settings import MIDDLEWARE

POLICY = "default-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"


class PolicyMiddleware:
    """Sends the policy with every page; Django 5.2 has no middleware of its own for it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response["Content-Security-Policy"] = POLICY
        return response


MIDDLEWARE = [*MIDDLEWARE, "tests.browser.site_settings.PolicyMiddleware"]
