"""Batches: lists of pictures that workers read from configured roots, and their results.

Kept in Redis for ``Settings.batch_ttl_s``:

* ``photo:batch:ID``: kind, profile, language, totals and counts;
* ``photo:batch:ID:items``: what is still to be judged, with the names and numbers to compare;
  each goes when its picture is finished;
* ``photo:batch:ID:done``: numbers of the finished pictures: none is counted twice;
* ``photo:batch:ID:results``: a stream with one deflated row for each;
* ``photo:batches``: ids of the batches that are not finished.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import fsspec
from redis import WatchError
from rq.job import Job

from photo_service.context import Context
from photo_service.errors import FileUnreadableError, UsageError
from photo_service.profile import Profile, parse
from photo_service.rows import UNREADABLE, decision_of
from photo_service.settings import Settings
from workers import broker
from workers.desk import job_options, order, pack, unpack
from workers.logs import request_id

OPEN = "photo:batches"
# Jobs put into the queue in one go.
CHUNK = 500
# The most pictures of one batch.
MOST_ITEMS = 100_000
_COLUMNS = ("path", "kind", "profile", "reference", "name", "number", "type", "id")
_DECISIONS = ("accepted", "rejected", "review", UNREADABLE)

_FINISH = """
local batch = KEYS[1]
if redis.call('EXISTS', batch) == 0 or redis.call('SADD', batch .. ':done', ARGV[1]) == 0 then
    return 0
end
redis.call('XADD', batch .. ':results', '*', 'row', ARGV[2])
redis.call('HDEL', batch .. ':items', ARGV[1])
redis.call('HINCRBY', batch, ARGV[3], 1)
local done = redis.call('HINCRBY', batch, 'done', 1)
if done >= tonumber(redis.call('HGET', batch, 'total')) then
    if redis.call('HGET', batch, 'state') == 'running' then
        redis.call('HSET', batch, 'state', 'finished')
    end
    redis.call('SREM', KEYS[2], ARGV[4])
end
for _, part in ipairs({'', ':done', ':results', ':items'}) do
    redis.call('EXPIRE', batch .. part, ARGV[5])
end
return 1
"""


@dataclass(frozen=True, slots=True)
class Item:
    """One picture of a batch: where it is and what is known of it.

    Attributes:
        path: below one of the roots, or a URL that begins with one.
        kind, profile: the batch's own when empty.
        reference: where a photo of the same person already on file is.
        name, number, type: what the candidate entered.
        id: the caller's own mark, returned with the result.
    """

    path: str
    kind: str = ""
    profile: str = ""
    reference: str = ""
    name: str = field(default="", repr=False)
    number: str = field(default="", repr=False)
    type: str = ""
    id: str = ""


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


def read_manifest(text: str) -> list[Item]:
    """A CSV manifest with a heading; ``path`` must be there, the other columns of `Item` may.

    Raises:
        UsageError: a column is unknown or ``path`` is missing; names the row.
    """
    lines = io.StringIO(text.removeprefix("\ufeff"), newline=None)
    rows = csv.DictReader(lines, skipinitialspace=True)
    try:
        return _read_rows(rows)
    except csv.Error as error:
        raise UsageError("manifest-row", row=rows.line_num + 1) from error


def _read_rows(rows: csv.DictReader[str]) -> list[Item]:
    columns = [str(name).strip().lower() for name in rows.fieldnames or ()]
    unknown = [name for name in columns if name not in _COLUMNS]
    if unknown or "path" not in columns:
        raise UsageError(
            "manifest-columns", columns=", ".join(unknown) or "–", known=", ".join(_COLUMNS)
        )
    rows.fieldnames = columns
    items = []
    for row in rows:
        if None in row:
            raise UsageError("manifest-row", row=rows.line_num)
        values = {name: (value or "").strip() for name, value in row.items()}
        if any(values.values()):
            items.append(item_of(values, rows.line_num))
    return items


def item_of(values: dict[str, Any], row: int) -> Item:
    """One item from a table row or a JSON object.

    Raises:
        UsageError: ``path`` is empty, or a value is no text.
    """
    odd = [n for n, value in values.items() if n not in _COLUMNS or not isinstance(value, str)]
    if odd:
        raise UsageError(
            "manifest-columns", columns=", ".join(sorted(odd)), known=", ".join(_COLUMNS)
        )
    if not values.get("path"):
        raise UsageError("manifest-row", row=row)
    return Item(**values)


class Batches:
    """All batches of one queue. May be shared between threads."""

    def __init__(self, connection: broker.Connection, settings: Settings) -> None:
        self.connection = connection
        self._settings = settings
        self._queue = broker.queue(broker.BATCH, connection)

    # --- taking and telling --------------------------------------------------------------------

    def create(
        self,
        items: Sequence[Item],
        profile: Profile,
        others: Mapping[tuple[str, str], Profile],
        language: str,
    ) -> dict[str, Any]:
        """Keep a list, and the rules as they are now, and order its first job.

        Args:
            items: the pictures.
            profile: the batch's rules.
            others: the rules of each (kind, profile) that items name.
            language: of the reports.

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
                    self.locate(place)
        named = {_asked(Item("", *pair)): each for pair, each in others.items()}
        rules = {n: [p.name, p.source] for n, p in {"|": profile, **named}.items()}
        batch_id = uuid4().hex
        key, ttl = _key(batch_id), self._settings.batch_ttl_s
        about = {
            "kind": profile.kind,
            "profile": profile.name,
            "rules": json.dumps(rules),
            "language": language,
            "request_id": request_id.get(),
            "total": len(items),
            "done": 0,
            "state": "running",
        }
        numbered = {n: json.dumps(asdict(item)) for n, item in enumerate(items)}
        with self.connection.pipeline() as pipeline:
            pipeline.hset(key, mapping=about)
            pipeline.hset(f"{key}:items", mapping=numbered)
            pipeline.expire(key, ttl)
            pipeline.expire(f"{key}:items", ttl)
            pipeline.sadd(OPEN, batch_id)
            pipeline.execute()
        order(self._queue, "order_batch", (batch_id,), batch_id, self._settings)
        found = self.progress(batch_id)
        assert found is not None
        return found

    def progress(self, batch_id: str) -> dict[str, Any] | None:
        """State and counts; ``None`` for a batch that is not known (any more)."""
        stored = self._about(batch_id)
        if not stored:
            return None
        return {
            "id": batch_id,
            "state": stored["state"],
            "kind": stored["kind"],
            "profile": stored["profile"],
            "total": int(stored["total"]),
            "done": int(stored["done"]),
            "counts": {name: int(stored.get(name, 0)) for name in _DECISIONS},
        }

    def cancel(self, batch_id: str) -> dict[str, Any] | None:
        """Stop a batch: what has not begun will not begin; results so far stay."""
        if not self._about(batch_id):
            return None
        key = _key(batch_id)
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

    def rows(self, batch_id: str) -> Iterator[dict[str, Any]]:
        """Result rows so far, in the order in which they came."""
        for _, fields in self.connection.xrange(results_key(batch_id)):
            yield unpack(fields[b"row"])

    # --- for workers ---------------------------------------------------------------------------

    def open_item(self, batch_id: str, number: int) -> tuple[About | None, Item | None]:
        """A picture that is still to be judged; nothing if it is done or the batch is cancelled."""
        stored = self._about(batch_id)
        text = self.connection.hget(f"{_key(batch_id)}:items", str(number))
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
        return self._bytes(item.path), Context(
            expect_name=item.name,
            expect_number=item.number,
            expect_type=item.type,
            reference=self._bytes(item.reference) if item.reference else None,
        )

    def finish(self, batch_id: str, number: int, item: Item, row: dict[str, Any]) -> None:
        """Add a picture's row, once."""
        whole = {"number": number, "path": item.path, "id": item.id, **row}
        self.connection.eval(
            _FINISH,
            2,
            _key(batch_id),
            OPEN,
            str(number),
            pack(whole),
            decision_of(row),
            batch_id,
            str(self._settings.batch_ttl_s),
        )

    def order_items(self, batch_id: str) -> None:
        """Put every picture into the queue that is to be judged and is not there."""
        numbers = sorted(int(n) for n in self.connection.hkeys(f"{_key(batch_id)}:items"))
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

    # --- places --------------------------------------------------------------------------------

    def locate(self, place: str) -> str:
        """A place below one of the roots, as a full path or URL.

        Raises:
            UsageError: ``path-outside``: it is not below any root.
        """
        for root in self._settings.roots:
            found = _below_url(place, root) if "://" in root else _below_folder(place, root)
            if found is not None:
                return found
        raise UsageError("path-outside")

    def _bytes(self, place: str) -> bytes:
        full, most = self.locate(place), self._settings.max_file_bytes
        try:
            with fsspec.open(full, "rb") as stream:
                data: bytes = stream.read(most + 1)
        except FileNotFoundError as error:
            raise FileUnreadableError("path-missing", file=place) from error
        except PermissionError as error:
            raise FileUnreadableError("path-forbidden", file=place) from error
        except IsADirectoryError as error:
            raise FileUnreadableError("path-directory", file=place) from error
        except Exception as error:
            why = getattr(error, "strerror", None) or type(error).__name__
            raise FileUnreadableError("path-unreadable", file=place, why=why) from error
        if len(data) > most:
            raise FileUnreadableError("path-huge", file=place, limit=most >> 20)
        return data

    def _about(self, batch_id: str) -> dict[str, str]:
        stored = self.connection.hgetall(_key(batch_id))
        return {name.decode(): value.decode() for name, value in stored.items()}


def _asked(item: Item) -> str:
    return f"{item.kind}|{item.profile}"


def _key(batch_id: str) -> str:
    return f"photo:batch:{batch_id}"


def results_key(batch_id: str) -> str:
    """Of the stream of a batch's results; each entry's ``row`` is for `unpack`."""
    return f"{_key(batch_id)}:results"


def _job_id(batch_id: str, number: int | str) -> str:
    return f"{batch_id}-{number}"


def _below_url(place: str, root: str) -> str | None:
    start = root.rstrip("/") + "/"
    # No ``..``, no second protocol chained on.
    plain = ".." not in place and "::" not in place
    return place if plain and place.startswith(start) else None


def _below_folder(place: str, root: str) -> str | None:
    if "://" in place:
        return None
    folder = Path(root).resolve()
    try:
        full = (folder / place).resolve()
    except (OSError, RuntimeError, ValueError):
        return None
    return str(full) if full.is_relative_to(folder) else None
