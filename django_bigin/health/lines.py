"""The lines in which commands tell of findings. They stay English, as everything that commands say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from ..conf import settings
from ..text import moment
from .findings import ConnectionHealth, Finding, Health
from .kinds import Fault, Kind, Needs
from .words import START_WORKERS, start, words_for

_SUBJECTS_NAMED = 10
_WORK = (Fault.SILENT_REFRESH, Fault.SILENT_SYNC, Kind.SILENT_TICK)


def phrase(finding: Finding) -> str:
    """Return a finding in one phrase, such as "failed: Rate limit reached."."""
    label = str(words_for(finding).label).lower()
    return f"{label}: {finding.reason}" if finding.reason else label


def sentence(finding: Finding) -> str:
    """Return a finding in a sentence or two: what happened, and what is known of it."""
    return f"{words_for(finding).happened} {finding.reason}".strip()


def overdue(connection: ConnectionHealth) -> str:
    """Say what of a connection is overdue, by the moment since which it is; the longest first."""
    by_moment: dict[str, list[str]] = defaultdict(list)
    for finding in connection.overdue:
        by_moment[moment(finding.since)].append(finding.subject)
    return ", ".join(f"{' and '.join(work)} since {since}" for since, work in sorted(by_moment.items()))


def verdict(health: Health, names: Iterable[str]) -> str:
    """Say in a line what is not well; "" where all is.

    Args:
        names: a name of each connection's tenant, in the order of the connections.
    """
    sentences = []
    unhealthy = [each for each in health.connections if each.needs != Needs.NOTHING]
    if unhealthy:
        verb = "is" if len(unhealthy) == 1 else "are"
        sentences.append(f"{len(unhealthy)} of {len(health.connections)} connections {verb} unhealthy.")
    late = [f"{name}: {overdue(each)}" for name, each in zip(names, health.connections, strict=True) if each.overdue]
    if late:
        more = f" and {len(late) - _SUBJECTS_NAMED} more" if len(late) > _SUBJECTS_NAMED else ""
        sentences.append(f"Nobody does what is due: {'; '.join(late[:_SUBJECTS_NAMED])}{more}.")
    # What the parts of the installation say of themselves goes before what follows from it.
    sentences[:0] = [sentence(each) for each in health.installation if each.kind not in _WORK]
    silent = [sentence(each) for each in health.installation if each.kind in _WORK and each.kind != Kind.SILENT_TICK]
    if late or any(each.kind in _WORK for each in health.installation):
        seen = health.facts.last_seen
        worker = f", worker {moment(seen.worker)}" if settings.BIGIN_CELERY else ""
        sentences += [*silent, f"Last seen: tick {moment(seen.tick)}{worker}.", start(START_WORKERS)]
    return " ".join(sentences)
