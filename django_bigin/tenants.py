"""The site's tenant model: looked up here, and nowhere else."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet

from .conf import TENANT_MODEL, settings
from .db.aliases import written


def tenant_model() -> type[Model]:
    """Return the site's tenant model."""
    return apps.get_model(TENANT_MODEL)


def model_is_ours() -> bool:
    """Tell whether the tenant model is the package's own, whose fields are known."""
    return TENANT_MODEL == "django_bigin.Tenant"


def all_tenants() -> QuerySet[Any]:
    """Return every tenant, for whoever may see all of them."""
    return tenant_model()._default_manager.all()


def find_tenant(value: str) -> Any:
    """Return the tenant whose `BIGIN_TENANT_LOOKUP` field has this value; None where there is none.

    Raises:
        MultipleObjectsReturned: the field is not unique.
    """
    model: Any = tenant_model()
    try:
        return written(model).get(**{settings.BIGIN_TENANT_LOOKUP: value})
    except (model.DoesNotExist, ValueError, ValidationError):  # a value that the field cannot have
        return None


def tenant_label(tenant: Model) -> str:
    """Return what people type to name a tenant: the value of its `BIGIN_TENANT_LOOKUP` field."""
    return str(getattr(tenant, settings.BIGIN_TENANT_LOOKUP))
