"""Connections to Redis or Valkey, the two queues, and how a job is taken without losing it."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import ConstantBackoff, NoBackoff
from redis.retry import Retry
from rq import Queue
from rq.exceptions import DequeueTimeout
from rq.intermediate_queue import IntermediateQueue
from rq.job import Job
from rq.serializers import JSONSerializer

from photo_service.errors import PhotoServiceError

INTERACTIVE, BATCH = "interactive", "batch"
# redis-py's annotations allow for answers as text, which we never ask for.
Connection = Any
AsyncConnection = Any

# In the order in which workers look at them.
QUEUES = (INTERACTIVE, BATCH)

# There while uploads come, and `COME_S` seconds longer.
UPLOADS_COME = "photo:uploads-come"
COME_S = 2
# How long an idle worker waits for an upload before it looks for batch work.
IDLE_S = 0.2
# Whoever mends the queues holds the lock no longer than this, dead or alive.
MEND_LOCK_S = 10
# A worker outlasts the queue's absence for about this long before it gives up and is replaced.
PATIENCE_S = 120
# A door says that the queue is away after this.
DOOR_S = 2.0


class QueueAwayError(PhotoServiceError):
    """Redis or Valkey does not answer."""

    exit_code = 4
    http_status = 503


_intermediate = IntermediateQueue.get_intermediate_queue_key


class PhotoQueue(Queue):
    """A queue whose jobs are never between two places.

    RQ takes jobs from several queues with BLPOP: a worker that dies before it has noted the job
    loses it. Here each job moves to RQ's intermediate list in the same step, and leaves that when
    it is noted as started; `workers.pool` returns what stays there.
    """

    @classmethod
    def dequeue_any(
        cls,
        queues: Iterable[Queue],
        timeout: float | None,
        connection: Connection,
        job_class: type[Job] | None = None,
        serializer: Any = None,
        death_penalty_class: Any = None,
    ) -> tuple[Job, Queue] | None:
        """The next job of the first queue that has one; see `rq.Queue.dequeue_any`."""
        keys = [queue.key for queue in queues]
        until = None if timeout is None else time.monotonic() + timeout
        while True:
            taken = cls._take(connection, keys, until)
            if taken is None:
                return None
            found = cls._fetch_dequeued_job(
                connection,
                *taken,
                job_class=job_class,
                serializer=serializer,
                death_penalty_class=death_penalty_class,
            )
            if found is not None:
                return found
            IntermediateQueue(taken[0], connection).remove(taken[1])

    @classmethod
    def _take(
        cls, connection: Connection, keys: list[str], until: float | None
    ) -> tuple[str, str] | None:
        while True:
            for key in cls._open(connection, keys):
                if job_id := connection.lmove(key, _intermediate(key)):
                    return key, job_id.decode()
            if until is None:
                return None
            left = until - time.monotonic()
            if left <= 0:
                raise DequeueTimeout(0, keys)
            first = keys[0]
            if job_id := connection.blmove(first, _intermediate(first), min(left, IDLE_S)):
                return first, job_id.decode()

    @classmethod
    def _open(cls, connection: Connection, keys: list[str]) -> list[str]:
        """The queues to take from now."""
        return keys

    def acquire_maintenance_lock(self) -> bool:
        """Whether this process mends the queue now."""
        return bool(self.connection.set(self.registry_cleaning_key, 1, nx=True, ex=MEND_LOCK_S))


class ReservedQueue(PhotoQueue):
    """For one worker of each machine: while uploads come, it leaves batches to the others.

    So an upload need not wait for a picture of a batch to end.
    """

    @classmethod
    def _open(cls, connection: Connection, keys: list[str]) -> list[str]:
        return keys[:1] if connection.exists(UPLOADS_COME) else keys


def queue(
    name: str, connection: Connection, queue_class: type[PhotoQueue] = PhotoQueue
) -> PhotoQueue:
    """One of `QUEUES`; job data is JSON."""
    return queue_class(name, connection=connection, serializer=JSONSerializer)


def connect(url: str, *, patient: bool = False) -> Connection:
    """A connection pool for threads.

    Args:
        url: ``redis://``, ``rediss://`` or ``unix://``.
        patient: wait for a server that is away (workers) instead of failing soon (doors).

    Raises:
        QueueAwayError: the address is malformed.
    """
    # Attempts follow each other after a second; the first failures of a stale connection at once.
    refused = (redis.ConnectionError,)
    retry = Retry(ConstantBackoff(1), PATIENCE_S) if patient else Retry(NoBackoff(), 1, refused)
    try:
        return redis.Redis.from_url(
            url,
            retry=retry,
            socket_connect_timeout=DOOR_S,
            socket_timeout=None if patient else DOOR_S,
        )
    except ValueError as error:
        raise QueueAwayError("queue-address", why=str(error)) from error


def connect_async(url: str) -> AsyncConnection:
    """A connection pool for one event loop."""
    return redis.asyncio.Redis.from_url(
        url,
        retry=AsyncRetry(NoBackoff(), 1),
        socket_connect_timeout=DOOR_S,
        # Longer than any blocking read: a line that went dead is noticed all the same.
        socket_timeout=5,
    )
