"""Mirroring a connection's modules into the site's database.

The engine chooses a strategy (full, compare, delta, whole) for a run; the strategies stand side by side, read pages
through the pipeline, which makes copies of them, and store them through the run.
"""

from .options import OnProgress, OnResult, Options
from .results import ModuleResult, Progress
from .use_cases import sync_connection, sync_slice
from .verify.result import Verification
from .verify.use_case import verify_connection

__all__ = (
    "ModuleResult",
    "OnProgress",
    "OnResult",
    "Options",
    "Progress",
    "Verification",
    "sync_connection",
    "sync_slice",
    "verify_connection",
)
