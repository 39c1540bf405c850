"""The desk: takes an upload, finds or orders its report, and keeps both for a while.

What is kept in Redis, and for how long (docs/privacy.md says the same for people):

* ``photo:upload:ID``: the picture, its reference photo and what the caller expects, until the job
  ends, at most `UPLOAD_TTL_S`;
* ``photo:report:ID``: the report, deflated, for ``Settings.result_ttl_s``; `BRIEF_TTL_S` when it
  holds pictures;
* ``photo:waiting:ID``: the reply lists of those who wait, at most `UPLOAD_TTL_S`;
* ``photo:replies:NAME``: ids of finished uploads, one list for each waiting process.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Any

from rq import Callback, Retry
from rq.exceptions import DuplicateJobError
from rq.job import Job

from photo_service.context import Context, Fields
from photo_service.errors import PhotoServiceError
from photo_service.profile import Profile
from photo_service.settings import Settings
from photo_service.version import __version__
from workers import broker, tracing

# A picture whose job has not ended by then is forgotten.
UPLOAD_TTL_S = 900
REPLY_TTL_S = 120
# RQ's own record of a job that failed; its default is a year.
FAILURE_TTL_S = 60
# The first failure may be the machine's; the second is the picture's.
RETRIES = 1
# A report that our own failure made, or that holds pictures, is not remembered longer.
BRIEF_TTL_S = 60

_FINISH = """
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
redis.call('DEL', KEYS[2])
for _, replies in ipairs(redis.call('SMEMBERS', KEYS[3])) do
    redis.call('RPUSH', replies, ARGV[3])
    redis.call('EXPIRE', replies, ARGV[4])
end
redis.call('DEL', KEYS[3])
"""


# Name and length of each of several files that are judged together.
Together = tuple[tuple[str, int], ...]


class BusyError(PhotoServiceError):
    """More is waiting than can be answered in time."""

    http_status = 503


@dataclass(frozen=True)
class Upload:
    """One picture to judge, one archive of pictures, or several files together.

    Several files are one upload and one job, as they have one verdict: they wait, are judged,
    fail and are remembered as one.

    Attributes:
        data: the file's bytes; those of several one after the other.
        profile: the rules to judge it by; they travel with it.
        language: of the report's sentences.
        name: what the report calls the picture.
        context: what the caller knows besides it.
        request_id: follows the upload through the logs.
        together: name and length of each of several files in ``data``.
    """

    data: bytes = field(repr=False)
    profile: Profile
    language: str = "zh"
    name: str = ""
    context: Context = field(default_factory=Context)
    request_id: str = ""
    together: Together = ()

    @cached_property
    def id(self) -> str:
        """The same for the same picture under the same rules, expectations and program.

        Of several files their names count too: sentences about the whole tell them.
        """
        parts = (
            sha256(self.data).hexdigest(),
            self.profile.sha256,
            self.profile.name,
            __version__,
            self.language,
            self.context.digest,
            json.dumps(self.together),
        )
        return sha256("\n".join(parts).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a worker is told about an upload.

    Attributes:
        profile: name of the rules.
        rules: their text, so that the door and the worker cannot differ over them.
        trace: the span that it belongs to.
    """

    profile: str
    rules: str = field(repr=False)
    language: str
    name: str
    context: Context = field(repr=False)
    request_id: str
    trace: dict[str, str]
    together: Together = ()

    def to_hash(self, data: bytes) -> dict[str, bytes]:
        """The Redis hash that holds the upload."""
        about = {
            "profile": self.profile,
            "rules": self.rules,
            "language": self.language,
            "name": self.name,
            "request_id": self.request_id,
            "trace": self.trace,
            "together": self.together,
            "expect": {
                "expect_name": self.context.expect_name,
                "expect_number": self.context.expect_number,
                "expect_type": self.context.expect_type,
            },
            "fields": str(self.context.fields),
            "drawings": self.context.drawings,
            "today": self.context.today.isoformat(),
        }
        return {
            "data": data,
            "reference": self.context.reference or b"",
            "about": json.dumps(about).encode(),
        }

    @classmethod
    def from_hash(cls, stored: dict[bytes, bytes]) -> Ticket:
        """Back from `to_hash`."""
        about = json.loads(stored[b"about"])
        context = Context(
            **about.pop("expect"),
            reference=stored[b"reference"] or None,
            fields=Fields(about.pop("fields")),
            drawings=about.pop("drawings"),
            today=type(Context().today).fromisoformat(about.pop("today")),
        )
        about["together"] = tuple((name, length) for name, length in about["together"])
        return cls(context=context, **about)


class Desk:
    """Takes uploads. May be shared between threads.

    Args:
        connection: to Redis or Valkey.
        settings: how long to keep what, and how much may wait.
        queue: name of the queue that uploads go to.
    """

    def __init__(
        self, connection: broker.Connection, settings: Settings, queue: str = broker.INTERACTIVE
    ) -> None:
        self.connection = connection
        self._settings = settings
        self._queue = broker.queue(queue, connection)

    def waiting(self) -> int:
        """How many uploads no worker has taken yet."""
        return int(self.connection.llen(self._queue.key))

    def refuse_if_busy(self) -> None:
        """Turn uploads away while too many wait.

        Raises:
            BusyError: ``queue-full``.
        """
        waiting = self.waiting()
        if waiting >= self._settings.queue_limit:
            raise BusyError("queue-full", waiting=waiting)

    def submit(self, upload: Upload, replies: str = "") -> dict[str, Any] | None:
        """Find the report of an upload, or order it.

        Args:
            upload: the picture.
            replies: the list that shall receive the upload's id once the report is there.

        Returns:
            The report if there is one already.
        """
        known = self.report(upload.id)
        if known is not None:
            return known
        ticket = Ticket(
            profile=upload.profile.name,
            rules=upload.profile.source,
            language=upload.language,
            name=upload.name,
            context=upload.context,
            request_id=upload.request_id,
            trace=tracing.carrier(),
            together=upload.together,
        )
        with self.connection.pipeline() as pipeline:
            pipeline.hset(f"photo:upload:{upload.id}", mapping=ticket.to_hash(upload.data))
            pipeline.expire(f"photo:upload:{upload.id}", UPLOAD_TTL_S)
            if replies:
                pipeline.sadd(f"photo:waiting:{upload.id}", replies)
                pipeline.expire(f"photo:waiting:{upload.id}", UPLOAD_TTL_S)
            pipeline.execute()
        try:
            order(self._queue, "verify_upload", (upload.id,), upload.id, self._settings)
        except DuplicateJobError:
            # It is being judged, or was just now.
            report = self.report(upload.id)
            if report is not None:
                self.connection.delete(f"photo:upload:{upload.id}", f"photo:waiting:{upload.id}")
            return report
        return None

    def upload(self, upload_id: str) -> tuple[Ticket, bytes] | None:
        """What was uploaded, for the worker."""
        stored = self.connection.hgetall(f"photo:upload:{upload_id}")
        return (Ticket.from_hash(stored), stored[b"data"]) if b"about" in stored else None

    def finish(self, upload_id: str, report: dict[str, Any], *, keep: bool = True) -> None:
        """Keep a report, forget its picture and tell those who wait."""
        self.connection.eval(
            _FINISH,
            3,
            f"photo:report:{upload_id}",
            f"photo:upload:{upload_id}",
            f"photo:waiting:{upload_id}",
            pack(report),
            str(self._settings.result_ttl_s if keep else BRIEF_TTL_S),
            upload_id,
            str(REPLY_TTL_S),
        )

    def report(self, upload_id: str) -> dict[str, Any] | None:
        """The report of an upload, if it is kept."""
        packed = self.connection.get(f"photo:report:{upload_id}")
        return None if packed is None else unpack(packed)

    def knows(self, upload_id: str) -> bool:
        """Whether an upload is waiting or being judged."""
        return bool(self.connection.exists(f"photo:upload:{upload_id}"))

    def next_reply(self, replies: str, timeout_s: float) -> str | None:
        """The id of an upload that has its report now; ``None`` after ``timeout_s``."""
        found = self.connection.blpop([replies], timeout_s)
        return None if found is None else found[1].decode()


def parted(data: bytes, together: Together) -> list[tuple[str, bytes]]:
    """Name and bytes of each of several files that were put one after the other."""
    files, start = [], 0
    for name, length in together:
        files.append((name, data[start : start + length]))
        start += length
    return files


def order(
    queue: broker.PhotoQueue, function: str, args: tuple[Any, ...], job_id: str, settings: Settings
) -> Job:
    """Put one job into a queue.

    Raises:
        DuplicateJobError: it is there already.
    """
    return queue.enqueue_call(
        f"workers.jobs.{function}", args, job_id=job_id, unique=True, **job_options(settings)
    )


def job_options(settings: Settings) -> dict[str, Any]:
    """How long RQ tries and remembers a job."""
    return {
        "timeout": settings.job_limit_s,
        "result_ttl": 0,
        "failure_ttl": FAILURE_TTL_S,
        "retry": Retry(RETRIES),
        "on_failure": Callback("workers.jobs.set_aside"),
    }


def pack(report: dict[str, Any]) -> bytes:
    """A report as it is kept."""
    return zlib.compress(json.dumps(report, ensure_ascii=False).encode(), 1)


def unpack(packed: bytes) -> dict[str, Any]:
    """Back from `pack`."""
    report: dict[str, Any] = json.loads(zlib.decompress(packed))
    return report
