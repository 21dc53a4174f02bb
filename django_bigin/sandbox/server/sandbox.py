"""The sandbox on a loopback port."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any
from weakref import WeakSet

from ..control.control import Control
from .certificate import read_certificate
from .http_server import HOST, Server


class Sandbox(Control):
    """A local Zoho accounts server and Bigin API that remembers; on the standard library alone.

    Use it as a context manager, or call `start` and `stop`. It runs in a thread of this process and listens on
    loopback only.

    Args:
        port: 0 picks a free one.
        seed: the same seed gives the same organizations and made-up records.
        records: how many made-up records each organization starts with, by module: `{"Contacts": 500}`.
        organizations: one dict each: data_center ("us"), company_name, time_zone, paid (True), licences, records,
            redirect_uri, absent_modules ({"Products": 403}). By default one in us.
        load: a directory with one CSV a module, loaded into the first organization.
        switches: see `world.switches.SWITCHES`.
        certificate: a PEM file; with it the port speaks https:// too, and is a proxy for Zoho's https:// addresses.
        key: its key's PEM file, if the certificate's does not hold it.
        callbacks_anywhere: send bulk reads' callbacks to any address; else to this machine alone.

    Raises:
        ValueError: an option is wrong; LoadError, a ValueError, names the CSV's file and line.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        seed: int = 1,
        records: dict[str, int] | None = None,
        organizations: list[dict[str, Any]] | None = None,
        load: Path | str | None = None,
        switches: dict[str, Any] | None = None,
        certificate: Path | str | None = None,
        key: Path | str | None = None,
        callbacks_anywhere: bool = False,
    ) -> None:
        super().__init__(
            seed=seed, records=records, organizations=organizations, load=load, switches=switches,
            callbacks_anywhere=callbacks_anywhere,
        )  # fmt: skip
        self._tls = read_certificate(certificate, key)
        self._port = port
        self._server: Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Return the address, such as `http://127.0.0.1:8400`, without a slash at the end."""
        return f"http://{HOST}:{self._port}"

    def start(self) -> Sandbox:
        """Listen; ready when this returns."""
        if self._server is None:
            self._server = Server(self._port, self._application, self._tls)
            self._port = int(self._server.server_address[1])
            self._thread = threading.Thread(
                target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="bigin-sandbox", daemon=True
            )
            self._thread.start()
            _running.add(self)
        return self

    def stop(self) -> None:
        """Stop listening and end every connection; may be called twice."""
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()
            server.end_connections()
        if self._thread is not None:
            self._thread.join(timeout=5)
            self._thread = None

    def _leave_to_parent(self) -> None:
        """Close the port in a forked child, which has no thread that answers there."""
        server, self._server, self._thread = self._server, None, None
        if server is not None:
            server.socket.close()

    def __enter__(self) -> Sandbox:
        return self.start()

    def __exit__(self, *error: object) -> None:
        self.stop()


_running: WeakSet[Sandbox] = WeakSet()


def _leave_all_to_parent() -> None:
    for sandbox in list(_running):
        sandbox._leave_to_parent()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_all_to_parent)
