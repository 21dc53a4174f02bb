"""The scopes of an access token, and the calls that they allow.

Source: api-records section 3, api-bulk-notify-files section 0.4.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..world.products import COMMON_SCOPES, PRODUCTS, Product

# Every scope there is, in lower case.
KNOWN = {
    product.scope(group, operation)
    for product in PRODUCTS
    for group, operations in product.scope_groups.items()
    for operation in operations
} | {scope.lower() for scope in COMMON_SCOPES}

# What a scope's operation allows beside itself.
WIDER = {
    "READ": ("ALL", "READ"),
    "CREATE": ("ALL", "WRITE", "CREATE"),
    "UPDATE": ("ALL", "WRITE", "UPDATE"),
    "DELETE": ("ALL", "DELETE"),
    "UNLINK": ("ALL", "WRITE", "DELETE"),
}
# These modules need a scope of their own beside the one for records.
OWN_SCOPE_MODULES = {"notes", "attachments"}
SCOPE_ALIASES = {"pipelines": ("pipelines", "deals")}


class Scopes:
    """The scopes of one access token to one product; case does not count."""

    def __init__(self, granted: Iterable[str], product: Product) -> None:
        self._product = product
        self._granted = {scope.strip().lower() for scope in granted}

    def allow(self, group: str, operation: str) -> bool:
        """Tell whether a group of scopes is granted for an operation, by that group's scope or by one above it."""
        parts = group.split(".")
        above = [".".join(parts[: n + 1]) for n in range(len(parts))]
        return any(self._exactly(name, operation) for name in above)

    def has(self, scope: str) -> bool:
        """Tell whether exactly this scope is granted."""
        return scope.lower() in self._granted

    def allow_module(self, module: str, operation: str) -> bool:
        """Tell whether records of the module may be read or written."""
        name = module.lower()
        if name in OWN_SCOPE_MODULES:
            return self._exactly(f"modules.{name}", operation) and self._reads_other_modules(name)
        return any(self.allow(f"modules.{alias}", operation) for alias in SCOPE_ALIASES.get(name, (name,)))

    def _exactly(self, group: str, operation: str) -> bool:
        return any(self._product.scope(group, wider) in self._granted for wider in WIDER[operation])

    def _reads_other_modules(self, name: str) -> bool:
        every = self._product.scope("modules", "")
        own = f"{every}{name}."
        return any(scope.startswith(every) and not scope.startswith(own) for scope in self._granted)


def is_known(scope: str) -> bool:
    """Tell whether there is such a scope; case does not count."""
    return scope.lower() in KNOWN


def echo_scopes(scopes: Iterable[str], form: str) -> str:
    """Write granted scopes as a token answer does, with spaces; `form` is the switch `token_scope_form`."""
    if form == "expanded":
        scopes = [each for scope in scopes for each in _expand(scope)]
    text = " ".join(scopes)
    return text.lower() if form == "lower" else text


def _expand(scope: str) -> list[str]:
    """Return one scope for each operation in place of ALL."""
    group, _, operation = scope.rpartition(".")
    word, _, name = group.partition(".")
    product = next((product for product in PRODUCTS if product.scope_word.lower() == word.lower()), None)
    operations = product.scope_groups.get(name.lower(), ()) if product else ()
    return [f"{group}.{each}" for each in operations if each != "ALL"] if operation.upper() == "ALL" else [scope]


def split_scopes(text: str | Iterable[str] | None) -> tuple[str, ...]:
    """Read scopes separated by commas or spaces, or given as a list."""
    if text is None:
        return ()
    if isinstance(text, str):
        return tuple(text.replace(",", " ").split())
    return tuple(text)
