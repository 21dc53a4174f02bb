"""A local stand-in for Zoho's accounts server and Bigin's API: `with Sandbox() as sandbox: ...`.

It imports nothing else of the package and nothing but the standard library, so that any program can start it.
"""

from .server.sandbox import Sandbox
from .server.wsgi import wsgi
from .world.loading import LoadError

__all__ = ["LoadError", "Sandbox", "wsgi"]
