"""docs/permissions.md against the admin: what it asks permissions for, and what it never does."""

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import RequestFactory

from django_bigin.models import Connection
from tests.support.factories import make_connection, make_superuser

PAGE = Path(__file__).resolve().parents[3] / "docs" / "permissions.md"


@pytest.mark.django_db
def test_the_admin_does_what_the_page_lists_and_no_more():
    listed = PAGE.read_text(encoding="utf-8").partition("## What the admin does")[2]
    request = RequestFactory().get("/")
    request.user = make_superuser()
    ended = make_connection(status=Connection.Status.DISCONNECTED, refresh_token="", access_token="")

    done = set()
    for model in apps.get_app_config("django_bigin").get_models():
        model_admin = admin.site.get_model_admin(model)
        row = ended if model is Connection else None
        may = {
            "add": model_admin.has_add_permission(request),
            "change": model_admin.has_change_permission(request),
            "delete": model_admin.has_delete_permission(request, row),
        }
        done |= {f"{action}_{model._meta.model_name}" for action, allowed in may.items() if allowed}

    assert set(re.findall(r"^\| `(\w+)` \| .+\. \|$", listed, re.MULTILINE)) == done
