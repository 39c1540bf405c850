"""Counters of all workers on all machines, kept in one Redis hash and shown to Prometheus."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from photo_service.rows import codes_of
from workers import broker

KEY = "photo:meters"
# Upper ends of the latency histogram, seconds.
BUCKETS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_SEPARATOR = "|"


def count_report(
    connection: broker.Connection, report: Mapping[str, Any], queue: str, waited_s: float
) -> None:
    """Count one report: its decision, the codes behind it, and where the time went.

    Args:
        connection: to Redis.
        report: the JSON form.
        queue: the queue it came from.
        waited_s: time between its order and its start.
    """
    kind = report["kind"]
    stages = {f"queue-{queue}": waited_s}
    stages |= {name: ms / 1e3 for name, ms in report["timings_ms"].items()}
    with connection.pipeline(transaction=False) as pipeline:
        _add(pipeline, "decision", kind, report["decision"])
        for code in set(codes_of({"report": report})):
            _add(pipeline, "code", kind, code)
        for stage, seconds in stages.items():
            end = bisect_left(BUCKETS_S, seconds)
            bucket = str(BUCKETS_S[end]) if end < len(BUCKETS_S) else "+Inf"
            _add(pipeline, "bucket", stage, bucket)
            pipeline.hincrbyfloat(KEY, _SEPARATOR.join(("sum", stage)), seconds)
        pipeline.execute()


def count_restart(connection: broker.Connection, why: str) -> None:
    """Count a worker that was replaced; ``why`` is ``recycled``, ``crashed`` or ``hung``."""
    _add(connection, "restart", why)


def _add(connection: Any, *names: str) -> None:
    connection.hincrby(KEY, _SEPARATOR.join(names), 1)


class Workers(Collector):
    """What all workers counted, and how long the queues are, at the moment of asking."""

    def __init__(self, connection: broker.Connection) -> None:
        self._connection = connection

    def describe(self) -> Iterator[Metric]:
        """Nothing: Redis need not be there when the collector is registered."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """All families.

        Raises:
            redis.RedisError: the queue is away.
        """
        table = {
            tuple(field.decode().split(_SEPARATOR)): float(value)
            for field, value in self._connection.hgetall(KEY).items()
        }
        yield from self._queues()
        yield _counter(table, "decision", "photo_decisions", "Reports by verdict.", "kind")
        yield _counter(table, "code", "photo_codes", "Reports a code sent away, by code.", "kind")
        restarts = CounterMetricFamily(
            "photo_worker_restarts", "Workers replaced, by reason.", labels=["reason"]
        )
        for names, value in table.items():
            if names[0] == "restart":
                restarts.add_metric([names[1]], value)
        yield restarts
        yield _stages(table)

    def _queues(self) -> Iterator[Metric]:
        depth = GaugeMetricFamily("photo_queue_depth", "Jobs waiting.", labels=["queue"])
        age = GaugeMetricFamily(
            "photo_queue_age_seconds", "Age of the job that has waited longest.", labels=["queue"]
        )
        for name in broker.QUEUES:
            queue = broker.queue(name, self._connection)
            depth.add_metric([name], queue.count)
            age.add_metric([name], _oldest_age_s(queue))
        yield depth
        yield age


def _oldest_age_s(queue: broker.PhotoQueue) -> float:
    from rq.utils import now

    first = queue.get_jobs(0, 1)
    since = first[0].enqueued_at if first else None
    return (now() - since).total_seconds() if since else 0.0


def _counter(
    table: Mapping[tuple[str, ...], float], row: str, name: str, about: str, first: str
) -> CounterMetricFamily:
    family = CounterMetricFamily(name, about, labels=[first, row])
    for names, value in table.items():
        if names[0] == row:
            family.add_metric(list(names[1:]), value)
    return family


def _stages(table: Mapping[tuple[str, ...], float]) -> HistogramMetricFamily:
    family = HistogramMetricFamily(
        "photo_stage_seconds", "Time of each stage of a verdict.", labels=["stage"]
    )
    for stage in sorted(names[1] for names in table if names[0] == "sum"):
        total, buckets = 0.0, []
        for end in (*map(str, BUCKETS_S), "+Inf"):
            total += table.get(("bucket", stage, end), 0.0)
            buckets.append((end, total))
        family.add_metric([stage], buckets, table["sum", stage])
    return family
