"""Print a new key: `python -m django_bigin.encryption`."""

from .keyring import new_key

if __name__ == "__main__":
    print(new_key())  # noqa: T201  # the one thing this command prints
