"""The result of verifying one module, and where a later slice goes on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from ...api.walks import Position
from .differences import Difference, Kind

NAMED_AT_MOST = 10_000  # differences of a module; all are counted, and repaired


@dataclass
class Remainder:
    """What is left of a verification that was cut off.

    Attributes:
        position: of the walk through the product's records; None before its first page.
        changed: the contents, as a digest, of what has changed since the last sync, by id.
        unseen: records of the mirror that no page has shown.
        seen: ids that the pages have shown, where they do not rise.
        settled: what changed since the last sync has been read.
        asked: records that are to be asked for by themselves.
    """

    position: Position | None = None
    changed: dict[int, str] = field(default_factory=dict)
    unseen: list[int] = field(default_factory=list)
    seen: list[int] = field(default_factory=list)
    settled: bool = False
    asked: list[int] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {**asdict(self), "position": self.position and self.position.to_json()}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Remainder:
        """Read it back."""
        changed = {int(record_id): digest for record_id, digest in stored["changed"].items()}
        return cls(**{**stored, "position": Position.from_json(stored["position"]), "changed": changed})


@dataclass
class Verification:
    """The result of comparing one module of the mirror with the product.

    Attributes:
        compared: records that the product showed.
        missing, gone, different: differences by their kind: missing here, gone there, other contents.
        repaired: those of them that the mirror was mended in.
        changed: records that changed after the last sync, and so are no differences.
        quarantined: rows that are known not to be storable.
        here, there: the number of records, as the mirror and the product count them; None where that is not told.
        differences: each of them, up to `NAMED_AT_MOST`.
        finished: False where the time was up, or something kept it from its end.
        doubt: why more may differ than was found; "" where nothing can.
        error: one sentence that says what to do; "" where all went well.
        rests_until: it stopped at the edge of a page since a limit of calls is reached, and goes on then.
        skipped: why nothing was compared; "" where something was.
        later: it can be verified later: another process works on it, or it has not been read in whole.
    """

    module: str
    compared: int = 0
    missing: int = 0
    gone: int = 0
    different: int = 0
    repaired: int = 0
    changed: int = 0
    quarantined: int = 0
    here: int | None = None
    there: int | None = None
    calls: int = 0
    credits: int = 0
    seconds: float = 0.0
    differences: list[Difference] = field(default_factory=list)
    finished: bool = False
    doubt: str = ""
    error: str = ""
    rests_until: datetime | None = None
    skipped: str = ""
    later: bool = False
    remainder: Remainder = field(default_factory=Remainder, repr=False)

    @property
    def found(self) -> int:
        """The number of differences."""
        return self.missing + self.gone + self.different

    @property
    def is_clean(self) -> bool:
        """Tell whether the mirror is known to be equal now."""
        return self.finished and not (self.doubt or self.error) and self.found == self.repaired

    def note(self, found: Iterable[Difference]) -> None:
        """Take note of differences."""
        known = {each.record_id for each in self.differences}
        # Where pages are read again, what was found on them is found again.
        new = [each for each in found if each.record_id not in known]
        kinds = Counter(each.kind for each in new)
        self.missing += kinds[Kind.MISSING]
        self.gone += kinds[Kind.GONE]
        self.different += kinds[Kind.DIFFERENT]
        self.repaired += sum(each.repaired for each in new)
        self.differences += new[: NAMED_AT_MOST - len(self.differences)]

    def as_dict(self) -> dict[str, Any]:
        """Return it for programs: `--json` prints this."""
        values = {name: value for name, value in vars(self).items() if name != "remainder"}
        differences = [
            {"id": str(each.record_id), "kind": each.kind.value, "fields": list(each.fields), "repaired": each.repaired}
            for each in self.differences
        ]
        return {**values, "differences": differences, "rests_until": _text(self.rests_until)}

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON, with all that a later slice needs to go on."""
        return {**self.as_dict(), "remainder": None if self.finished else self.remainder.to_json()}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Verification:
        """Read back what an earlier slice came to; that it rested is forgotten."""
        remainder = stored["remainder"]
        differences = [
            Difference(int(each["id"]), Kind(each["kind"]), tuple(each["fields"]), each["repaired"])
            for each in stored["differences"]
        ]
        return cls(
            **{
                **stored,
                "differences": differences,
                "remainder": Remainder.from_json(remainder) if remainder else Remainder(),
                "rests_until": None,
                "error": "" if stored["rests_until"] else stored["error"],
            }
        )


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
