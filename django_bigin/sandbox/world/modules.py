"""The modules of a fresh Bigin and their fields.

Contacts and the key sets were recorded; the other modules' fields come from requests, rows and third-party code.
Source: api-records sections 2, 12 and 14, api-bulk-notify-files section 6.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

JSON_TYPES = {
    "autonumber": "string", "bigint": "string", "boolean": "boolean", "currency": "double", "date": "string",
    "datetime": "string", "decimal": "double", "double": "double", "email": "string", "integer": "integer",
    "lookup": "jsonobject", "multiselectpicklist": "jsonarray", "ownerlookup": "jsonobject", "percent": "double",
    "phone": "string", "picklist": "string", "profileimage": "string", "subform": "jsonarray", "text": "string",
    "textarea": "string", "userlookup": "jsonobject", "website": "string", "ALARM": "jsonobject", "RRULE": "jsonobject",
}  # fmt: skip
LENGTHS = {
    "bigint": 19, "boolean": 5, "currency": 16, "date": 20, "datetime": 20, "double": 16, "email": 100, "integer": 9,
    "lookup": 120, "ownerlookup": 120, "percent": 5, "phone": 30, "picklist": 120, "profileimage": 255, "text": 255,
    "textarea": 32_000, "website": 450, "multiselectpicklist": 765,
}  # fmt: skip
CUSTOM_TYPES = (
    "text", "textarea", "email", "phone", "website", "picklist", "multiselectpicklist", "boolean", "integer", "bigint",
    "double", "currency", "percent", "date", "datetime", "lookup",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Field:
    """One field of one module."""

    api_name: str
    data_type: str = "text"
    length: int = 0
    label: str = ""
    mandatory: bool = False
    unique: bool = False
    read_only: bool = False
    display: bool = False
    lookup: str = ""
    values: tuple[str, ...] = ()
    json_type: str = ""
    default: Any = None
    hidden: bool = False  # not in settings/fields; only full rows show it
    custom: bool = False

    def __post_init__(self) -> None:
        fill = object.__setattr__
        fill(self, "label", self.label or self.api_name.replace("_", " ").strip())
        fill(self, "length", self.length or LENGTHS.get(self.data_type, 255))
        fill(self, "json_type", self.json_type or JSON_TYPES[self.data_type])
        if self.data_type == "boolean" and self.default is None:
            fill(self, "default", False)


@dataclass(frozen=True, slots=True)
class ModuleSpec:
    """One module as every new organization has it."""

    api_name: str
    singular: str
    plural: str
    fields: tuple[Field, ...] = ()
    module_name: str = ""
    duplicate_check: tuple[str, ...] = ()  # what an upsert looks at when it names no fields
    listable: bool = True
    has_deleted_log: bool = True
    visible: bool = True
    metadata: dict[str, Any] = field(default_factory=dict)  # keys of settings/modules that differ from the usual


def text(name: str, length: int = 255, **more: Any) -> Field:
    """Describe a text field."""
    return Field(name, "text", length, **more)


def read_only(name: str, data_type: str, **more: Any) -> Field:
    """Describe a field that the API shows but does not set."""
    return Field(name, data_type, read_only=True, **more)


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
RECORD_MODULES = tuple(name for name, spec in MODULES.items() if spec.listable)
# The key beside a link to a record of any module; pipelines are still called by v1's word there.
RELATED_MODULE_KEYS = {"Related_To": "$related_module", "Parent_Id": "$se_module"}
OLD_MODULE_NAMES = {"Deals": "Pipelines"}
SYSTEM_TIMES = ("Created_Time", "Modified_Time", "Last_Activity_Time")

STAGES = ("Qualification", "Needs Analysis", "Proposal/Price Quote", "Negotiation/Review", "Closed Won", "Closed Lost")
DEFAULT_LAYOUTS: dict[str, dict[str, tuple[str, ...]]] = {"Sales Pipeline": {"Sales Pipeline Standard": STAGES}}


def custom_field(
    api_name: str, data_type: str = "text", *, label: str = "", length: int = 0, lookup: str = "", unique: bool = False
) -> Field:
    """Describe a custom field; ValueError with a sentence where Bigin's naming rule or types forbid it."""
    if not is_api_name(api_name):
        raise ValueError(
            f"{api_name!r} cannot be a field's API name: letters, digits and underscore, starting with a letter,"
            " no double or trailing underscore"
        )
    if data_type not in CUSTOM_TYPES:
        raise ValueError(f"{data_type!r} is no type of a custom field; the types are {', '.join(CUSTOM_TYPES)}")
    return Field(api_name, data_type, length, label=label, lookup=lookup, unique=unique, custom=True)


def is_api_name(name: str) -> bool:
    """Tell whether Bigin could have given this API name (api-records section 2)."""
    return (
        name.isascii() and name[:1].isalpha() and name.replace("_", "a").isalnum()
        and "__" not in name and not name.endswith("_")
    )  # fmt: skip


def with_values(described: Field, values: tuple[str, ...]) -> Field:
    """Give the same pick list with these values."""
    return replace(described, values=values)
