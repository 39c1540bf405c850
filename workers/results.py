"""What became of a batch's pictures: rows as workers make them, and what people say to them.

Kept in Redis as long as the batch:

* ``photo:batch:ID:rows``: number → deflated row;
* ``photo:batch:ID:order``: a stream of the rows' short forms, in the order in which they came;
* ``photo:batch:ID:overrules``: number → a person's decision;
* ``photo:batch:ID:marks``: mark → pictures that bear it. Marks are ``judged``, ``overruled``,
  ``decision/…`` and ``code/…``, for each code that stopped a picture;
* ``photo:batch:ID:is:MARK``: the numbers that bear it, one bit each: a page of the rejected ones
  of 100,000 is found without unpacking any other.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from photo_service.rows import codes_of, decision_of, stops_of
from workers import broker
from workers.desk import pack, unpack

OPEN, KNOWN = "photo:batches", "photo:batches:known"
# Marks in the stream of short forms: before all, and after all there are.
FIRST, LATEST = "0", "$"
# Rows fetched in one go.
CHUNK = 200
# Short forms fetched in one go.
SHORT_CHUNK = 5000

_ADD = """
local batch, number, ttl = KEYS[1], ARGV[1], ARGV[5]
if redis.call('EXISTS', batch) == 0 or redis.call('SETBIT', batch .. ':is:judged', number, 1) == 1
then
    return
end
redis.call('HSET', batch .. ':rows', number, ARGV[2])
redis.call('XADD', batch .. ':order', '*', 'row', ARGV[3])
redis.call('HDEL', batch .. ':items', number)
redis.call('HINCRBY', batch .. ':marks', 'judged', 1)
for i = 6, #ARGV do
    redis.call('SETBIT', batch .. ':is:' .. ARGV[i], number, 1)
    redis.call('HINCRBY', batch .. ':marks', ARGV[i], 1)
end
local done = redis.call('HINCRBY', batch, 'done', 1)
if done >= tonumber(redis.call('HGET', batch, 'total')) then
    if redis.call('HGET', batch, 'state') == 'running' then
        redis.call('HSET', batch, 'state', 'finished')
    end
    redis.call('SREM', KEYS[2], ARGV[4])
end
for _, part in ipairs({'', ':items', ':rows', ':order', ':marks', ':overrules'}) do
    redis.call('EXPIRE', batch .. part, ttl)
end
for _, mark in ipairs(redis.call('HKEYS', batch .. ':marks')) do
    redis.call('EXPIRE', batch .. ':is:' .. mark, ttl)
end
redis.call('EXPIRE', KEYS[3], ttl)
"""

_OVERRULE = """
local batch, number = KEYS[1], ARGV[1]
if redis.call('HEXISTS', batch .. ':rows', number) == 0 then
    return
end
local is = ARGV[2] == '' and 0 or 1
if is == 1 then
    redis.call('HSET', batch .. ':overrules', number, ARGV[2])
else
    redis.call('HDEL', batch .. ':overrules', number)
end
local was = redis.call('SETBIT', batch .. ':is:overruled', number, is)
redis.call('HINCRBY', batch .. ':marks', 'overruled', is - was)
local left = redis.call('PTTL', batch)
for _, part in ipairs({':overrules', ':is:overruled'}) do
    redis.call('PEXPIRE', batch .. part, left)
end
"""


class Results:
    """Rows of all batches. May be shared between threads.

    Args:
        connection: to Redis or Valkey.
        ttl_s: how long a batch is kept after its last row.
    """

    def __init__(self, connection: broker.Connection, ttl_s: int) -> None:
        self._connection = connection
        self._ttl_s = ttl_s

    def add(self, batch_id: str, number: int, row: Mapping[str, Any]) -> None:
        """Add the row of a batch's picture and count it, once; the last one ends the batch."""
        whole = {"number": number, **row}
        short = short_of(whole)
        self._connection.eval(
            _ADD,
            3,
            batch_key(batch_id),
            OPEN,
            KNOWN,
            str(number),
            pack(whole),
            json.dumps(short, ensure_ascii=False),
            batch_id,
            str(self._ttl_s),
            f"decision/{short['decision']}",
            *(f"code/{code}" for code in short["codes"]),
        )

    # --- reading -------------------------------------------------------------------------------

    def marks(self, batch_id: str) -> dict[str, int]:
        """How many pictures bear each mark."""
        stored = self._connection.hgetall(f"{batch_key(batch_id)}:marks")
        return {name.decode(): int(count) for name, count in stored.items()}

    def numbers(self, batch_id: str, marks: Sequence[str]) -> list[int]:
        """Numbers of the judged pictures that bear all of some marks, in order."""
        with self._connection.pipeline(transaction=False) as pipeline:
            for mark in ("judged", *marks):
                pipeline.get(f"{batch_key(batch_id)}:is:{mark}")
            bitmaps = pipeline.execute()
        left = zip(*(bitmap or b"" for bitmap in bitmaps), strict=False)
        return [
            8 * place + bit
            for place, octets in enumerate(left)
            if (octet := _all(octets))
            for bit in range(8)
            if octet & (0x80 >> bit)
        ]

    def rows(self, batch_id: str, numbers: Sequence[int] | None = None) -> Iterator[dict[str, Any]]:
        """Rows of some pictures that are judged, or of all in order, a person's word with each."""
        if numbers is None:
            numbers = self.numbers(batch_id, ())
        key = batch_key(batch_id)
        for start in range(0, len(numbers), CHUNK):
            chunk = [str(number) for number in numbers[start : start + CHUNK]]
            with self._connection.pipeline(transaction=False) as pipeline:
                pipeline.hmget(f"{key}:rows", chunk)
                pipeline.hmget(f"{key}:overrules", chunk)
                for packed, overrule in zip(*pipeline.execute(), strict=True):
                    if packed is not None:
                        row = unpack(packed)
                        yield row if overrule is None else {**row, "overrule": json.loads(overrule)}

    def row(self, batch_id: str, number: int) -> dict[str, Any] | None:
        """The row of one picture; ``None`` when there is none (yet, or any more)."""
        return next(self.rows(batch_id, [number]), None)

    def page(self, batch_id: str, marks: Sequence[str], offset: int, limit: int) -> dict[str, Any]:
        """Short forms of rows that bear all of some marks, in order, and how many there are."""
        numbers = self.numbers(batch_id, marks)
        rows = self.rows(batch_id, numbers[offset : offset + limit])
        return {
            "total": len(numbers),
            "offset": offset,
            "items": [short_of(row) for row in rows],
        }

    def shorts(self, batch_id: str) -> Iterator[dict[str, Any]]:
        """Short forms of all rows, in the order in which they came, without people's words."""
        last = "-"
        while True:
            entries = self._connection.xrange(order_key(batch_id), last, "+", SHORT_CHUNK)
            for _, fields in entries:
                yield json.loads(fields[b"row"])
            if len(entries) < SHORT_CHUNK:
                return
            last = f"({entries[-1][0].decode()}"

    # --- people's words ------------------------------------------------------------------------

    def overrules(self, batch_id: str) -> dict[int, dict[str, str]]:
        """What people decided, by number of the picture."""
        stored = self._connection.hgetall(f"{batch_key(batch_id)}:overrules")
        return {int(number): json.loads(text) for number, text in stored.items()}

    def overrule(self, batch_id: str, number: int, decision: str, reason: str, by: str) -> None:
        """Keep what a person decided of a picture that is judged; the last word counts.

        Args:
            batch_id: the batch.
            number: of the picture in it.
            decision: ``accept`` or ``reject``; ``""`` takes back what was decided.
            reason: in the person's words.
            by: name of the key that was used.
        """
        word = {
            "decision": decision,
            "reason": reason,
            "by": by,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        text = json.dumps(word, ensure_ascii=False) if decision else ""
        self._connection.eval(_OVERRULE, 1, batch_key(batch_id), str(number), text)


def short_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """The form of a row that lists show: ``reason`` is the gravest one's sentence."""
    overrule = {"overrule": row["overrule"]} if "overrule" in row else {}
    return {
        **{name: row[name] for name in ("number", "path", "id", "kind")},
        "decision": decision_of(row),
        "codes": list(dict.fromkeys(codes_of(row))),
        "reason": next((str(stop["message"]) for stop in stops_of(row)), ""),
        **overrule,
    }


def batch_key(batch_id: str) -> str:
    """Of what all pictures of a batch share; its parts' keys begin with it."""
    return f"photo:batch:{batch_id}"


def order_key(batch_id: str) -> str:
    """Of the stream of short forms; each entry's ``row`` is JSON."""
    return f"{batch_key(batch_id)}:order"


def _all(octets: tuple[int, ...]) -> int:
    found = 0xFF
    for octet in octets:
        found &= octet
    return found
