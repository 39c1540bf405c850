"""Several files of one application together: how many, all accepted, none twice."""

from __future__ import annotations

from photo_service.check import MEMBERS, Band, Fact, Outcome, Status, check, graded
from photo_service.collection import Collection, named
from photo_service.report import Decision

# By content; members that could not be unpacked have no format.
_PICTURES = ("jpeg", "png", "")


@check("set/members_few", codes=("set-too-many",))
def members_few(collection: Collection, *, count: Band) -> Outcome:
    """No more files than one application may have.

    Wants: at most four certificates.
    Why: the portal takes four in one application.
    Measured: number of files; more than allowed and none is opened.
    Blind spots: several certificates in one picture count as one.
    Source: course-exemption procedure.
    """
    return graded(collection.count, count, unit="files", high="set-too-many")


@check("set/only_pictures", codes=("member-not-picture",), needs=(MEMBERS,))
def only_pictures(collection: Collection) -> Outcome:
    """Nothing but pictures inside.

    Wants: every file is a png or jpeg picture, by content.
    Why: what is handed in are scans; a text, a PDF or a program is none.
    Measured: how many members begin as no picture does.
    Blind spots: a damaged picture is one; its own report rejects it. Files that systems leave
        behind are not counted; see archive/leavings_ignored.
    Source: graduation procedure, item 4: scans of the practice courses' cards.
    """
    others = [m for m in collection.members if m.report.image.format not in _PICTURES]
    if not others:
        return Outcome(Status.PASS)
    return Outcome(
        Status.FAIL,
        "member-not-picture",
        value=len(others),
        unit="files",
        facts={"names": named(member.title for member in others)},
    )


@check("set/all_different", codes=("member-duplicate",), needs=(MEMBERS,))
def all_different(collection: Collection, *, difference: Band) -> Outcome:
    """No picture twice.

    Wants: every file shows another page.
    Why: who sends a page twice has mostly left out another.
    Measured: the two fingerprints that differ least, percent of their signs, whichever way the
        pictures lie; see `photo_service.collection.fingerprint`. Equal bytes differ by 0.
    Blind spots: the same page photographed twice or cropped differs like two pages; of
        certificates, set/certificates_differ reads the words.
    Source: our own measurement; figures beside the limits.
    """
    pairs = collection.differences
    if not pairs:
        return Outcome(Status.PASS)
    alike = [pair for pair in pairs if pair.figure not in difference.accept]
    facts = {"pairs": named(pair.title for pair in alike)}
    return graded(pairs[0].figure, difference, unit="%", low="member-duplicate", facts=facts)


@check("set/certificates_differ", codes=("certificate-twice",), needs=(MEMBERS,))
def certificates_differ(collection: Collection, *, shared: Band) -> Outcome:
    """No certificate twice.

    Wants: no two pictures of one and the same certificate.
    Why: who photographs one twice has mostly left out another.
    Measured: the two pages whose words agree most, percent of pairs of letters in common; 0 for
        pages of different kinds and for two that each show a number the other does not; see
        `photo_service.collection.words_in_common`. Another photo of the same page reads 85 and
        more in 13 of 24 drawn ones.
    Blind spots: only part of each page is read, so half of the repeated photos are missed; two
        certificates of one kind and person whose numbers were not read look like one.
    Source: our own measurement; figures beside the limits.
    """
    pair = collection.most_in_common
    if pair is None:
        return Outcome(Status.PASS)
    facts = {"pairs": pair.title}
    return graded(pair.figure, shared, unit="%", high="certificate-twice", facts=facts)


@check("set/members_accepted", codes=("member-rejected", "member-review"), needs=(MEMBERS,))
def members_accepted(collection: Collection) -> Outcome:
    """Every file accepted.

    Wants: each file is accepted by itself.
    Why: one that fails must be replaced, one in doubt be looked at, before the whole can pass.
    Measured: number of files that are rejected, else of those for review.
    Blind spots: those of the checks of each file.
    Source: the procedure of each file; see the reports of the members.
    """
    rejected = collection.decided(Decision.REJECTED)
    doubtful = collection.decided(Decision.REVIEW)
    facts: dict[str, Fact] = {
        "total": len(collection.members),
        "names": named(member.title for member in rejected or doubtful),
    }
    if not rejected and not doubtful:
        return Outcome(Status.PASS, facts=facts)
    return Outcome(
        Status.FAIL,
        "member-rejected" if rejected else "member-review",
        value=len(rejected or doubtful),
        unit="files",
        certain=bool(rejected),
        facts=facts,
    )
