"""Zoho Bigin, API v2."""

from __future__ import annotations

from . import zoho_v2
from .product import Credits, Limits, ModuleSpec, Product

BIGIN = Product(
    key="bigin",
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
    scope_name=zoho_v2.scope_name,
    lists=zoho_v2.PagesByToken(),
    errors=zoho_v2.ERRORS,
    metadata=zoho_v2.Settings(),
    changes=zoho_v2.ChangesByOrder(),
    deletions=zoho_v2.DeletedLog(),
    writes=zoho_v2.WritesByRow(),
    bulk=zoho_v2.BulkReads("/bigin/bulk/v2"),
    # Source: https://www.bigin.com/developer/docs/apis/v2/get-records.html, insert-records.html (read 2026-11)
    limits=Limits(page_size=200, fields_per_call=50, write_batch=100, reachable=100_000),
    # Source: https://www.zoho.com/bigin/developer/docs/apis/api-limits.html (read 2026-11)
    credits=Credits(
        call=1, rows_per_write=10, free_day=5_000, paid_day=50_000, paid_day_per_user=250, paid_day_cap=100_000
    ),
    specs=(
        # Users come first where they are mirrored, since records name their owners.
        ModuleSpec("Contacts", name_fields=("Full_Name", "Last_Name"), after=("Users", "Accounts")),
        # Contacts go with their company, and are in the deleted log of their own module.
        ModuleSpec("Accounts", name_fields=("Account_Name",), after=("Users",), cascades_to=("Contacts",)),
        ModuleSpec("Pipelines", name_fields=("Deal_Name",), after=("Users",)),
        ModuleSpec("Products", name_fields=("Product_Name",), after=("Users",)),
        ModuleSpec("Tasks", name_fields=("Subject",), after=("Users",)),
        ModuleSpec("Events", name_fields=("Event_Title", "Subject"), after=("Users",)),
        ModuleSpec("Calls", name_fields=("Subject",), after=("Users",)),
        ModuleSpec("Notes", name_fields=("Note_Title",), after=("Users",), has_deleted_log=False),
        ModuleSpec(
            "Users",
            name_fields=("full_name",),
            email_fields=("email",),
            created_field="created_time",
            read_whole=True,
            metadata_paced=True,
            has_deleted_log=False,
            described=False,
            # The rest are preferences, and move with every click.
            fields=(
                "full_name",
                "first_name",
                "last_name",
                "email",
                "status",
                "confirm",
                "zuid",
                "role",
                "profile",
                "created_time",
                "Modified_Time",
            ),
            path="users",
            list_key="users",
            list_params=(("type", "AllUsers"),),
        ),
        # Comes only with single reads, one call a record.
        ModuleSpec("Associated_Products", opt_in=True, after=("Users",), has_deleted_log=False),
    ),
    custom=ModuleSpec(
        "",
        name_fields=(
            "Full_Name",
            "Deal_Name",
            "Product_Name",
            "Event_Title",
            "Subject",
            "Note_Title",
            "Account_Name",
            "Last_Name",
            "Name",
        ),
        after=("Users",),
        has_deleted_log=False,
    ),
)
