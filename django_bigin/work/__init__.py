"""Work in the background: the table of its kinds, what is due, who is handed it, and what people request.

Rows say what is due; a message is only a wake-up. The tick reserves due rows by conditional UPDATE, so that doubled
ticks hand out each of them once, and sends their ids. Where the broker is down a row is given back and stays due. A
slice may run twice and may die anywhere: it looks whether its row is due, and works under a lease.
"""

from .requests import RequestOutcome, request_verification

__all__ = ("RequestOutcome", "request_verification")
