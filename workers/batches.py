"""Batches: lists of pictures that workers read from configured roots, and their results.

Kept in Redis for ``Settings.batch_ttl_s``:

* ``photo:batch:ID``: kind, profile, language, when it was started, how far it is;
* ``photo:batch:ID:items``: what is still to be judged, with the names and numbers to compare;
  each goes when its picture is finished;
* what became of the others: see `workers.results`;
* ``photo:batches``: ids of the batches that are not finished;
* ``photo:batches:known``: ids of all, by when they were started.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from uuid import uuid4

from redis import WatchError
from rq.job import Job

from photo_service.context import Context
from photo_service.errors import PhotoServiceError, UsageError
from photo_service.profile import Profile, parse
from photo_service.rows import UNREADABLE
from photo_service.settings import Settings
from workers import broker
from workers.desk import job_options, order
from workers.lists import Folder, Item
from workers.logs import request_id
from workers.places import Places, extensions
from workers.results import KNOWN, OPEN, Results, batch_key

# Jobs put into the queue in one go.
CHUNK = 500
# The most pictures of one batch.
MOST_ITEMS = 100_000
# The most batches of one list.
MOST_LISTED = 200
_DECISIONS = ("accepted", "rejected", "review", UNREADABLE)


class BatchRunningError(PhotoServiceError):
    """A batch must have ended first."""

    http_status = 409


class UnknownError(PhotoServiceError):
    """There is no such batch or picture (any more)."""

    http_status = 404


@dataclass(frozen=True, slots=True)
class About:
    """What all pictures of a batch share."""

    rules: dict[str, list[str]] = field(repr=False)
    language: str
    request_id: str

    def profile_of(self, item: Item) -> Profile:
        """The rules of one picture."""
        name, source = self.rules[_asked(item)]
        return parse(source.encode(), name)


class Batches:
    """All batches of one queue. May be shared between threads."""

    def __init__(self, connection: broker.Connection, settings: Settings) -> None:
        self.connection = connection
        self._settings = settings
        self._queue = broker.queue(broker.BATCH, connection)
        self.places = Places(settings)
        self.results = Results(connection, settings.batch_ttl_s)

    # --- taking and telling --------------------------------------------------------------------

    def create(
        self,
        items: Sequence[Item],
        profile: Profile,
        others: Mapping[tuple[str, str], Profile],
        language: str,
        origin: str = "",
    ) -> dict[str, Any]:
        """Keep a list, and the rules as they are now, and order its first job.

        Args:
            items: the pictures.
            profile: the batch's rules.
            others: the rules of each (kind, profile) that items name.
            language: of the reports.
            origin: the batch whose pictures are judged again.

        Raises:
            UsageError: ``batch-empty``, ``batch-too-large``; a path lies outside the roots.
        """
        if not items:
            raise UsageError("batch-empty")
        if len(items) > MOST_ITEMS:
            raise UsageError("batch-too-large", count=len(items), most=MOST_ITEMS)
        for item in items:
            for place in (item.path, item.reference):
                if place:
                    self.places.locate(place)
        named = {_asked(Item("", *pair)): each for pair, each in others.items()}
        rules = {n: [p.name, p.source] for n, p in {"|": profile, **named}.items()}
        batch_id = uuid4().hex
        key, ttl = batch_key(batch_id), self._settings.batch_ttl_s
        about = {
            "kind": profile.kind,
            "profile": profile.name,
            "rules": json.dumps(rules),
            "language": language,
            "request_id": request_id.get(),
            "total": len(items),
            "done": 0,
            "state": "running",
            "started": datetime.now(UTC).isoformat(timespec="seconds"),
            "origin": origin,
        }
        numbered = {n: json.dumps(asdict(item)) for n, item in enumerate(items)}
        with self.connection.pipeline() as pipeline:
            pipeline.hset(key, mapping=about)
            pipeline.hset(f"{key}:items", mapping=numbered)
            pipeline.expire(key, ttl)
            pipeline.expire(f"{key}:items", ttl)
            pipeline.sadd(OPEN, batch_id)
            pipeline.zadd(KNOWN, {batch_id: time.time()})
            pipeline.expire(KNOWN, ttl)
            pipeline.execute()
        order(self._queue, "order_batch", (batch_id,), batch_id, self._settings)
        found = self.progress(batch_id)
        assert found is not None
        return found

    def progress(self, batch_id: str) -> dict[str, Any] | None:
        """State and counts; ``None`` for a batch that is not known (any more)."""
        names = ("state", "kind", "profile", "total", "done", "started", "origin")
        stored = self.connection.hmget(batch_key(batch_id), names)
        if stored[0] is None:
            return None
        told = {n: value.decode() for n, value in zip(names, stored, strict=True)}
        marks = self.results.marks(batch_id)
        codes = {
            mark.removeprefix("code/"): count
            for mark, count in sorted(marks.items(), key=lambda pair: (-pair[1], pair[0]))
            if mark.startswith("code/")
        }
        return {
            "id": batch_id,
            **told,
            "total": int(told["total"]),
            "done": int(told["done"]),
            "counts": {name: marks.get(f"decision/{name}", 0) for name in _DECISIONS},
            "codes": codes,
            "overruled": marks.get("overruled", 0),
        }

    def known(self, batch_id: str) -> dict[str, Any]:
        """State and counts.

        Raises:
            UnknownError: ``batch-unknown``.
        """
        progress = self.progress(batch_id)
        if progress is None:
            raise UnknownError("batch-unknown")
        return progress

    def row(self, batch_id: str, number: int) -> dict[str, Any]:
        """The row of a picture that is judged.

        Raises:
            UnknownError: ``batch-unknown``, ``item-unknown``.
        """
        row = self.results.row(batch_id, number)
        if row is None:
            self.known(batch_id)
            raise UnknownError("item-unknown")
        return row

    def judged_by(self, batch_id: str, row: Mapping[str, Any]) -> tuple[Profile, str]:
        """The rules that a row's report was made by, and its language.

        Raises:
            UnknownError: ``batch-unknown``; ``report-none`` for a picture that was not read.
        """
        if "report" not in row:
            raise UnknownError("report-none")
        rules, language = self.connection.hmget(batch_key(batch_id), "rules", "language")
        for name, source in json.loads(rules or b"{}").values():
            profile = parse(source.encode(), name)
            if profile.sha256 == row["report"]["profile"]["sha256"]:
                return profile, language.decode()
        raise UnknownError("batch-unknown")

    def overrule(
        self, batch_id: str, number: int, decision: str, reason: str, by: str
    ) -> dict[str, Any]:
        """Keep what a person decided of a picture; see `Results.overrule`.

        Returns:
            The row as it is then.

        Raises:
            UnknownError: ``batch-unknown``, ``item-unknown``.
        """
        self.results.overrule(batch_id, number, decision, reason, by)
        return self.row(batch_id, number)

    def all(self) -> list[dict[str, Any]]:
        """Progress of the batches that are known, newest first, at most `MOST_LISTED`."""
        found = []
        for member in self.connection.zrevrange(KNOWN, 0, MOST_LISTED - 1):
            progress = self.progress(member.decode())
            if progress is None:
                self.connection.zrem(KNOWN, member)
            else:
                found.append(progress)
        return found

    def cancel(self, batch_id: str) -> dict[str, Any] | None:
        """Stop a batch: what has not begun will not begin; results so far stay."""
        if not self._about(batch_id):
            return None
        key = batch_key(batch_id)
        with self.connection.pipeline() as pipeline:
            try:
                pipeline.watch(key)
                running = pipeline.hget(key, "state") == b"running"
                pipeline.multi()
                if running:
                    pipeline.hset(key, "state", "cancelled")
                    pipeline.srem(OPEN, batch_id)
                pipeline.execute()
            except WatchError:
                return self.cancel(batch_id)
        numbers = [n.decode() for n in self.connection.hkeys(f"{key}:items")]
        with self.connection.pipeline(transaction=False) as pipeline:
            # A queued id without its job is passed over by whoever takes it.
            for number in numbers:
                pipeline.delete(Job.key_for(_job_id(batch_id, number)))
            pipeline.delete(f"{key}:items")
            pipeline.execute()
        return self.progress(batch_id)

    def below(self, folder: Folder, profile: Profile) -> list[Item]:
        """All files below a folder that a profile can judge; see `Places.below`.

        Raises:
            UsageError: ``folder-empty``, ``folder-too-large``, or there is no such folder.
            FileUnreadableError: it cannot be listed.
        """
        endings = extensions(profile)
        found = list(islice(self.places.below(folder.root, folder.folder, endings), MOST_ITEMS + 1))
        if not found:
            raise UsageError("folder-empty", endings=" ".join(endings))
        if len(found) > MOST_ITEMS:
            raise UsageError("folder-too-large", most=MOST_ITEMS)
        return [Item(path) for path in found]

    def paths(self, batch_id: str) -> list[Item]:
        """The judged pictures as they can be judged again.

        Names, numbers, types and references to compare with went with each picture's job; rules
        that a picture had of its own are left behind.

        Raises:
            UnknownError: ``batch-unknown``.
            BatchRunningError: not all are judged yet.
        """
        progress = self.known(batch_id)
        if progress["state"] == "running":
            raise BatchRunningError("batch-running")
        shorts = sorted(self.results.shorts(batch_id), key=lambda short: int(short["number"]))
        return [
            Item(
                path=short["path"],
                kind="" if short["kind"] == progress["kind"] else short["kind"],
                id=short["id"],
            )
            for short in shorts
        ]

    # --- for workers ---------------------------------------------------------------------------

    def open_item(self, batch_id: str, number: int) -> tuple[About | None, Item | None]:
        """A picture that is still to be judged; nothing if it is done or the batch is cancelled."""
        stored = self._about(batch_id)
        text = self.connection.hget(f"{batch_key(batch_id)}:items", str(number))
        if not stored or text is None or stored["state"] != "running":
            return None, None
        about = About(
            rules=json.loads(stored["rules"]),
            language=stored["language"],
            request_id=stored["request_id"],
        )
        return about, Item(**json.loads(text))

    def read(self, item: Item) -> tuple[bytes, Context]:
        """A picture's bytes and what is known of it.

        Raises:
            UsageError: the place lies outside the roots.
            FileUnreadableError: it cannot be read, or is too large.
        """
        return self.places.read(item.path), Context(
            expect_name=item.name,
            expect_number=item.number,
            expect_type=item.type,
            reference=self.places.read(item.reference) if item.reference else None,
        )

    def finish(self, batch_id: str, number: int, item: Item, row: dict[str, Any]) -> None:
        """Add a picture's row, once."""
        kind = row["report"]["kind"] if "report" in row else item.kind
        if not kind:
            kind = (self.connection.hget(batch_key(batch_id), "kind") or b"").decode()
        about = {"path": item.path, "id": item.id, "kind": kind}
        self.results.add(batch_id, number, {**about, **row})

    def order_items(self, batch_id: str) -> None:
        """Put every picture into the queue that is to be judged and is not there."""
        numbers = sorted(int(n) for n in self.connection.hkeys(f"{batch_key(batch_id)}:items"))
        for start in range(0, len(numbers), CHUNK):
            chunk = numbers[start : start + CHUNK]
            with self.connection.pipeline(transaction=False) as pipeline:
                for number in chunk:
                    pipeline.exists(Job.key_for(_job_id(batch_id, number)))
                known = pipeline.execute()
            missing = [number for number, there in zip(chunk, known, strict=True) if not there]
            if missing:
                self._queue.enqueue_many(self._jobs(batch_id, missing))

    def mend(self) -> None:
        """Order again what a batch lacks although nothing of it waits or runs."""
        waits = self._queue.count or self._queue.started_job_registry.get_job_count(cleanup=False)
        if waits or self.connection.llen(self._queue.intermediate_queue_key):
            return
        for member in self.connection.smembers(OPEN):
            batch_id = member.decode()
            if self._about(batch_id):
                self.order_items(batch_id)
            else:
                self.connection.srem(OPEN, batch_id)

    def _jobs(self, batch_id: str, numbers: Iterable[int]) -> list[Any]:
        options = job_options(self._settings)
        return [
            broker.PhotoQueue.prepare_data(
                "workers.jobs.verify_item",
                (batch_id, number),
                job_id=_job_id(batch_id, number),
                **options,
            )
            for number in numbers
        ]

    def _about(self, batch_id: str) -> dict[str, str]:
        stored = self.connection.hgetall(batch_key(batch_id))
        return {name.decode(): value.decode() for name, value in stored.items()}


def _asked(item: Item) -> str:
    return f"{item.kind}|{item.profile}"


def _job_id(batch_id: str, number: int | str) -> str:
    return f"{batch_id}-{number}"
