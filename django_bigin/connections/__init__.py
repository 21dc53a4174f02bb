"""A tenant's grant: connect it, keep its token fresh, end it. The names here are the ones a site may use."""

from .clients import open_client
from .connect import ConnectResult, connect_self_client
from .lifecycle import confirm, discard, disconnect, pause, purge_mirror, resume
from .offboarding import Offboarding, delete_tenant
from .revoking import Revocation
from .states import STATES, State, state_of
from .stored import AccessToken
from .tokens import ensure_fresh_token, refresh_now

__all__ = (
    "STATES",
    "AccessToken",
    "ConnectResult",
    "Offboarding",
    "Revocation",
    "State",
    "confirm",
    "connect_self_client",
    "delete_tenant",
    "discard",
    "disconnect",
    "ensure_fresh_token",
    "open_client",
    "pause",
    "purge_mirror",
    "refresh_now",
    "resume",
    "state_of",
)
