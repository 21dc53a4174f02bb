"""The control address of a running sandbox, which a shell could use as well."""

import json
import urllib.parse
import urllib.request
from typing import Any


class SandboxControl:
    """The `/_sandbox/` of one sandbox."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def get(self, what: str, **query: str) -> Any:
        """Read something, such as `get("hash", module="Contacts")`."""
        return self._send("GET", f"{what}?{urllib.parse.urlencode(query)}", None)

    def post(self, what: str, **body: Any) -> Any:
        """Do something, such as `post("clock", advance_seconds=7200)`."""
        return self._send("POST", what, body)

    def patch(self, what: str, **body: Any) -> Any:
        """Change something."""
        return self._send("PATCH", what, body)

    def delete(self, what: str, **body: Any) -> Any:
        """Remove something."""
        return self._send("DELETE", what, body)

    def _send(self, method: str, what: str, body: Any) -> Any:
        request = urllib.request.Request(
            f"{self.url}/_sandbox/{what}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with self._opener.open(request, timeout=60) as answer:
            return json.load(answer)
