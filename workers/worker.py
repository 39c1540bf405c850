"""The warm worker: models opened once, jobs run in its own process.

What a forked child would have given is given otherwise. A hung call, in native code too, is ended
with its process by `Watchdog`; a dead worker's job is found by `workers.pool`; a worker that has
grown too large or old leaves after its job and is replaced.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import threading
import time
from dataclasses import dataclass
from importlib import resources
from typing import Any

import psutil
import redis
from rq import SimpleWorker
from rq.executions import Execution
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.timeouts import BaseDeathPenalty

from photo_service.errors import PhotoServiceError
from photo_service.service import use_one_core, verify, warm_up
from photo_service.settings import Settings
from workers import broker, jobs, logs, tracing, watchdog
from workers.desk import RETRIES

# A running job that has not been heard of for so long is taken from its worker.
SILENCE_S = 8
BEAT_S = 2.0
LEAST_BEAT_S = 0.5
NICENESS = 5
# How long an idle worker may be silent; the queue is looked at more often (broker.IDLE_S).
IDLE_BEAT_S = 5

log = logging.getLogger(__name__)


class Watchdog(BaseDeathPenalty):
    """Ends the whole process when a job takes too long; see `workers.watchdog`."""

    def setup_death_penalty(self) -> None:
        """Start the timer."""
        watchdog.start(self._timeout)

    def cancel_death_penalty(self) -> None:
        """Stop it."""
        watchdog.stop()


@dataclass(frozen=True)
class Crew:
    """The workers of one machine: who is busy now.

    Attributes:
        busy: one place in shared memory for each worker, 1 while it judges.
        place: of this worker.
    """

    busy: Any
    place: int

    def begin(self) -> bool:
        """Note that this worker judges; whether all cores are needed by workers now."""
        self.busy[self.place] = 1
        busy: int = sum(self.busy)
        return busy >= len(os.sched_getaffinity(0))

    def end(self) -> None:
        """Note that it has finished."""
        self.busy[self.place] = 0


class WarmWorker(SimpleWorker):
    """Runs jobs in its own process and leaves the mending of the queues to the pool."""

    queue_class: type[broker.PhotoQueue] = broker.PhotoQueue
    death_penalty_class = Watchdog
    max_connection_wait_time = 2.0

    # What limits it; `None` for one that was only read from Redis, as `WarmWorker.all` does.
    settings: Settings | None = None
    crew: Crew | None = None
    _running: tuple[Job, Execution] | None = None
    _come_until = 0.0
    _beat_at = 0.0

    @property
    def dequeue_timeout(self) -> int:
        """How long one look at the queues lasts, seconds."""
        return IDLE_BEAT_S

    @property
    def should_run_maintenance_tasks(self) -> bool:
        """Never: see `workers.pool`."""
        return False

    def get_heartbeat_ttl(self, job: Job, working_time: float = 0.0) -> int:
        """How long the job counts as alive without word from us."""
        return SILENCE_S

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """Tell the queue that we are there, not several times for each job as RQ would."""
        if pipeline is None and time.monotonic() < self._beat_at + LEAST_BEAT_S:
            return
        self._beat_at = time.monotonic()
        super().heartbeat(timeout, pipeline)

    def prepare_job_execution(self, job: Job, remove_from_intermediate_queue: bool = False) -> None:
        """Note the job as started and take it off the intermediate list in one step."""
        super().prepare_job_execution(job, remove_from_intermediate_queue=True)

    def prepare_execution(self, job: Job) -> Execution:
        """Note who runs the job, and let `_beat` speak for it from now on."""
        if job.retries_left != RETRIES:
            # RQ cannot end a job that still lists the execution of a worker that died.
            self.connection.delete(job.execution_registry.key)
        if job.origin == broker.INTERACTIVE and time.monotonic() >= self._come_until:
            self.connection.set(broker.UPLOADS_COME, 1, ex=broker.COME_S)
            self._come_until = time.monotonic() + broker.COME_S / 2
        execution = super().prepare_execution(job)
        self._running = job, execution
        return execution

    def execute_job(self, job: Job, queue: Any) -> None:
        """Run one job; leave after it if this process has grown too large or old."""
        if self.crew is not None:
            # An upload that nobody waits behind may take the cores for itself.
            alone = queue.name == broker.INTERACTIVE and not self.connection.llen(queue.key)
            use_one_core(self.crew.begin() and not alone)
        try:
            super().execute_job(job, queue)
        finally:
            self._running = None
            if self.crew is not None:
                self.crew.end()
            logs.request_id.set("")
        if self.settings is not None and self._is_spent(self.settings):
            self._stop_requested = True

    def work(self, *args: Any, **options: Any) -> bool:
        """Take jobs until told to stop."""
        self._done = 0
        self._ended = threading.Event()
        beat = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        beat.start()
        try:
            return bool(super().work(*args, **options))
        finally:
            self._ended.set()
            beat.join()

    def _install_signal_handlers(self) -> None:
        """SIGTERM ends the worker after its job; Ctrl+C is for the pool, which sends that."""
        super()._install_signal_handlers()  # type: ignore[no-untyped-call]
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def _beat(self) -> None:
        parent = os.getppid()
        while not self._ended.wait(BEAT_S):
            if os.getppid() != parent:
                # The pool is gone: whoever starts the next one does not know us.
                os._exit(1)
            running = self._running
            if running is not None:
                with contextlib.suppress(redis.RedisError):
                    self.maintain_heartbeats(*running)

    def _is_spent(self, settings: Settings) -> bool:
        self._done += 1
        return self._done >= settings.worker_jobs or bool(
            psutil.Process().memory_info().rss > settings.worker_memory
        )


class ReservedWorker(WarmWorker):
    """Leaves batches to the other workers while uploads come."""

    queue_class = broker.ReservedQueue


def run(settings: Settings, name: str, crew: Crew | None = None, *, reserved: bool = False) -> None:
    """Be a worker until told to stop: the main function of its process.

    Args:
        settings: where the queue is; what limits the worker.
        name: how the queue knows this worker.
        crew: the other workers of this machine.
        reserved: leave batches to the other workers while uploads come.
    """
    logs.start("worker")
    tracing.start(settings)
    # The door answers first when all cores are busy.
    os.nice(NICENESS)
    connection = broker.connect(settings.redis_url, patient=True)
    jobs.install(connection, settings)
    try:
        _work(connection, settings, name, crew, reserved=reserved)
    except PhotoServiceError as error:
        log.error("not started", extra={"code": error.code})
        sys.exit(error.exit_code)
    except Exception:
        log.exception("worker failed")
        sys.exit(PhotoServiceError.exit_code)
    log.info("left", extra={"worker": name})


def _work(
    connection: broker.Connection,
    settings: Settings,
    name: str,
    crew: Crew | None,
    *,
    reserved: bool,
) -> None:
    warm_up(settings)
    # The first picture takes ten times as long as the next. The first page of text takes a third
    # longer than the next, once its models are open; a worker that starts need not wait for that.
    verify(resources.files("photo_service.commands").joinpath("astronaut.jpg").read_bytes())
    kind = ReservedWorker if reserved else WarmWorker
    worker = kind(
        [broker.queue(queue, connection, kind.queue_class) for queue in broker.QUEUES],
        name=name,
        connection=connection,
        serializer=JSONSerializer,
        log_job_description=False,
    )
    worker.settings = settings
    worker.crew = crew
    worker.work(logging_level="CRITICAL")
