"""Zoho's products that the sandbox stands in for: one row each, with its addresses, its scopes and its modules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from . import bigin
from .modules import ModuleSpec

# Of no product alone.
COMMON_SCOPES = ("ZohoSearch.securesearch.READ", "AaaServer.profile.READ")


@dataclass(frozen=True, slots=True)
class Product:
    """One product: every path of its API begins with `root`, every scope with `scope_word`."""

    name: str
    root: str
    base_path: str
    bulk_path: str
    scope_word: str
    scope_groups: Mapping[str, tuple[str, ...]]  # group -> operations
    default_scopes: tuple[str, ...]  # of a grant that names none
    modules: Mapping[str, ModuleSpec]
    old_module_names: Mapping[str, str]  # a former name that the API still takes -> the name
    related_module_keys: Mapping[str, str]  # a link to a record of any module -> the key that names the module
    related_lists: Mapping[str, Mapping[str, tuple[str, ...]]]  # module -> related list -> the fields that link to it
    default_layouts: Mapping[str, Mapping[str, tuple[str, ...]]]  # team pipeline -> sub-pipeline -> stages
    stages: tuple[str, ...]
    paid_plan: str

    @property
    def record_modules(self) -> tuple[str, ...]:
        """Return the modules that hold records."""
        return tuple(name for name, spec in self.modules.items() if spec.listable)

    @property
    def list_names(self) -> set[str]:
        """Return the names of all related lists, in former words too."""
        return {name for lists in self.related_lists.values() for name in lists} | set(self.old_module_names)

    def scope(self, group: str, operation: str) -> str:
        """Write a scope in lower case, as scopes are compared."""
        return f"{self.scope_word}.{group}.{operation}".lower()

    def module_named(self, name: str) -> str:
        """Return a module's name today, for a former one too."""
        return self.old_module_names.get(name, name)

    def former_name(self, module: str) -> str:
        """Return a module's former name where it has one, as links to it still do."""
        return next((old for old, new in self.old_module_names.items() if new == module), module)


BIGIN = Product(
    name="bigin",
    root="/bigin/",
    base_path="/bigin/v2",
    bulk_path="/bigin/bulk/v2",
    scope_word="ZohoBigin",
    scope_groups=bigin.SCOPE_GROUPS,
    default_scopes=(*(f"ZohoBigin.{scope}" for scope in bigin.DEFAULT_SCOPES), "ZohoSearch.securesearch.READ"),
    modules=bigin.MODULES,
    old_module_names=bigin.OLD_MODULE_NAMES,
    related_module_keys=bigin.RELATED_MODULE_KEYS,
    related_lists=bigin.RELATED_LISTS,
    default_layouts=bigin.DEFAULT_LAYOUTS,
    stages=bigin.STAGES,
    paid_plan="biginpremier",
)
PRODUCTS = (BIGIN,)


def product_at(path: str) -> Product | None:
    """Return the product whose API a path belongs to, None if it is none's."""
    return next((product for product in PRODUCTS if path.startswith(product.root)), None)
