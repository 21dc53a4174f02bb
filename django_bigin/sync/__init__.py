"""Mirroring a connection's modules into the site's database.

Asking, reading and storing are apart: `pages` is the network, `copies` pure functions, `store` the database; `engine`
puts them in order, and `runs` are the use cases that everybody calls.
"""

from .results import ModuleResult, OnProgress, Progress
from .runs import sync_connection, sync_module, sync_slice

__all__ = ["ModuleResult", "OnProgress", "Progress", "sync_connection", "sync_module", "sync_slice"]
