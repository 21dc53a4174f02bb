"""Ticks of a site's scheduler and the work that they hand out, in this process."""

from concurrent.futures import ThreadPoolExecutor

from django.db import connections as databases

from django_bigin.work import scheduler


def tick(*kinds: str) -> list[tuple[str, int]]:
    """Tick once; return what was handed out and is not done yet, of these kinds or of all."""
    sent: list[tuple[str, int]] = []
    scheduler.tick(lambda kind, row_id: sent.append((kind, row_id)))
    return [(kind, row_id) for kind, row_id in sent if not kinds or kind in kinds]


def work_off(sent: list[tuple[str, int]]) -> None:
    for kind, row_id in sent:
        scheduler.run_slice(kind, row_id)


def kinds_of(sent: list[tuple[str, int]]) -> set[str]:
    return {kind for kind, _ in sent}


def deliver_at_once(times: int, kind: str, row_id: int) -> None:
    """Deliver the same message so many times, to as many workers."""

    def deliver(_: int) -> None:
        try:
            scheduler.run_slice(kind, row_id)
        finally:
            databases.close_all()

    with ThreadPoolExecutor(times) as pool:
        list(pool.map(deliver, range(times)))
