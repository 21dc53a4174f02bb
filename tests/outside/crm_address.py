"""The sandbox at the addresses that programs for Zoho CRM call: `/crm/v8/` where Bigin has `/bigin/v2/`."""

import contextlib
import threading
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from django_bigin.sandbox import wsgi

# Nothing but the path changes; the first that fits.
PREFIXES = {"/crm/bulk/v8/": "/bigin/bulk/v2/", "/crm/v8/": "/bigin/v2/"}


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Handler(WSGIRequestHandler):
    def log_message(self, *_):
        """Keep quiet: pytest shows what the assertion says."""


def translated(application):
    """Give the application at CRM's paths."""

    def front(environ, start_response):
        path = environ["PATH_INFO"]
        for theirs, bigins in PREFIXES.items():
            if path.startswith(theirs):
                environ["PATH_INFO"] = bigins + path.removeprefix(theirs)
                break
        return application(environ, start_response)

    return front


@contextlib.contextmanager
def served(sandbox):
    """Serve the sandbox at CRM's paths on a free port; gives the address, without a slash at its end."""
    server = make_server("127.0.0.1", 0, translated(wsgi(sandbox)), Server, Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
