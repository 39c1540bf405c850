"""The counter behind the HTTP door: keys, rates, uploads that wait, batches, metrics.

Holds all that ``api.py`` needs of the queue, so that it need not know Redis.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import redis
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from rq.utils import now

from photo_service.errors import PhotoServiceError
from photo_service.settings import Settings
from workers import access, broker, meters
from workers.batches import Batches
from workers.desk import Desk, Upload
from workers.replies import Replies
from workers.results import FIRST, LATEST, order_key
from workers.worker import IDLE_BEAT_S, SILENCE_S, WarmWorker

# A worker counts as there while it is heard of within this time.
LATELY_S = 2 * (IDLE_BEAT_S + SILENCE_S)

# How long one look for new rows lasts, milliseconds.
ROWS_MS = 1000
# Rows given in one go.
ROWS = 100
# Events of a busy batch are gathered for so long: people see no more than that.
GATHER_S = 0.25

# Who asks when no keys are asked for.
NOBODY = "–"

P = ParamSpec("P")
R = TypeVar("R")


class AccessError(PhotoServiceError):
    """No key, or one nobody knows."""

    http_status = 401


class RoleError(PhotoServiceError):
    """A key that is for something else."""

    http_status = 403


class RateError(PhotoServiceError):
    """A key used too often; ``seconds`` says when it may be used again."""

    http_status = 429


@contextlib.contextmanager
def within_reach() -> Iterator[None]:
    """Tell callers in our own words when the queue is away."""
    try:
        yield
    except redis.RedisError as error:
        raise broker.QueueAwayError("queue-away") from error


def reaching(function: Callable[P, R]) -> Callable[P, R]:
    """`within_reach` for a whole function."""

    @wraps(function)
    def told(*args: P.args, **options: P.kwargs) -> R:
        with within_reach():
            return function(*args, **options)

    return told


class Counter:
    """One a process. Its plain methods may block: call them in threads.

    Args:
        settings: with ``redis_url`` set.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._connection = broker.connect(settings.redis_url)
        self._desk = Desk(self._connection, settings)
        self._async = broker.connect_async(settings.redis_url)
        self._replies = Replies(self._async)
        self._keys = access.KeyRing(settings.keys_file)
        self._registry = CollectorRegistry()
        self._requests = Histogram(
            "photo_http_seconds",
            "Time of each request.",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self._registry.register(meters.Workers(self._connection))
        self.batches = Batches(self._connection, settings)

    # --- at the door -----------------------------------------------------------------------------

    @reaching
    def admit(self, secret: str, roles: Iterable[access.Role], *, upload: bool) -> str:
        """Let a request pass, or not.

        Args:
            secret: the key it came with.
            roles: who may pass.
            upload: whether it adds to the queue.

        Returns:
            The key's name, `NOBODY` when no keys are asked for.

        Raises:
            AccessError: no known key.
            RoleError: the key is for something else.
            RateError: the key was used too often.
            BusyError: the queue is full.
            KeysError: the operator's file of keys cannot be used.
        """
        name = NOBODY
        if self._keys.asks:
            try:
                key = self._keys.find(secret)
            except access.KeysError as error:
                # Where the file is is nobody's business here.
                raise access.KeysError("keys-broken") from error
            if key is None:
                raise AccessError("key-wrong" if secret else "key-missing")
            if key.role not in roles:
                raise RoleError("key-role", role=str(key.role))
            if seconds := access.within_rate(self._connection, key.name, self._settings.rate_limit):
                raise RateError("key-rate", seconds=seconds, limit=self._settings.rate_limit)
            name = key.name
        if upload:
            self._desk.refuse_if_busy()
        return name

    # --- uploads ---------------------------------------------------------------------------------

    async def ask(self, upload: Upload, wait_s: float) -> dict[str, Any] | None:
        """The report of an upload; ``None`` when there is none within ``wait_s``."""
        # Hashes the whole picture: not here, where every request waits.
        upload_id = await asyncio.to_thread(lambda: upload.id)
        done = self._replies.expect(upload_id)
        try:
            with within_reach():
                report = await asyncio.to_thread(self._desk.submit, upload, self._replies.name)
            if report is None and wait_s > 0:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(done, wait_s)
                with within_reach():
                    report = await asyncio.to_thread(self._desk.report, upload_id)
            return report
        finally:
            done.cancel()

    @reaching
    def look(self, upload_id: str) -> tuple[dict[str, Any] | None, bool]:
        """A report if it is there, and whether one is to come."""
        pending = self._desk.knows(upload_id)
        report = self._desk.report(upload_id)
        return report, pending

    # --- batches ---------------------------------------------------------------------------------

    async def rows(self, batch_id: str) -> AsyncIterator[dict[str, Any] | None]:
        """A batch's rows from the first on, as they come; ``None`` when none came for a while.

        Ends when the batch has ended and all its rows were given. Holds no thread while it waits.
        """
        async for _, came in self._follow(batch_id, FIRST):
            numbers = [short["number"] for _, short in came]
            with within_reach():
                rows = self.batches.results.rows(batch_id, numbers)
                whole = await asyncio.to_thread(list, rows)
            for row in whole:
                yield row
            if not came:
                yield None

    async def events(
        self, batch_id: str, last: str
    ) -> AsyncIterator[tuple[str, str, dict[str, Any]] | None]:
        """What happens to a batch: name, mark and data of each event; see `rows`.

        ``progress`` when it changed, ``row`` with a row's short form, and at last ``end``. Whoever
        comes again with the mark of the last row goes on from there.

        Args:
            batch_id: the batch.
            last: the mark after which to begin; `FIRST`, or `LATEST` for rows yet to come.
        """
        told: dict[str, Any] | None = None
        async for progress, came in self._follow(batch_id, last):
            for mark, short in came:
                yield "row", mark, short
            if progress != told and progress is not None:
                yield "progress", "", progress
            elif not came:
                yield None
            told = progress
            await asyncio.sleep(GATHER_S)
        yield "end", "", told or {}

    async def _follow(
        self, batch_id: str, last: str
    ) -> AsyncIterator[tuple[dict[str, Any] | None, list[tuple[str, dict[str, Any]]]]]:
        """A batch's progress and what came since the last look: marks and short forms."""
        key = order_key(batch_id)
        if last == LATEST:
            with within_reach():
                newest = await self._async.xrevrange(key, count=1)
            last = newest[0][0].decode() if newest else FIRST
        while True:
            with within_reach():
                progress = await asyncio.to_thread(self.batches.progress, batch_id)
                ended = progress is None or progress["state"] != "running"
                found = await self._async.xread(
                    {key: last}, count=ROWS, block=None if ended else ROWS_MS
                )
            entries = found[0][1] if found else []
            came = [(mark.decode(), json.loads(fields[b"row"])) for mark, fields in entries]
            if came:
                last = came[-1][0]
            yield progress, came
            if ended and not came:
                return

    async def listen(self) -> None:
        """Hear of finished uploads, until cancelled."""
        await self._replies.listen()

    async def close(self) -> None:
        """Give all connections back."""
        await self._async.aclose()
        self._connection.close()

    # --- operation -------------------------------------------------------------------------------

    @reaching
    def warm_workers(self) -> int:
        """How many workers were heard of lately."""
        workers = WarmWorker.all(connection=self._connection)
        heard = [w.last_heartbeat for w in workers if w.last_heartbeat is not None]
        return sum((now() - time).total_seconds() <= LATELY_S for time in heard)

    def saw_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        self._requests.labels(method, route, str(status)).observe(seconds)

    @reaching
    def metrics(self) -> tuple[bytes, str]:
        """Prometheus text and its media type."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST
