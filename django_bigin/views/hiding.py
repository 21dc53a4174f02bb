"""Secrets in requests: hidden from the variables of a view, and from the request that an error report shows.

`sensitive_post_parameters` and `sensitive_variables` are heeded by Django's own reports alone, and not with DEBUG on.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import parse_qsl

from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.views.decorators.debug import sensitive_post_parameters

from ..encryption.secret import Secret

HIDDEN = "[hidden]"
# The query as servers and WSGI put it into a request's environment, beside QUERY_STRING.
_ADDRESSES = ("RAW_URI", "REQUEST_URI")

View = Callable[..., HttpResponseBase]


def take_query(request: HttpRequest, *, fields_at_most: int) -> list[tuple[str, str]]:
    """Return the query's parameters, each value as a secret, and leave nothing of them in the request.

    Not `request.GET`, which hides a repeated parameter.

    Raises:
        ValueError: there are too many.
    """
    query = Secret(request.META.get("QUERY_STRING", ""))
    if query:
        _forget_query(request)
    parameters = parse_qsl(query, keep_blank_values=True, max_num_fields=fields_at_most)
    return [(name, Secret(value)) for name, value in parameters]


def _forget_query(request: HttpRequest) -> None:
    request.META["QUERY_STRING"] = HIDDEN
    for name in _ADDRESSES:
        if name in request.META:
            request.META[name] = request.META[name].partition("?")[0]
    request.__dict__.pop("GET", None)  # read from the environment when it is asked for again
    scope = getattr(request, "scope", None)
    if scope is not None:  # under ASGI
        scope["query_string"] = HIDDEN.encode()


def hides_posted(*names: str) -> Callable[[View], View]:
    """Keep the form fields of these names, whatever their prefix, out of the reports of an error in the view."""

    def decorate(view: View) -> View:
        @wraps(view)
        def hide(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method == "POST":
                request.POST = _replaced(request.POST, names, Secret)  # type: ignore[assignment]  # immutable to the stubs
            try:
                return view(request, *args, **kwargs)
            except BaseException:
                # The report of this error is made from the request, after the view.
                if request.method == "POST":
                    request.POST = _replaced(request.POST, names, lambda value: HIDDEN)  # type: ignore[assignment]  # likewise
                    request._body = b""  # as it was read, behind `request.body`
                raise

        return sensitive_post_parameters()(hide)

    return decorate


def _replaced(posted: QueryDict, names: tuple[str, ...], replace: Callable[[str], str]) -> QueryDict:
    replaced = posted.copy()
    for name in replaced:
        if name.endswith(names):
            replaced.setlist(name, [replace(value) for value in replaced.getlist(name)])
    replaced._mutable = False
    return replaced
