"""The pool: keeps worker processes running and gives back the jobs of those that died.

One pool a machine. It notices a dead worker at once, a worker on another machine by its silence
(`workers.worker.SILENCE_S`), and any job that fell between two lists within seconds.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import socket
import threading
import time
from dataclasses import dataclass
from multiprocessing.connection import wait
from typing import Any
from uuid import uuid4

import redis
from rq.utils import as_text

from photo_service.settings import Settings
from workers import broker, jobs, meters, worker
from workers.batches import Batches

TICK_S = 1.0
# A job this long in the intermediate list, and noted nowhere else, has lost its worker.
STUCK_S = 3.0
# How long workers may take to finish their jobs when told to stop, beyond the job limit.
GRACE_S = 5.0
# After workers that end before they are ready, the next one waits longer each time.
LONGEST_PAUSE_S = 15.0
# Pictures stay in the queue's log of changes no longer than this after their report.
TIDY_S = 300

_RETURN = """
if redis.call('LREM', KEYS[1], 1, ARGV[1]) == 1 and redis.call('EXISTS', KEYS[3]) == 1 then
    redis.call('LPUSH', KEYS[2], ARGV[1])
end
"""

log = logging.getLogger(__name__)


@dataclass
class _Child:
    name: str
    process: Any
    place: int
    reserved: bool
    # Whether it was ever ready to work.
    worked: bool = False


class Pool:
    """Worker processes of this machine.

    Args:
        settings: the queue and the limits.
        size: how many workers.
    """

    def __init__(self, settings: Settings, size: int) -> None:
        self._settings = settings
        self._size = size
        self._context = multiprocessing.get_context("spawn")
        self._children: list[_Child] = []
        self._busy = self._context.Array("b", size, lock=False)
        self._stop = threading.Event()
        self._pause = 0.0
        self._next_birth = 0.0
        self._seen: dict[tuple[str, str], float] = {}
        self.connection = broker.connect(settings.redis_url)
        jobs.install(self.connection, settings)

    @property
    def pids(self) -> list[int]:
        """Process ids of the workers that run now."""
        return [c.process.pid for c in self._children if c.process.is_alive()]

    def stop(self) -> None:
        """Make `run` end; safe in signal handlers and from other threads."""
        self._stop.set()

    def run(self) -> None:
        """Keep the workers running and the queues whole, until `stop`."""
        mended = 0.0
        try:
            while not self._stop.is_set():
                self._fill()
                self._wait()
                self._bury_dead()
                if time.monotonic() - mended >= TICK_S:
                    self._try("mending", self.mend)
                    mended = time.monotonic()
        finally:
            self._end()

    def _fill(self) -> None:
        while len(self._children) < self._size and time.monotonic() >= self._next_birth:
            name = f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:8]}"
            # One of several is for uploads first.
            reserved = self._size > 1 and not any(c.reserved for c in self._children)
            place = min(set(range(self._size)) - {c.place for c in self._children})
            process = self._context.Process(
                target=worker.run,
                args=(self._settings, name, worker.Crew(self._busy, place)),
                kwargs={"reserved": reserved},
                name=name,
            )
            process.start()
            self._children.append(_Child(name, process, place, reserved))

    def _wait(self) -> None:
        # Short waits: a stop must be seen soon, and signals only set a flag.
        wait([c.process.sentinel for c in self._children], timeout=min(TICK_S, 0.25))

    def _bury_dead(self) -> None:
        for child in [c for c in self._children if not c.process.is_alive()]:
            self._children.remove(child)
            self._busy[child.place] = 0
            code = child.process.exitcode
            # 1 is what the watchdog leaves with.
            why = {0: "recycled", 1: "hung"}.get(code, "crashed")
            log.warning("worker ended", extra={"worker": child.name, "exit": code, "why": why})
            self._try("burying a worker", lambda child=child: self._bury(child))
            if code and not child.worked:
                self._pause = min(2 * self._pause or 1.0, LONGEST_PAUSE_S)
                self._next_birth = time.monotonic() + self._pause
            else:
                self._pause = 0.0
            self._try("counting", lambda why=why: meters.count_restart(self.connection, why))

    def _bury(self, child: _Child) -> None:
        """Free a dead worker's jobs now rather than when its silence is noticed."""
        key = f"{worker.WarmWorker.redis_worker_namespace_prefix}{child.name}"
        members = self.connection.smembers(f"{key}:executions")
        with self.connection.pipeline() as pipeline:
            for member in members:
                for name in broker.QUEUES:
                    registry = broker.queue(name, self.connection).started_job_registry
                    pipeline.zadd(registry.key, {as_text(member): 0}, xx=True)
            pipeline.execute()
        if members:
            self.mend()
        dead = worker.WarmWorker.find_by_key(key, connection=self.connection)
        if dead is not None:
            child.worked = True
            dead.register_death()  # type: ignore[no-untyped-call]

    def mend(self) -> None:
        """Return lost jobs to their queues, give up on those that failed twice, fill batches up."""
        for name in broker.QUEUES:
            queue = broker.queue(name, self.connection)
            if queue.acquire_maintenance_lock():
                try:
                    queue.started_job_registry.cleanup()
                    queue.failed_job_registry.cleanup()
                finally:
                    queue.release_maintenance_lock()  # type: ignore[no-untyped-call]
            self._return_stuck(queue)
        Batches(self.connection, self._settings).mend()
        self._tidy()

    def _tidy(self) -> None:
        """Let a log of changes on the disk forget the pictures that are gone."""
        if self.connection.set("photo:tidied", 1, nx=True, ex=TIDY_S):
            about = self.connection.info("persistence")
            grown = about.get("aof_current_size", 0) - about.get("aof_base_size", 0)
            if about.get("aof_enabled") and grown:
                self.connection.bgrewriteaof()

    def _return_stuck(self, queue: broker.PhotoQueue) -> None:
        ids = {as_text(i) for i in self.connection.lrange(queue.intermediate_queue_key, 0, -1)}
        started = set(queue.started_job_registry.get_job_ids(cleanup=False)) if ids else set()
        now = time.monotonic()
        for gone in [key for key in self._seen if key[0] == queue.name and key[1] not in ids]:
            del self._seen[gone]
        for job_id in ids - started:
            if now - self._seen.setdefault((queue.name, job_id), now) >= STUCK_S:
                keys = queue.intermediate_queue_key, queue.key, queue.job_class.key_for(job_id)
                self.connection.eval(_RETURN, 3, *keys, job_id)

    def _end(self) -> None:
        """Let running jobs finish, then end whoever is left."""
        for child in self._children:
            if child.process.is_alive():
                child.process.terminate()
        until = time.monotonic() + self._settings.job_limit_s + GRACE_S
        for child in self._children:
            child.process.join(max(until - time.monotonic(), 0))
            if child.process.is_alive():
                child.process.kill()
                child.process.join()
        self._children.clear()
        self.connection.close()

    def _try(self, what: str, act: Any) -> None:
        try:
            act()
        except redis.RedisError as error:
            log.warning("queue away", extra={"while": what, "error": type(error).__name__})
        except Exception:
            log.exception("pool failed", extra={"while": what})


def stop_on_signals(pool: Pool) -> None:
    """SIGTERM and SIGINT let running jobs finish and end the pool."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: pool.stop())
