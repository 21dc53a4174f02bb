"""Guards of the views: the headers and the transaction of every page, and who may see it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

from ..db.aliases import outside_transactions

View = Callable[..., HttpResponse]


def guarded(view: View) -> View:
    """Let no page be cached or named to other sites, and open no transaction around the request."""

    @wraps(view)
    def guard(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        # Not "no-referrer", with which a browser posts a page's form from an origin of "null": CSRF would refuse it.
        response.setdefault("Referrer-Policy", "same-origin")
        return response

    return outside_transactions(never_cache(guard))


def signed_in(view: View) -> View:
    """Send whoever is not signed in to the site's login page."""

    @wraps(view)
    def check(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        return view(request, *args, **kwargs)

    return check
