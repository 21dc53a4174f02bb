"""Zoho's products: each a description in a file of its own, and a line in this table."""

from __future__ import annotations

from .bigin import BIGIN
from .product import Credits, Limits, ModuleSpec, Product

PRODUCTS = {product.key: product for product in (BIGIN,)}

DEFAULT_PRODUCT = BIGIN
"""The product of a connection that does not say another."""

__all__ = ["DEFAULT_PRODUCT", "PRODUCTS", "Credits", "Limits", "ModuleSpec", "Product"]
