"""The modules of a fresh Bigin, their fields, and the scopes that open them.

Contacts and the key sets were recorded; the other modules' fields come from requests, rows and third-party code.
Source: api-records sections 2, 12 and 14, api-bulk-notify-files section 6, oauth section 12.
"""

from __future__ import annotations

from .modules import Field, ModuleSpec, read_only, text

OWNER = Field("Owner", "ownerlookup", label="Owner")
BY_AND_TIMES = (
    read_only("Created_By", "ownerlookup"),
    read_only("Modified_By", "ownerlookup"),
    read_only("Created_Time", "datetime"),
    read_only("Modified_Time", "datetime"),
)
ACTIVITY = read_only("Last_Activity_Time", "datetime")
TAG = Field("Tag", "text", 2000, json_type="jsonarray")
IMAGE = read_only("Record_Image", "profileimage")
DESCRIPTION = Field("Description", "textarea")
RELATED_TO = Field("Related_To", "lookup")
UNSUBSCRIBED_MODES = ("Consent form", "Manual", "Unsubscribe link", "Zoho campaigns")
TASK_STATES = ("Not Started", "In Progress", "Completed", "Deferred", "Waiting on someone else")
# Inherited from CRM: full rows show them, settings/fields does not (recorded for Contacts and Products).
INHERITED = tuple(text(name, hidden=True) for name in ("Department", "Other_City", "Lead_Source", "Skype_ID"))


def _with_system_fields(*own: Field, after: tuple[Field, ...] = (ACTIVITY, TAG)) -> tuple[Field, ...]:
    return (OWNER, *own, *BY_AND_TIMES, *after)


def _address(prefix: str, zip_name: str) -> tuple[Field, ...]:
    names = ("City", "State", "Country")
    return (
        text(f"{prefix}_Street", 250),
        *(text(f"{prefix}_{name}", 100) for name in names),
        text(f"{prefix}_{zip_name}", 30),
    )


CONTACTS = ModuleSpec(
    "Contacts", "Contact", "Contacts", duplicate_check=("Email",),
    fields=_with_system_fields(
        text("First_Name", 40),
        text("Last_Name", 80, mandatory=True),
        Field("Account_Name", "lookup", lookup="Accounts", label="Company Name"),
        Field("Email", "email", 100, unique=True),
        text("Title", 100),
        Field("Phone", "phone", 50),
        Field("Home_Phone", "phone"),
        Field("Mobile", "phone"),
        text("Full_Name", 120, read_only=True, display=True),
        *_address("Mailing", "Zip"),
        DESCRIPTION,
        Field("Email_Opt_Out", "boolean"),
        after=(
            ACTIVITY, TAG, IMAGE,
            read_only("Unsubscribed_Mode", "picklist", values=UNSUBSCRIBED_MODES),
            read_only("Unsubscribed_Time", "datetime"),
            read_only("Record_Creation_Source_ID__s", "bigint", default="0"),
            *INHERITED,
        ),
    ),
)  # fmt: skip
ACCOUNTS = ModuleSpec(
    "Accounts", "Company", "Companies", duplicate_check=("Account_Name",),
    fields=_with_system_fields(
        text("Account_Name", 200, mandatory=True, display=True, label="Company Name"),
        Field("Phone", "phone"),
        Field("Website", "website"),
        DESCRIPTION,
        *_address("Billing", "Code"),
        after=(ACTIVITY, TAG, IMAGE),
    ),
)  # fmt: skip
PIPELINES = ModuleSpec(
    "Pipelines", "Pipeline", "Pipelines", duplicate_check=("Deal_Name",),
    fields=_with_system_fields(
        text("Deal_Name", 120, mandatory=True, display=True),
        Field("Pipeline", "bigint", json_type="jsonobject"),
        Field("Sub_Pipeline", "picklist", mandatory=True),
        Field("Stage", "picklist", mandatory=True),
        Field("Amount", "currency"),
        Field("Closing_Date", "date"),
        Field("Contact_Name", "lookup", lookup="Contacts"),
        Field("Account_Name", "lookup", lookup="Accounts", label="Company Name"),
        DESCRIPTION,
        Field("Associated_Products", "subform"),
    ),
)  # fmt: skip
PRODUCTS = ModuleSpec(
    "Products", "Product", "Products", duplicate_check=("Product_Name",),
    fields=_with_system_fields(
        text("Product_Name", 200, mandatory=True, display=True),
        text("Product_Code", 200),
        Field("Product_Category", "picklist"),
        Field("Product_Active", "boolean", default=True),
        Field("Unit_Price", "currency"),
        Field("Taxable", "boolean"),
        Field("Tax", "multiselectpicklist"),
        Field("Manufacturer", "picklist"),
        Field("Usage_Unit", "picklist"),
        Field("Qty_in_Stock", "double"),
        Field("Qty_Ordered", "double"),
        Field("Qty_in_Demand", "double"),
        Field("Reorder_Level", "double"),
        Field("Commission_Rate", "currency"),
        Field("Sales_Start_Date", "date"),
        Field("Sales_End_Date", "date"),
        Field("Support_Start_Date", "date"),
        Field("Support_Expiry_Date", "date"),
        Field("Handler", "ownerlookup"),
        DESCRIPTION,
        after=(ACTIVITY, TAG, IMAGE),
    ),
)  # fmt: skip
TASKS = ModuleSpec(
    "Tasks", "Task", "Tasks",
    fields=_with_system_fields(
        text("Subject", 255, mandatory=True, display=True),
        Field("Due_Date", "date"),
        Field("Status", "picklist", values=TASK_STATES),
        Field("Priority", "picklist", values=("Highest", "High", "Normal", "Low", "Lowest")),
        RELATED_TO,
        Field("Remind_At", "ALARM"),
        Field("Recurring_Activity", "RRULE"),
        DESCRIPTION,
    ),
)  # fmt: skip
EVENTS = ModuleSpec(
    "Events", "Event", "Events",
    fields=_with_system_fields(
        text("Event_Title", 255, mandatory=True, display=True),
        Field("Start_DateTime", "datetime", mandatory=True),
        Field("End_DateTime", "datetime", mandatory=True),
        Field("All_day", "boolean"),
        text("Venue", 255),
        Field("Participants", "text", 2000, json_type="jsonarray"),
        Field("Remind_At", "ALARM", json_type="jsonarray"),
        Field("Recurring_Activity", "RRULE"),
        RELATED_TO,
        DESCRIPTION,
    ),
)  # fmt: skip
CALLS = ModuleSpec(
    "Calls", "Call", "Calls",
    fields=_with_system_fields(
        text("Subject", 255, display=True),
        Field("Call_Start_Time", "datetime", mandatory=True),
        text("Call_Duration", 20, mandatory=True),
        Field("Call_Type", "picklist", mandatory=True, values=("Outbound", "Inbound", "Missed")),
        text("Call_Agenda", 255),
        Field("Reminder", "picklist"),
        Field("Dialled_Number", "phone"),
        Field("Contact_Name", "lookup", lookup="Contacts"),
        RELATED_TO,
        DESCRIPTION,
    ),
)  # fmt: skip
NOTES = ModuleSpec(
    "Notes", "Note", "Notes", has_deleted_log=False, visible=False,
    fields=_with_system_fields(
        text("Note_Title", 120, display=True),
        Field("Note_Content", "textarea", mandatory=True),
        Field("Parent_Id", "lookup"),
        after=(),
    ),
)  # fmt: skip
SOCIAL = ModuleSpec(
    "Social", "Social", "Social", listable=False, has_deleted_log=False,
    metadata={"api_supported": False, "deletable": False, "creatable": False, "editable": False},
)  # fmt: skip
ASSOCIATED_PRODUCTS = ModuleSpec(
    "Associated_Products", "Associated Product", "Associated Products", module_name="LinkingModule1",
    listable=False, has_deleted_log=False,
    metadata={"generated_type": "subform", "visibility": 2, "show_as_tab": False},
    fields=(
        Field("Product_Name", "lookup", lookup="Products"),
        Field("Quantity", "double"),
        Field("List_Price", "currency"),
        Field("Discount", "currency"),
        Field("Total", "currency"),
        *BY_AND_TIMES,
    ),
)  # fmt: skip
ATTACHMENTS = ModuleSpec(
    "Attachments", "Attachment", "Attachments", listable=False, has_deleted_log=False, visible=False,
    metadata={"editable": False},
)  # fmt: skip

# In the order of the recorded module list.
MODULES: dict[str, ModuleSpec] = {
    spec.api_name: spec
    for spec in (
        CONTACTS, ACCOUNTS, PIPELINES, TASKS, EVENTS, CALLS, PRODUCTS, SOCIAL, ASSOCIATED_PRODUCTS, NOTES, ATTACHMENTS,
    )
}  # fmt: skip
# The key beside a link to a record of any module; pipelines are still called by v1's word there.
RELATED_MODULE_KEYS = {"Related_To": "$related_module", "Parent_Id": "$se_module"}
OLD_MODULE_NAMES = {"Deals": "Pipelines"}

STAGES = ("Qualification", "Needs Analysis", "Proposal/Price Quote", "Negotiation/Review", "Closed Won", "Closed Lost")
DEFAULT_LAYOUTS: dict[str, dict[str, tuple[str, ...]]] = {"Sales Pipeline": {"Sales Pipeline Standard": STAGES}}

TO_ACTIVITIES: dict[str, tuple[str, ...]] = dict.fromkeys(("Tasks", "Events", "Calls"), ("Related_To",))
TO_NOTES: dict[str, tuple[str, ...]] = {"Notes": ("Parent_Id",)}
# parent -> related list -> the fields of the listed module that point to the parent; none: a link of its own.
RELATED_LISTS: dict[str, dict[str, tuple[str, ...]]] = {
    "Contacts": {
        "Pipelines": ("Contact_Name",), "Products": (),
        **TO_ACTIVITIES, "Calls": ("Related_To", "Contact_Name"), **TO_NOTES,
    },
    "Accounts": {"Contacts": ("Account_Name",), "Pipelines": ("Account_Name",), **TO_ACTIVITIES, **TO_NOTES},
    "Pipelines": {"Products": (), **TO_ACTIVITIES, **TO_NOTES},
    "Products": {"Contacts": (), "Pipelines": (), **TO_NOTES},
    "Tasks": TO_NOTES, "Events": TO_NOTES, "Calls": TO_NOTES,
}  # fmt: skip

# Every group of scopes there is, and its operations: what section 12 of oauth lists.
_ANY = ("ALL", "READ", "CREATE", "WRITE", "UPDATE", "DELETE")
SCOPE_GROUPS: dict[str, tuple[str, ...]] = {
    "users": _ANY, "org": _ANY, "settings": _ANY, "modules": _ANY, "notifications": _ANY, "change_owner": ("CREATE",),
    "bulk": ("ALL", "READ", "CREATE"), "coql": ("READ",), "send_mail.all": ("CREATE",),
}  # fmt: skip
SCOPE_GROUPS |= {
    f"settings.{name}": _ANY
    for name in ("modules", "roles", "profiles", "fields", "layouts", "related_lists", "custom_views", "tags", "emails")
}
SCOPE_GROUPS |= {
    f"modules.{name}": _ANY
    for name in (
        "contacts", "accounts", "products", "pipelines", "deals", "tasks", "events", "calls", "notes", "attachments",
    )
}  # fmt: skip
# Everything this part and its neighbours need; a connection that asks for less names its scopes.
DEFAULT_SCOPES = (
    "modules.ALL", "modules.notes.ALL", "modules.attachments.ALL", "settings.ALL", "org.ALL", "users.ALL", "bulk.ALL",
    "coql.READ", "notifications.ALL", "change_owner.CREATE",
)  # fmt: skip
