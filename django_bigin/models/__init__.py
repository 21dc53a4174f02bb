"""The tables, one file a subject."""

from .audit import AuditEvent, Installation
from .connection import AuthorizationAttempt, Connection
from .mirror import ModuleSchema, ModuleSync, QuarantinedRow
from .reading import Link
from .record import Record
from .registration import ClientRegistration, ClientSecret, RegistrationState
from .tenant import Tenant
from .work import CreditAccount, CreditUse, Heartbeat, Job

__all__ = (
    "AuditEvent",
    "AuthorizationAttempt",
    "ClientRegistration",
    "ClientSecret",
    "Connection",
    "CreditAccount",
    "CreditUse",
    "Heartbeat",
    "Installation",
    "Job",
    "Link",
    "ModuleSchema",
    "ModuleSync",
    "QuarantinedRow",
    "Record",
    "RegistrationState",
    "Tenant",
)
