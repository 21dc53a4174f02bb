"""Read, join and compare scope strings."""

from __future__ import annotations

import re
from collections.abc import Iterable

# Scopes that need their own grant: Bigin's pages write "modules.ALL and modules.notes...", so modules.ALL
# does not cover them. Source: https://www.bigin.com/developer/docs/apis/v2/scopes.html (read 2026-11)
_NOT_COVERED_FROM_ABOVE = ("modules.notes", "modules.attachments")
# v1's name of the module; Zoho still takes and echoes it.
_SAME_MODULE = {"deals": "pipelines"}
# Insert takes WRITE or CREATE, update takes WRITE or UPDATE; neither reads nor deletes.
_WRITE_GRANTS = ("write", "create", "update")
# What ALL stands for, where an answer spells it out; a bulk job is only made and read.
_ALL = ("read", "create", "update", "delete")
_ALL_OF = {"bulk": ("read", "create")}


def read_scopes(text: str | None) -> tuple[str, ...]:
    """Split a scope string at commas and white space, each scope once, in the order given.

    Zoho is asked with commas and answers with spaces.
    """
    return tuple(dict.fromkeys(part for part in re.split(r"[,\s]+", text or "") if part))


def join_scopes(scopes: Iterable[str]) -> str:
    """Join scopes with commas, as Zoho's authorization page wants them."""
    return ",".join(dict.fromkeys(scopes))


def grants(granted: str | Iterable[str], needed: str) -> bool:
    """Tell whether the granted scopes cover the needed one.

    Case is ignored: Zoho may echo another case than was asked for, or each operation where ALL was asked for. "X.ALL"
    covers every operation on X and below X, "X.READ" covers reading below X; notes and attachments are never covered by
    what covers all modules.
    """
    each_granted = [_parts(scope) for scope in (read_scopes(granted) if isinstance(granted, str) else granted)]
    *subject, operation = _parts(needed)
    if any(_covers(scope, [*subject, operation]) for scope in each_granted):
        return True
    if operation != "all" or len(subject) < 2:
        return False
    each_operation = _ALL_OF.get(subject[1], _ALL)
    return all(any(_covers(scope, [*subject, single]) for scope in each_granted) for single in each_operation)


def _parts(scope: str) -> list[str]:
    return [_SAME_MODULE.get(part, part) for part in scope.strip().lower().split(".")]


def _covers(granted: list[str], needed: list[str]) -> bool:
    if granted == needed:
        return True
    if len(granted) < 3 or len(needed) < 3:
        return False
    subject, wanted = granted[:-1], needed[:-1]
    if wanted[: len(subject)] != subject:
        return False
    if len(wanted) > len(subject) and ".".join(wanted[1:3]) in _NOT_COVERED_FROM_ABOVE and len(subject) < 3:
        return False
    operation = needed[-1]
    return granted[-1] in ("all", operation) or (granted[-1] == "write" and operation in _WRITE_GRANTS)
