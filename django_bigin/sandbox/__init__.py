"""A local stand-in for Zoho's accounts server and Bigin's API: `with Sandbox() as sandbox: ...`.

It imports nothing else of the package and nothing but the standard library, so that any program can start it.
Each of its folders imports the ones above it in this list alone:

    wire        requests and responses as they travel; refusals
    world       the simulated Zoho: organizations and their records, products, the clock
    accounts    the accounts server: consent, codes, tokens, scopes
    calls       a call to the REST API; its log, limits and faults
    records     operations on records: lists, writes, search, related lists
    coql        the query language
    bulk        bulk read jobs
    metadata    modules, fields, layouts, tags, users, the organization
    routing     from a request to its operation
    control     /_sandbox/ and the methods of `Sandbox`
    server      sockets, TLS, WSGI, the command line
"""

from .server.sandbox import Sandbox
from .server.wsgi import wsgi
from .world.loading import LoadError

__all__ = ["LoadError", "Sandbox", "wsgi"]
