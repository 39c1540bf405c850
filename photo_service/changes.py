"""How verdicts moved between two runs over the same pictures: what a change of rules would do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from photo_service.rows import codes_of, decision_of


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one run said of one picture.

    Attributes:
        path, kind, id: what makes it the same picture in another run.
        decision: accepted, rejected, review or unreadable.
        codes: of what stopped it.
        number: where it stands in its run.
    """

    path: str
    kind: str
    id: str
    decision: str
    codes: frozenset[str]
    number: int = 0

    @property
    def key(self) -> tuple[str, str, str]:
        """The same for the same picture in another run."""
        return self.path, self.kind, self.id


@dataclass(frozen=True, slots=True)
class Move:
    """One picture whose verdict, or what stopped it, changed."""

    before: Verdict
    after: Verdict

    @property
    def gained(self) -> list[str]:
        """Codes it has now and had not."""
        return sorted(self.after.codes - self.before.codes)

    @property
    def lost(self) -> list[str]:
        """Codes it had and has no more."""
        return sorted(self.before.codes - self.after.codes)


@dataclass(frozen=True, slots=True)
class Change:
    """How verdicts moved between two runs.

    Attributes:
        matrix: (old verdict, new verdict) → pictures of both runs.
        moves: those that changed.
        only_before, only_after: pictures of one run.
    """

    matrix: Counter[tuple[str, str]]
    moves: tuple[Move, ...]
    only_before: tuple[Verdict, ...] = ()
    only_after: tuple[Verdict, ...] = ()

    @property
    def gained(self) -> Counter[str]:
        """Code → pictures that have it now and had it not."""
        return Counter(code for move in self.moves for code in move.gained)

    @property
    def lost(self) -> Counter[str]:
        """Code → pictures that had it and have it no more."""
        return Counter(code for move in self.moves for code in move.lost)

    @property
    def decided(self) -> tuple[Move, ...]:
        """Those whose verdict changed."""
        return tuple(m for m in self.moves if m.before.decision != m.after.decision)


def verdict_of(row: Mapping[str, Any]) -> Verdict:
    """The verdict of a whole row."""
    kind = row.get("kind") or (row["report"]["kind"] if "report" in row else "")
    return Verdict(
        path=str(row["path"]),
        kind=str(kind),
        id=str(row.get("id", "")),
        decision=decision_of(row),
        codes=frozenset(codes_of(row)),
    )


def changes(before: Iterable[Verdict], after: Iterable[Verdict]) -> Change:
    """Compare two runs; of a picture that a run has twice, its last verdict counts."""
    old = {verdict.key: verdict for verdict in before}
    new = {verdict.key: verdict for verdict in after}
    pairs = [Move(verdict, new[key]) for key, verdict in old.items() if key in new]
    return Change(
        matrix=Counter((pair.before.decision, pair.after.decision) for pair in pairs),
        moves=tuple(
            pair
            for pair in pairs
            if pair.before.decision != pair.after.decision or pair.before.codes != pair.after.codes
        ),
        only_before=tuple(verdict for key, verdict in old.items() if key not in new),
        only_after=tuple(verdict for key, verdict in new.items() if key not in old),
    )
