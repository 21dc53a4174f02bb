"""The search for secrets in everything that a run leaves behind: files of any kind, logs among them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from django_bigin.testing.leaks import spellings

# Written to hold secrets: the sandbox's start file, private to its user, and the list of what to search for.
HOLD_SECRETS = ("sandbox.json", "secrets.json")


@dataclass(frozen=True)
class Search:
    """What was looked for, where, and what was found.

    Attributes:
        values: the number of different secrets.
        files: the number of files that were read.
        leaks: kind, encoding and file of each secret that was found; never the secret itself.
    """

    values: int
    files: int
    leaks: tuple[str, ...]

    def __str__(self) -> str:
        if self.leaks:
            return "SECRETS ARE IN THE OPEN: " + "; ".join(self.leaks)
        return (
            f"None of {self.values} secrets is in any of {self.files} files, logs at DEBUG among them: not plain, "
            "URL-encoded, in hex or in base64."
        )


def search(folder: Path, secrets: Iterable[Mapping[str, str]]) -> Search:
    """Look for secrets, each {"kind", "value"}, in every file under a folder.

    Raises:
        ValueError: there is nothing to look for, or nowhere to look.
    """
    wanted = list(secrets)
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in HOLD_SECRETS)
    if not wanted or not files:
        raise ValueError(f"{len(wanted)} secrets and {len(files)} files: a search of nothing finds nothing")
    spelled = {
        (spelling.encode(), f"{secret['kind']}{encoding}")
        for secret in wanted
        for encoding, spelling in spellings(secret["value"])
    }
    leaks: list[str] = []
    for path in files:
        try:
            held = path.read_bytes()
        except FileNotFoundError:  # a message in the broker's folder that a worker has just taken
            continue
        leaks += sorted({f"{what} in {path.relative_to(folder)}" for spelling, what in spelled if spelling in held})
    return Search(len({secret["value"] for secret in wanted}), len(files), tuple(leaks))
