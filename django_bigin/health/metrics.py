"""Health as metrics for Prometheus, by its own client library: the extra `metrics`.

`REGISTRY.register(HealthCollector())` in a process that Prometheus scrapes; each scrape makes one judgement.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from ..models import Connection
from .examine import examine_all
from .findings import Health
from .kinds import CODES

__all__ = ("HealthCollector",)

PREFIX = "django_bigin"


class HealthCollector(Collector):
    """Gauges of what is wrong, by code and status; none names a tenant, so their number stays the same."""

    def describe(self) -> Iterable[Metric]:
        """Return nothing, so that registering asks no database."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Judge the installation, and return it as gauges."""
        health = examine_all(count_records=False)
        working = GaugeMetricFamily(f"{PREFIX}_working", "1 where nothing is wrong with the installation itself.")
        working.add_metric((), 0 if health.installation else 1)
        quarantined = GaugeMetricFamily(f"{PREFIX}_quarantined_rows", "Rows that could not be stored.")
        quarantined.add_metric((), sum(each.quarantined for each in health.connections))
        yield from (working, _findings(health), _connections(health), quarantined, _last_seen(health))


def _findings(health: Health) -> Metric:
    number = Counter(each.code.text for each in health.wrong)
    gauge = GaugeMetricFamily(f"{PREFIX}_findings", "What is wrong, by the code of the finding.", labels=("code",))
    for code in CODES.values():
        gauge.add_metric((code.text,), number[code.text])
    return gauge


def _connections(health: Health) -> Metric:
    number = Counter(each.facts.row.status for each in health.connections)
    gauge = GaugeMetricFamily(f"{PREFIX}_connections", "Connections, by status.", labels=("status",))
    for status in Connection.Status.values:
        gauge.add_metric((status,), number[status])
    return gauge


def _last_seen(health: Health) -> Metric:
    seen, now = health.facts.last_seen, health.facts.at
    gauge = GaugeMetricFamily(
        f"{PREFIX}_seen_seconds_ago", "Seconds since the tick, and a worker for each kind of work.", labels=("kind",)
    )
    for kind, at in {"tick": seen.tick, **seen.kinds}.items():
        if at is not None:
            gauge.add_metric((kind,), (now - at).total_seconds())
    return gauge
