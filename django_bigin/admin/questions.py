"""Addresses that people may type: text that no database takes, numbers that no column holds, broken patterns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import BadRequest
from django.db import DataError, NotSupportedError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from ..db.keys import is_storable, possible_key

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    # Django's class takes no parameters while running.
    ModelAdmin = admin.ModelAdmin

NO_SUCH_ROW = _("No row can have what is asked for.")


class PossibleQuestions(ModelAdmin):
    """An admin that answers 400, 404 or an empty list where a database would refuse the question.

    Which one refuses differs: PostgreSQL takes no NUL, and SQLite no number of 20 digits.
    """

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        asked = [text for name, values in request.GET.lists() for text in (name, *values)]
        chosen = request.POST.getlist(ACTION_CHECKBOX_NAME) if request.method == "POST" else []
        if not all(map(is_storable, asked)) or any(possible_key(self.model, key) is None for key in chosen):
            raise BadRequest(NO_SUCH_ROW)
        return super().changelist_view(request, extra_context)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        # Such a widget asks for the rows that were chosen, whether or not its form has refused them.
        for name in self.get_autocomplete_fields(request):
            chosen, model = request.POST.get(name), self.model._meta.get_field(name).related_model
            if chosen and possible_key(model, chosen) is None:
                raise BadRequest(NO_SUCH_ROW)
        return super().changeform_view(request, *args, **kwargs)

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        try:
            return super().get_changelist_instance(request)
        except (DataError, NotSupportedError, OverflowError) as error:
            raise BadRequest(NO_SUCH_ROW) from error

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        # Each database reads patterns in its own way, and a broken or an endless one is its error.
        if lookup.endswith(("__regex", "__iregex")):
            return False
        return super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]  # None only before Django 6

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> Any:
        if not is_storable(search_term):
            return queryset.none(), False
        return super().get_search_results(request, queryset, search_term)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        return super().get_object(request, object_id, from_field) if is_storable(object_id) else None
