"""Calls about modules, fields and the organization: built here, not made."""

from __future__ import annotations

from .answers import Field, Module, Organization
from .calls import Call
from .products import Product
from .records import spec_of


def modules(product: Product) -> Call[list[Module]]:
    """Build the call for every module of the organization, those that cannot be read as well."""
    return product.metadata.modules(product)


def fields(product: Product, module: str) -> Call[list[Field]]:
    """Build the call for the fields of a module; `id` is not among them, and every record has it."""
    return product.metadata.fields(product, spec_of(product, module))


def organization(product: Product) -> Call[Organization]:
    """Build the call for the organization that the grant belongs to.

    Raises (when it is sent):
        AuthorizationError: the Zoho user has none in this product.
    """
    return product.metadata.organization(product)
