"""Two pages that read the mirror with the ORM: no call to Bigin is made while a visitor waits."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from django_bigin.models import Record, Tenant
from django_bigin.policy import ALL, access_policy


def visible_tenants(request: HttpRequest) -> QuerySet[Tenant]:
    """Select the tenants that the site's access policy lets this person see."""
    tenants = access_policy().tenants_for(request.user)
    return Tenant.objects.all() if tenants is ALL else tenants


@login_required
def tenants(request: HttpRequest) -> HttpResponse:
    """List the tenants."""
    return render(request, "example/tenants.html", {"tenants": visible_tenants(request)})


@login_required
def contacts(request: HttpRequest, slug: str) -> HttpResponse:
    """List a tenant's contacts whose name begins with what was searched for."""
    tenant = get_object_or_404(visible_tenants(request), slug=slug)
    start = request.GET.get("q", "").strip()
    found = Record.objects.of(tenant, "Contacts").named(start).order_by("name_key", "pk")
    page = Paginator(found, 50).get_page(request.GET.get("page"))
    return render(request, "example/contacts.html", {"tenant": tenant, "page": page, "q": start})
