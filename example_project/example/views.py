"""Two pages that read the mirror with the ORM: no call to Bigin is made while a visitor waits."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from django_bigin.models import Record, Tenant
from django_bigin.policy import ALL, access_policy


def visible_tenants(request: HttpRequest):
    tenants = access_policy().tenants_for(request.user)
    return Tenant.objects.all() if tenants is ALL else tenants


@login_required
def tenants(request: HttpRequest) -> HttpResponse:
    return render(request, "example/tenants.html", {"tenants": visible_tenants(request)})


@login_required
def contacts(request: HttpRequest, slug: str) -> HttpResponse:
    tenant = get_object_or_404(visible_tenants(request), slug=slug)
    start = request.GET.get("q", "").strip()
    found = Record.objects.of(tenant, "Contacts").named(start).order_by("name_key", "pk")
    page = Paginator(found, 50).get_page(request.GET.get("page"))
    return render(request, "example/contacts.html", {"tenant": tenant, "page": page, "q": start})
