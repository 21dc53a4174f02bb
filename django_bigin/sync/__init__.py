"""Mirroring a connection's modules into the site's database.

Asking, reading and storing are apart: `pages` is the network, `copies` pure functions, `store` the database; `engine`
puts them in order, and `runs` are the use cases that everybody calls.
"""

from .options import OnProgress, OnResult, Options
from .results import ModuleResult, Progress
from .runs import sync_connection, sync_slice

__all__ = ["ModuleResult", "OnProgress", "OnResult", "Options", "Progress", "sync_connection", "sync_slice"]
