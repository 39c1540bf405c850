"""API keys: who may do what, and how often.

The file holds one JSON object a line: name, role and the key's sha256. A key is 256 random bits,
so that a plain hash tells nothing about it.
"""

from __future__ import annotations

import fcntl
import hmac
import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

from photo_service.errors import PhotoServiceError, UsageError
from workers import broker

PREFIX = "ps_"


class KeysError(PhotoServiceError):
    """The file of keys cannot be used: the operator's to mend."""

    http_status = 503


class Role(StrEnum):
    """What a key is for."""

    PORTAL = "portal"
    STAFF = "staff"
    METRICS = "metrics"


@dataclass(frozen=True, slots=True)
class Key:
    """A known key, without the key."""

    name: str
    role: Role
    sha256: str


class KeyRing:
    """The keys of a file, read again when it changes.

    Args:
        file: where they are; ``None`` for a service that asks for none.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._read_at = -1
        self._keys: tuple[Key, ...] = ()

    @property
    def asks(self) -> bool:
        """Whether a key is asked for."""
        return self._file is not None

    def keys(self) -> tuple[Key, ...]:
        """All keys.

        Raises:
            UsageError: ``keys-unreadable``.
        """
        if self._file is None:
            return ()
        try:
            changed = self._file.stat().st_mtime_ns
            if changed != self._read_at:
                rows = (json.loads(line) for line in self._file.read_text("utf-8").splitlines())
                self._keys = tuple(_key(row) for row in rows)
                self._read_at = changed
        except FileNotFoundError:
            self._keys, self._read_at = (), -1
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise KeysError("keys-unreadable", file=self._file) from error
        return self._keys

    def find(self, secret: str) -> Key | None:
        """The key that this is, if it is one."""
        digest = sha256(secret.encode()).hexdigest()
        found = None
        for key in self.keys():
            if hmac.compare_digest(key.sha256, digest):
                found = key
        return found

    def add(self, name: str, role: Role) -> str:
        """Make a key and keep its hash; the key itself is only here, now.

        Raises:
            UsageError: ``key-name-taken``.
            KeysError: ``keys-unreadable``.
        """
        with self._rewriting() as keys:
            if any(key.name == name for key in keys):
                raise UsageError("key-name-taken", name=name)
            secret = PREFIX + secrets.token_urlsafe(32)
            keys.append(Key(name, role, sha256(secret.encode()).hexdigest()))
        return secret

    def remove(self, name: str) -> None:
        """Make a key worthless.

        Raises:
            UsageError: ``key-unknown``.
        """
        with self._rewriting() as keys:
            left = [key for key in keys if key.name != name]
            if len(left) == len(keys):
                raise UsageError("key-unknown", name=name)
            keys[:] = left

    @contextmanager
    def _rewriting(self) -> Iterator[list[Key]]:
        assert self._file is not None
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            keys = list(self.keys())
            yield keys
            new = self._file.with_suffix(".new")
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as f:
                f.writelines(json.dumps(asdict(key)) + "\n" for key in keys)
                f.flush()
                os.fsync(f.fileno())
            if self._file.exists():
                # The service's own user must still be able to read it.
                owner = self._file.stat()
                if (owner.st_uid, owner.st_gid) != (os.geteuid(), os.getegid()):
                    os.chown(new, owner.st_uid, owner.st_gid)
            new.replace(self._file)


def _key(row: dict[str, str]) -> Key:
    bytes.fromhex(row["sha256"])
    return Key(str(row["name"]), Role(row["role"]), row["sha256"])


def within_rate(connection: broker.Connection, name: str, limit: int) -> int:
    """Count a request against a key's minute.

    Returns:
        0 if it is within the limit, else the seconds until the next minute.
    """
    now = time.time()
    key = f"photo:rate:{name}:{int(now // 60)}"
    with connection.pipeline(transaction=False) as pipeline:
        pipeline.incr(key)
        pipeline.expire(key, 120)
        count = pipeline.execute()[0]
    return 0 if count <= limit else 60 - int(now % 60)
