"""Two runs over the same pictures side by side, before a change of rules is published."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from photo_service.changes import Change, Move, Verdict, changes
from photo_service.render.summary import DECISIONS
from workers.batches import Batches


def compare(batches: Batches, before: str, after: str) -> Change:
    """How the verdicts of one batch moved in another, by path, kind and mark of each picture."""
    return changes(_verdicts(batches, before), _verdicts(batches, after))


def told(change: Change) -> dict[str, Any]:
    """A change in numbers: old verdict → new verdict → pictures, and codes gained and lost."""
    return {
        "matrix": {old: {new: change.matrix[old, new] for new in DECISIONS} for old in DECISIONS},
        "gained": dict(change.gained.most_common()),
        "lost": dict(change.lost.most_common()),
        "changed": len(change.moves),
        "only_before": len(change.only_before),
        "only_after": len(change.only_after),
    }


def moves(
    change: Change,
    *,
    old: str,
    new: str,
    overrules: Mapping[int, Mapping[str, str]],
    offset: int,
    limit: int,
) -> dict[str, Any]:
    """A page of the pictures that changed, those with another verdict first.

    Args:
        change: the whole.
        old: only those that had this verdict.
        new: only those that have this one now.
        overrules: what people decided in the earlier run.
        offset: how many to pass over.
        limit: how many to show.
    """
    wanted = [
        move
        for move in sorted(change.moves, key=lambda m: m.before.decision == m.after.decision)
        if old in ("", move.before.decision) and new in ("", move.after.decision)
    ]
    return {
        "total": len(wanted),
        "offset": offset,
        "rows": [_shown(move, overrules) for move in islice(wanted, offset, offset + limit)],
    }


def _verdicts(batches: Batches, batch_id: str) -> Iterator[Verdict]:
    for short in batches.results.shorts(batch_id):
        yield Verdict(
            path=short["path"],
            kind=short["kind"],
            id=short["id"],
            decision=short["decision"],
            codes=frozenset(short["codes"]),
            number=short["number"],
        )


def _shown(move: Move, overrules: Mapping[int, Mapping[str, str]]) -> dict[str, Any]:
    overrule = overrules.get(move.before.number)
    return {
        "path": move.before.path,
        "id": move.before.id,
        "kind": move.before.kind,
        "before": {"number": move.before.number, "decision": move.before.decision},
        "after": {"number": move.after.number, "decision": move.after.decision},
        "gained": move.gained,
        "lost": move.lost,
        **({} if overrule is None else {"overrule": dict(overrule)}),
    }
