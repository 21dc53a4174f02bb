"""Addresses and answers of the admin, and what it must not show."""

from typing import Any

from django.urls import reverse


def url(model: Any, page: str, *arguments: Any) -> str:
    """Return the address of a model's page: "changelist", "add", "change" and so on."""
    return reverse(f"admin:django_bigin_{model._meta.model_name}_{page}", args=arguments)


def text_of(response: Any) -> str:
    """Return the page of an answer that must be one."""
    assert response.status_code == 200, response
    return str(response.content.decode())


def ciphertext(row: Any, field: str) -> str:
    """Return what the database holds of a secret."""
    return str(type(row)._default_manager.get(pk=row.pk).__dict__[field].ciphertext)
