"""A limited member of staff tries every address of the site with what belongs to another tenant.

The addresses, forms and actions are not listed here but found: a new one is tried as soon as it is there.
"""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django import forms
from django.apps import apps
from django.conf import settings as django_settings
from django.contrib.admin.sites import site
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.test import Client, RequestFactory
from django.urls import URLPattern, get_resolver, reverse
from django.urls.resolvers import RegexPattern, RoutePattern

from django_bigin import urls as app_urls
from django_bigin.models import (
    AuthorizationAttempt,
    ClientRegistration,
    Connection,
    Heartbeat,
    Installation,
    Job,
    Tenant,
)
from tests.support.databases import database
from tests.support.factories import make_row_of_each_model, make_staff, make_superuser

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

MARK = "foreign"
"""Stands in every text of the other tenant: names, organization, e-mail addresses, data."""

NOTHING = object()

OURS = [model for model in site._registry if model._meta.app_label == "django_bigin"]
OF_TENANTS = [model for model in OURS if model not in {Heartbeat, Installation}]

NAME_NO_OBJECT = {"admin:login", "admin:logout", "admin:password_change", "admin:password_change_done", "admin:jsi18n"}
"""Pages about the person; trying them would only sign the person out."""


@dataclass(frozen=True)
class Page:
    """One address pattern of the site, with the admin that serves it."""

    name: str
    route: str
    parameters: tuple[tuple[str, str], ...]  # name, regular expression
    model_admin: Any

    @property
    def part(self) -> str:
        """What it is tried together with: the pages of a model, or all others."""
        return str(self.model_admin.opts.model_name) if self.model_admin else "other"

    def addresses(self, theirs: dict[Any, Any]) -> Iterator[str]:
        """The pattern filled in with everything of theirs that fits."""
        for values in self._fillings(theirs):
            address = self.route
            for (name, _), value in zip(self.parameters, values, strict=True):
                address = re.sub(rf"<(\w+:)?{name}>", value, address)
            yield f"/{address}"

    def _fillings(self, theirs: dict[Any, Any]) -> Iterator[tuple[str, ...]]:
        if [name for name, _ in self.parameters] == ["content_type_id", "object_id"]:
            for model, row in theirs.items():
                yield str(ContentType.objects.get_for_model(model).pk), str(row.pk)
            return
        fitting = [
            [value for value in self._values(name, theirs) if re.fullmatch(regex, value)]
            for name, regex in self.parameters
        ]
        for name, values in zip(self.parameters, fitting, strict=True):
            assert values, f"{self.name}: nothing fits the parameter {name}: say in Page._values what does"
        yield from itertools.product(*fitting)

    def _values(self, name: str, theirs: dict[Any, Any]) -> list[str]:
        if name == "app_label":
            return ["django_bigin"]
        if name == "url":
            return [f"django_bigin/connection/{theirs[Connection].pk}"]
        if self.model_admin is not None:
            return [str(theirs.get(self.model_admin.model, theirs[Connection]).pk)]
        rows = theirs.values()
        return list({str(row.pk) for row in rows} | {str(row.uuid) for row in rows if hasattr(row, "uuid")})


def all_pages(patterns: Any = None, prefix: str = "", namespace: str = "") -> Iterator[Page]:
    for each in get_resolver().url_patterns if patterns is None else patterns:
        route, parameters = plain(each.pattern)
        if not isinstance(each, URLPattern):
            inner = f"{namespace}{each.namespace}:" if each.namespace else namespace
            yield from all_pages(each.url_patterns, prefix + route, inner)
            continue
        yield Page(f"{namespace}{each.name or each.pattern}", prefix + route, parameters, admin_of(prefix))


def admin_of(prefix: str) -> Any:
    served = (each for each in site._registry.values() if prefix == f"admin/{each.opts.label_lower.replace('.', '/')}/")
    return next(served, None)


def plain(pattern: Any) -> tuple[str, tuple[tuple[str, str], ...]]:
    """A pattern with <name> where a parameter goes, and the parameters."""
    if isinstance(pattern, RoutePattern):
        return str(pattern), tuple((name, each.regex) for name, each in pattern.converters.items())
    assert isinstance(pattern, RegexPattern)
    found = re.findall(r"\(\?P<(\w+)>([^)]*)\)", str(pattern))
    route = re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<\1>", str(pattern)).strip("^$")
    return route, tuple((name, f"({regex})") for name, regex in found)


PAGES = [page for page in all_pages() if page.name not in NAME_NO_OBJECT]

of_each_part = pytest.mark.parametrize(
    "pages",
    [
        pytest.param([page for page in PAGES if page.part == part], id=part)
        for part in dict.fromkeys(page.part for page in PAGES)
    ],
)


@pytest.fixture(autouse=True)
def policy(settings: Any) -> None:
    settings.BIGIN_ACCESS_POLICY = "tests.support.policies.OwnTenant"


@pytest.fixture
def person() -> Any:
    """Somebody with every permission of Django's on our models."""
    return make_staff("mine")


@pytest.fixture
def limited(client: Client, person: Any) -> Client:
    client.force_login(person)
    return client


@pytest.fixture
def theirs() -> dict[Any, Any]:
    return make_row_of_each_model(MARK)


@pytest.fixture
def mine(theirs: dict[Any, Any], person: Any) -> dict[Any, Any]:
    return make_row_of_each_model("mine", user=person)


def keys_of(rows: dict[Any, Any]) -> dict[str, str]:
    return {
        "tenant": str(rows[Tenant].pk),
        "connection": str(rows[Connection].pk),
        "registration": str(rows[ClientRegistration].pk),
    }


def bodies(page: Page, theirs: dict[Any, Any]) -> Iterator[dict[str, Any]]:
    """Everything that is worth posting to a page: its form filled in, each action, and what buttons send."""
    keys = keys_of(theirs)
    model = page.model_admin.model if page.model_admin else None
    rows = [theirs[model]] if model in theirs else list(theirs.values())
    chosen = {"_selected_action": [str(row.pk) for row in rows], "confirmed": "yes", "post": "yes", "index": "0"}
    yield {**keys, "post": "yes", "confirm": "1", "next": "/"}
    yield {**keys, "discard": "1"}
    if page.model_admin is None:
        return
    acts_not = page.name.endswith(("_add", "_delete", "_history"))
    for action in [] if acts_not else actions_of(page.model_admin):
        yield {**chosen, "action": action}
    yield {**chosen, "action": "sync_now", "select_across": "1"}
    yield {**keys, **filled_in(page.model_admin, theirs), "_save": "Save"}


def request_of(user: Any) -> Any:
    request = RequestFactory().get("/")
    request.user = user
    return request


def actions_of(model_admin: Any) -> list[str]:
    anybody = get_user_model()(is_superuser=True, is_active=True, is_staff=True)
    return [*model_admin.get_actions(request_of(anybody)), "delete_selected"]


def filled_in(model_admin: Any, theirs: dict[Any, Any]) -> dict[str, Any]:
    """The admin's form, with theirs chosen wherever something is to be chosen."""
    anybody = get_user_model()(is_superuser=True, is_active=True, is_staff=True)
    request = request_of(anybody)
    values: dict[str, Any] = {}
    for name, field in model_admin.get_form(request).base_fields.items():
        values[name] = filled_in_field(field, theirs)
    for inline in model_admin.get_inline_instances(request):
        prefix = inline.get_formset(request).get_default_prefix()
        values |= {f"{prefix}-TOTAL_FORMS": "0", f"{prefix}-INITIAL_FORMS": "0"}
    return values


def filled_in_field(field: Any, theirs: dict[Any, Any]) -> str:
    if isinstance(field, forms.ModelChoiceField):
        row = theirs.get(field.queryset.model)
        return str(row.pk) if row else ""
    if isinstance(field, forms.ChoiceField):
        return str(field.choices[-1][0]) if field.choices else "us"
    return "1" if isinstance(field, forms.IntegerField) else "word"


def dump() -> dict[tuple[str, Any], dict[str, Any]]:
    """Everything that the database holds, but sessions."""
    return {
        (model._meta.label, row["pk"]): row
        for model in apps.get_models()
        if model._meta.label != "sessions.Session"
        for row in model._default_manager.values("pk", *(field.attname for field in model._meta.concrete_fields))
    }


def about(theirs: dict[Any, Any], rows: dict[tuple[str, Any], dict[str, Any]]) -> dict[tuple[str, Any], Any]:
    """Of what the database holds, the rows that are theirs, name theirs or point to theirs."""
    pointing = {
        (model._meta.label, field.attname): theirs[field.related_model].pk
        for model in OURS
        for field in model._meta.concrete_fields
        if field.related_model in theirs
    }
    return {
        key: row
        for key, row in rows.items()
        if MARK in str(row) or any(pointing.get((key[0], name), NOTHING) == value for name, value in row.items())
    }


def shows_nothing(response: Any) -> bool:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return MARK.encode() not in content and MARK not in str(response.headers)


def tries(addresses: Iterator[str], sent: Any) -> list[tuple[str, Any]]:
    every = list(itertools.product(addresses, sent))
    assert every
    return every


class TestTheSearchItself:
    """The search finds what it should: else all that follows would pass by trying nothing."""

    def test_every_page_of_every_model_is_tried(self):
        names = {page.name for page in PAGES}
        for model in OURS:
            for kind in ("changelist", "add", "change", "delete", "history"):
                assert f"admin:django_bigin_{model._meta.model_name}_{kind}" in names
        assert {f"django_bigin:{each.name}" for each in app_urls.urlpatterns} <= names
        assert "admin:django_bigin_connection_act" in names
        assert "admin:django_bigin_connection_connect_self_client" in names
        assert sum(bool(page.parameters) for page in PAGES) > 50

    def test_somebody_who_may_is_shown_what_is_looked_for(self, client, theirs):
        client.force_login(make_superuser())
        showing = {page.name for page in PAGES for at in page.addresses(theirs) if not shows_nothing(client.get(at))}
        for model in OF_TENANTS:
            name = f"admin:django_bigin_{model._meta.model_name}"
            # What else they say is numbers, or the registration's name, which is in the sidebar's tenants.
            assert f"{name}_changelist" in showing
            assert f"{name}_change" in showing
        assert {"django_bigin:confirm", "admin:django_bigin_connection_connect_self_client"} <= showing

    def test_somebody_who_may_changes_what_is_looked_at(self, client, theirs):
        client.force_login(make_superuser())
        changing = set()
        before = dump()
        for page in PAGES:
            if page.name not in ("admin:django_bigin_connection_changelist", "admin:django_bigin_connection_act"):
                continue
            for address, body in itertools.product(page.addresses(theirs), bodies(page, theirs)):
                with transaction.atomic(using=database.alias):
                    client.post(address, body)
                    if dump() != before:
                        changing.add((page.name, body.get("action")))
                    transaction.set_rollback(True, using=database.alias)
        for action in ("refresh_token_now", "sync_now", "full_sync", "pause", "disconnect"):
            assert ("admin:django_bigin_connection_changelist", action) in changing
            assert ("admin:django_bigin_connection_act", action) in changing

    def test_no_own_row_counts_as_theirs(self, mine, theirs):
        labels = [key for key, row in about(theirs, dump()).items() if "mine" in str(row)]
        assert not labels


@of_each_part
def test_looking_shows_nothing_of_theirs(limited, theirs, pages):
    before = dump()
    for page in pages:
        for address, query in tries(page.addresses(theirs), [{}, keys_of(theirs)]):
            response = limited.get(address, query)
            assert response.status_code < 500
            assert shows_nothing(response), (address, query)
    assert dump() == before


@of_each_part
def test_posting_changes_nothing_of_theirs_and_tells_nothing(limited, theirs, pages):
    before = dump()
    for page in pages:
        for address, body in tries(page.addresses(theirs), bodies(page, theirs)):
            response = limited.post(address, body, follow=True)
            assert response.status_code < 500
            assert shows_nothing(response), (address, body)
        assert dump() == before, page.name
    assert Job.objects.count() == 1  # theirs, from the beginning


@of_each_part
def test_with_rows_of_ones_own_theirs_cannot_be_reached(limited, mine, theirs, pages):
    """One's own page, and theirs as what is chosen in its form; a selection of both in a list."""
    before = about(theirs, dump())
    both = {"_selected_action": [str(row.pk) for rows in (mine, theirs) for row in rows.values()]}
    for page in pages:
        for address in page.addresses(mine):
            assert shows_nothing(limited.get(address)), address
        for address, body in tries(page.addresses(mine), bodies(page, theirs)):
            with transaction.atomic(using=database.alias):
                response = limited.post(address, {**body, **(both if "action" in body else {})})
                assert response.status_code < 500
                assert shows_nothing(response), (address, body)
                assert about(theirs, dump()) == before, (address, body)
                transaction.set_rollback(True, using=database.alias)


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_no_list_is_narrowed_to_theirs(limited, mine, theirs, model):
    """Neither by a link's filter nor by a search; not even the number of results may tell of them."""
    address = reverse(f"admin:django_bigin_{model._meta.model_name}_changelist")
    queries = [{"q": MARK.upper()}, {"tenant": str(theirs[Tenant].pk)}, {"all": ""}, {"_facets": "True"}]
    for field in model._meta.concrete_fields:
        related = theirs.get(field.related_model)
        if related is not None:
            queries += [{f"{field.name}__{key}__exact": str(related.pk)} for key in ("id", "pk")]
            queries += [{f"{field.name}__{key}__{other}__exact": str(theirs[of].pk)} for key, other, of in (
                ("tenant", "id", Tenant), ("connection", "id", Connection), ("registration", "id", ClientRegistration)
            )]  # fmt: skip
    own = mine.get(model)
    for query in queries:
        response = limited.get(address, query)
        assert shows_nothing(response), query
        if response.status_code != 200:
            assert response.status_code in (302, 400), query
            continue
        assert {row.pk for row in response.context["cl"].result_list} <= {own.pk if own else None}, query


def test_nothing_is_completed_with_theirs(limited, mine, theirs):
    tried = 0
    for model in apps.get_models():
        for field in model._meta.get_fields():
            if not (field.many_to_one and field.concrete):
                continue
            names = {"app_label": model._meta.app_label, "model_name": model._meta.model_name, "field_name": field.name}
            for term in ("", MARK.upper(), str(theirs[Tenant].pk)):
                response = limited.get(reverse("admin:autocomplete"), {**names, "term": term})
                assert response.status_code in (200, 403, 404)
                assert shows_nothing(response)
                tried += response.status_code == 200
    assert tried


def test_ones_own_attempt_shows_nothing_once_the_policy_has_changed(limited, theirs, person):
    attempt = theirs[AuthorizationAttempt]
    AuthorizationAttempt.objects.filter(pk=attempt.pk).update(user=person)
    assert shows_nothing(limited.get(reverse("django_bigin:attempt", args=[attempt.uuid])))


def test_every_page_is_served_by_this_site():
    assert django_settings.ROOT_URLCONF == "tests.urls"
    assert {page.route.split("/")[0] for page in PAGES} == {"admin", "bigin"}
