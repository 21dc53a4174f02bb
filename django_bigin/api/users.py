"""Calls about the users of the organization: built here, not made."""

from __future__ import annotations

from dataclasses import replace

from .answers import Page, Place
from .calls import Call
from .products import Product

MODULE = "Users"


def list_page(product: Product, place: Place | None = None, *, kind: str = "AllUsers") -> Call[Page]:
    """Build the call for one page of the users.

    Args:
        kind: as the product spells it: AllUsers, ActiveUsers, DeactiveUsers, DeletedUsers, AdminUsers, CurrentUser...
    """
    spec = replace(product.module(MODULE), list_params=(("type", kind),))
    return product.lists.page(product, spec, place or product.lists.first, per_page=product.limits.page_size)
