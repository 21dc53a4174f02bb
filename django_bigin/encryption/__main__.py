"""Print a new key: `python -m django_bigin.encryption`."""

import argparse

from .keyring import new_key

if __name__ == "__main__":
    argparse.ArgumentParser(
        prog="python -m django_bigin.encryption",
        description="Print a new key for BIGIN_ENCRYPTION_KEYS: 32 random bytes in urlsafe base64.",
    ).parse_args()
    print(new_key())  # noqa: T201  # the one thing this command prints
