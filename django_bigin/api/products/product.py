"""What is Bigin's own: paths, scopes, modules, limits and what a call costs."""

from __future__ import annotations

import math
from dataclasses import dataclass

# Limits: https://www.bigin.com/developer/docs/apis/v2/get-records.html, insert-records.html; the 100,000 is Zoho CRM's,
# not proven on Bigin (all read 2026-11).
PAGE_SIZE = 200
PAGE_WALL = 2_000
TOKEN_WALL = 100_000
FIELDS_PER_CALL = 50
WRITE_BATCH = 100

# Credits: https://www.zoho.com/bigin/developer/docs/apis/api-limits.html (read 2026-11)
CREDITS_PER_CALL = 1
ROWS_PER_WRITE_CREDIT = 10
CUSTOM_VIEW_CREDITS = 3
BULK_READ_CREDITS = 50
BULK_WRITE_CREDITS = 500
FREE_DAILY_CREDITS = 5_000
PAID_DAILY_CREDITS = 50_000
PAID_DAILY_CREDITS_PER_USER = 250
DAILY_CREDITS_CAP = 100_000


@dataclass(frozen=True)
class Product:
    """One Zoho product that is reached with the same OAuth: where it answers, what it is asked for, what that costs."""

    name: str
    base_path: str
    scope_prefix: str
    default_scopes: tuple[str, ...]
    modules: tuple[str, ...]
    opt_in_modules: tuple[str, ...]
    deleted_log_modules: tuple[str, ...]
    page_size: int = PAGE_SIZE
    page_wall: int = PAGE_WALL
    token_wall: int = TOKEN_WALL
    fields_per_call: int = FIELDS_PER_CALL
    write_batch: int = WRITE_BATCH

    def path(self, *parts: str) -> str:
        """Build the path of a call: `path("Contacts", "123")` gives "/bigin/v2/Contacts/123"."""
        return "/".join((self.base_path, *parts))

    def scope(self, name: str) -> str:
        """Write a scope in full: "org.READ" gives "ZohoBigin.org.READ"."""
        return f"{self.scope_prefix}.{name}"

    def scope_for(self, method: str, path: str) -> str:
        """Name the narrowest scope that a call needs, such as "ZohoBigin.modules.contacts.READ"."""
        parts = path.removeprefix(self.base_path).strip("/").split("/")
        operation = {"POST": "CREATE", "PUT": "UPDATE", "DELETE": "DELETE"}.get(method, "READ")
        if parts[0] == "coql":
            return self.scope("coql.READ")
        if parts[0] in ("org", "users"):
            return self.scope(f"{parts[0]}.{operation}")
        if parts[0] == "settings":
            return self.scope(f"settings.{parts[1] if len(parts) > 1 else 'modules'}.{operation}")
        return self.scope(f"modules.{parts[0].lower()}.{operation}")

    def write_credits(self, rows: int) -> int:
        """Credits of one insert, update or upsert call: one for each ten rows begun."""
        return max(CREDITS_PER_CALL, math.ceil(rows / ROWS_PER_WRITE_CREDIT))

    def daily_credits(self, *, paid: bool, users: int) -> int:
        """Credits that an organization may spend in any 24 hours."""
        if not paid:
            return FREE_DAILY_CREDITS
        return min(DAILY_CREDITS_CAP, PAID_DAILY_CREDITS + PAID_DAILY_CREDITS_PER_USER * users)


BIGIN = Product(
    name="Bigin",
    base_path="/bigin/v2",
    scope_prefix="ZohoBigin",
    # A grant cannot gain scopes later, so what later features need is asked for from the first day.
    default_scopes=(
        "ZohoBigin.modules.ALL",
        "ZohoBigin.modules.notes.READ",
        "ZohoBigin.settings.ALL",
        "ZohoBigin.org.READ",
        "ZohoBigin.users.READ",
        "ZohoBigin.bulk.READ",
        "ZohoBigin.coql.READ",
        "ZohoBigin.notifications.ALL",
    ),
    modules=("Contacts", "Accounts", "Pipelines", "Products", "Tasks", "Events", "Calls", "Notes", "Users"),
    # Comes only with single reads, one call a record.
    opt_in_modules=("Associated_Products",),
    deleted_log_modules=("Contacts", "Accounts", "Pipelines", "Products", "Tasks", "Events", "Calls"),
)
