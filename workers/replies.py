"""Waiting for reports without asking again and again: one blocking read for a whole process."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import defaultdict
from uuid import uuid4

import redis

from workers import broker

# Seconds of one blocking read; only how soon a lost connection is noticed depends on it.
READ_S = 2
PAUSE_S = 0.5

log = logging.getLogger(__name__)


class Replies:
    """The ids of finished uploads that this process waits for.

    Args:
        connection: of this event loop.
    """

    def __init__(self, connection: broker.AsyncConnection) -> None:
        self.name = f"photo:replies:{uuid4().hex}"
        self._connection = connection
        self._waiting: defaultdict[str, set[asyncio.Future[None]]] = defaultdict(set)

    def expect(self, upload_id: str) -> asyncio.Future[None]:
        """A future that is done when the report is there; expect before you submit."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = self._waiting[upload_id]
        waiting.add(future)

        def forget(_: object) -> None:
            waiting.discard(future)
            if not waiting:
                self._waiting.pop(upload_id, None)

        future.add_done_callback(forget)
        return future

    async def listen(self) -> None:
        """Read replies until cancelled; outlasts the queue's absence."""
        task = asyncio.current_task()
        # redis-py can swallow the cancellation while it takes a connection.
        while task is None or not task.cancelling():
            try:
                found = await self._connection.blpop([self.name], READ_S)
            except redis.RedisError as error:
                log.warning("queue away", extra={"error": type(error).__name__})
                await asyncio.sleep(PAUSE_S)
                continue
            except Exception:
                # Without a listener every upload would wait its whole time.
                log.exception("listener failed")
                await asyncio.sleep(PAUSE_S)
                continue
            if found is not None:
                for future in list(self._waiting.get(found[1].decode(), ())):
                    with contextlib.suppress(asyncio.InvalidStateError):
                        future.set_result(None)
