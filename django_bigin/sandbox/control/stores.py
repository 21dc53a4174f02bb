"""The stores of an organization's modules by name, and made-up records for them."""

from __future__ import annotations

from ..world.organization import Organization
from ..world.seeding import ORDER, Generator
from ..world.store import ModuleStore

USERS = "Users"


def named_store(organization: Organization, module: str) -> ModuleStore:
    """Return a module's store; ValueError with a sentence if it holds no records."""
    store = organization.store(module)
    if store is None:
        product = organization.product
        held = "holds no records here" if module in product.modules else "is no module"
        raise ValueError(f"{module!r} {held}; records are in {', '.join(product.record_modules)} and {USERS}")
    return store


def seed_records(organization: Organization, records: dict[str, int], seed: int, *, now: int) -> None:
    """Add made-up records with a past, in the order in which they link to each other."""
    for module in records:
        named_store(organization, module)
    generator = Generator(organization, seed)
    for module in ORDER:
        if records.get(module):
            generator.history(module, records[module], now=now)
