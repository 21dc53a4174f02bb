"""The API that Bigin and Zoho CRM share: its lists, its metadata, its writes, its scopes and its errors."""

from __future__ import annotations

from .bulk import BulkReads
from .errors import ERRORS
from .lists import ChangesByOrder, DeletedLog, PagesByToken
from .metadata import Settings
from .scopes import scope_name
from .writes import WritesByRow

__all__ = [
    "ERRORS",
    "BulkReads",
    "ChangesByOrder",
    "DeletedLog",
    "PagesByToken",
    "Settings",
    "WritesByRow",
    "scope_name",
]
