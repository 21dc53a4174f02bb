"""Signals that a site may listen to. Receivers run after commit; one that fails is logged and stops nothing."""

from __future__ import annotations

from django.dispatch import Signal

__all__ = ("connection_changed", "records_changed")

records_changed = Signal()
"""Sent for every stored page that changed something, with

    connection: the `Connection`
    module: API name, such as "Contacts"
    created, updated, deleted: lists of `record_id` (int)
"""

connection_changed = Signal()
"""Sent on every change of a connection's status, with

    connection: the `Connection`
    old, new: its status before and after, as in `Connection.Status`
    reason: one sentence for a person, "" where there is none
"""
