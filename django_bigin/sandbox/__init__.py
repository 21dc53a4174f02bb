"""A local stand-in for Zoho's accounts server and Bigin's API: `with Sandbox() as sandbox: ...`.

It imports nothing else of the package and nothing but the standard library, so that any program can start it.
"""

from .loading import LoadError
from .mounting import wsgi
from .server import Sandbox

__all__ = ["LoadError", "Sandbox", "wsgi"]
