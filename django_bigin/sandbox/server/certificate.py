"""The certificate with which the sandbox answers under Zoho's own https:// addresses."""

from __future__ import annotations

import ssl
from pathlib import Path


def read_certificate(certificate: Path | str | None, key: Path | str | None) -> ssl.SSLContext | None:
    """Read a certificate and its key, PEM both, from one file or two; None if there is none.

    Raises:
        ValueError: a file is missing, or cannot be read, or the two do not fit.
    """
    if certificate is None:
        if key is not None:
            raise ValueError("a key needs its certificate")
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        # Without a password given, an encrypted key would be asked for on the terminal.
        context.load_cert_chain(certificate, key, password="")
    except OSError as error:
        files = f"{certificate} and {key}" if key is not None else str(certificate)
        raise ValueError(f"the certificate cannot be read from {files}: {error.strerror or error}") from error
    return context
