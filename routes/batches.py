"""Batches: started, watched, overruled, compared. For staff."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi import Path as PathParameter
from fastapi.responses import HTMLResponse, StreamingResponse
from pydantic import BaseModel, Field, StringConstraints
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from photo_service import profile as profiles
from photo_service.context import Context
from photo_service.errors import FileUnreadableError, PhotoServiceError
from photo_service.messages import messages
from photo_service.render.printed import printed
from photo_service.settings import Settings
from routes.answers import dumps, language_of, printed_answer, problems, resolve_profile
from routes.guard import ID_PATTERN, KEY, guarded
from workers import compare as comparison
from workers import downloads, lists
from workers.access import Role
from workers.batches import MOST_ITEMS, Batches
from workers.counter import Counter
from workers.desk import Upload
from workers.results import FIRST, LATEST

log = logging.getLogger(__name__)


class Progress(BaseModel):
    """How far a batch is."""

    id: str = Field(examples=["7c9e6679f2c04bd5bcfb4f6e5c1a2b3d"])
    state: Literal["running", "finished", "cancelled"]
    kind: str = Field(examples=["graduation"])
    profile: str = Field(examples=["graduation"])
    started: str = Field(examples=["2026-11-22T04:20:00+00:00"])
    origin: str = Field(description="the batch whose pictures these are", examples=[""])
    total: int = Field(examples=[500])
    done: int = Field(examples=[123])
    counts: dict[str, int] = Field(
        examples=[{"accepted": 100, "rejected": 12, "review": 11, "unreadable": 0}]
    )
    codes: dict[str, int] = Field(
        description="pictures that each code stopped", examples=[{"background-objects": 12}]
    )
    overruled: int = Field(description="pictures that a person decided", examples=[1])


class Overrule(BaseModel):
    """What a person decides of a picture, whatever the machine said."""

    decision: Literal["accept", "reject"]
    reason: Annotated[str, StringConstraints(strip_whitespace=True)] = Field(
        min_length=1, max_length=200, examples=["头发遮住的是背景，不是面部"]
    )


_STAFF_PROBLEMS = problems(401, 403, 404, 422, 429, 503)

_UNKNOWN = "application/octet-stream"


# How the files begin that a browser may show.
_PICTURES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}

_FILES = {
    "results.csv": "text/csv; charset=utf-8",
    "results.jsonl": "application/x-ndjson",
    "summary.html": "text/html; charset=utf-8",
}

staff = APIRouter(prefix="/v1", route_class=guarded(Role.STAFF), tags=["batches"], dependencies=KEY)

# A picture is judged while somebody waits, as an upload is: turned away when too many wait.
judged = APIRouter(
    prefix="/v1",
    route_class=guarded(Role.STAFF, upload=True),
    tags=["batches"],
    dependencies=KEY,
)

BatchId = Annotated[str, PathParameter(pattern=ID_PATTERN)]

Number = Annotated[int, PathParameter(ge=0, lt=MOST_ITEMS, description="place in the list")]

Offset = Annotated[int, Query(ge=0, le=MOST_ITEMS)]

Limit = Annotated[int, Query(ge=1, le=500)]

Decided = Literal["accepted", "rejected", "review", "unreadable"]


@staff.get(
    "/roots", summary="Where pictures of batches may lie", responses=problems(401, 403, 429, 503)
)
def roots(request: Request) -> list[dict[str, Any]]:
    """Number and name of each root."""
    found: list[dict[str, Any]] = _batches(request).places.roots()
    return found


@staff.get("/roots/{number}", summary="What lies in a folder", responses=_STAFF_PROBLEMS)
def one_root(
    request: Request,
    number: Annotated[int, PathParameter(ge=0, le=MOST_ITEMS)],
    folder: Annotated[str, Query(max_length=1000)] = "",
) -> dict[str, Any]:
    """Names of the folders in a folder below a root, and how many files are in it."""
    return _batches(request).places.look(number, folder)


@staff.get(
    "/batches",
    summary="All batches, newest first",
    response_model=list[Progress],
    responses=problems(401, 403, 429, 503),
)
def all_batches(request: Request) -> Any:
    """State and counts of those that are still kept, the newest 200."""
    return _batches(request).all()


@staff.post(
    "/batches",
    status_code=202,
    summary="Judge a list of pictures, or a folder",
    response_model=Progress,
    responses=problems(400, 401, 403, 404, 408, 413, 415, 422, 429, 503),
    openapi_extra=lists.BODY,
)
async def start_batch(
    request: Request,
    response: Response,
    kind: Annotated[str, Query(examples=["graduation"])],
    profile: str = "",
    lang: Literal["zh", "en"] | None = None,
) -> Any:
    """Pictures are read by the workers from the configured roots."""
    rule_file = resolve_profile(request.app.state.settings, kind, profile)
    items = await _items(request, rule_file)
    progress = await _start(request, items, rule_file, profile, lang)
    response.headers["Location"] = f"/v1/batches/{progress['id']}"
    return progress


@staff.post(
    "/batches/{batch_id}/again",
    status_code=202,
    summary="Judge the same pictures by other rules",
    response_model=Progress,
    responses=problems(401, 403, 404, 409, 422, 429, 503),
)
async def start_again(
    request: Request,
    response: Response,
    batch_id: BatchId,
    profile: str = "",
    lang: Literal["zh", "en"] | None = None,
) -> Any:
    """To compare before a change of rules is published.

    Without the names, numbers, types and references that were given with the list: they are
    forgotten when a picture is judged.
    """
    before = await run_in_threadpool(_batches(request).known, batch_id)
    rule_file = resolve_profile(request.app.state.settings, before["kind"], profile)
    items = await run_in_threadpool(_batches(request).paths, batch_id)
    progress = await _start(request, items, rule_file, profile, lang, batch_id)
    response.headers["Location"] = f"/v1/batches/{progress['id']}"
    return progress


async def _start(
    request: Request,
    items: list[lists.Item],
    rule_file: profiles.Profile,
    profile: str,
    lang: str | None,
    origin: str = "",
) -> dict[str, Any]:
    settings: Settings = request.app.state.settings
    asked = {(item.kind, item.profile) for item in items}
    # Another kind than the batch's is judged by its own rules.
    rule_files = {
        (kind, own): resolve_profile(
            settings,
            kind or rule_file.kind,
            own or (profile if kind in ("", rule_file.kind) else ""),
        )
        for kind, own in asked
    }
    return await run_in_threadpool(
        _batches(request).create,
        items,
        rule_file,
        rule_files,
        lang or language_of(request),
        origin,
    )


@staff.get(
    "/batches/{batch_id}",
    summary="How far a batch is",
    response_model=Progress,
    responses=_STAFF_PROBLEMS,
)
def batch(request: Request, batch_id: BatchId) -> Any:
    """State and counts."""
    return _batches(request).known(batch_id)


@staff.get(
    "/batches/{batch_id}/results",
    summary="Results as they come",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "One JSON object a line: number, path, id, and report or error.",
            "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
        },
        **_STAFF_PROBLEMS,
    },
)
async def results(request: Request, batch_id: BatchId) -> Response:
    """All rows so far, then each further one as it comes; ends with the batch."""
    counter: Counter = request.app.state.counter
    await run_in_threadpool(counter.batches.known, batch_id)

    async def lines() -> AsyncIterator[bytes]:
        async for row in counter.rows(batch_id):
            # An empty line is no row; it finds out whether anyone still reads.
            yield b"\n" if row is None else dumps(row).encode() + b"\n"

    return StreamingResponse(_whole(lines()), media_type="application/x-ndjson")


@staff.get(
    "/batches/{batch_id}/events",
    summary="What happens to a batch, as it happens",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "Server-sent events: `progress`, `row` (with an `id`), at last `end`.",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
        **_STAFF_PROBLEMS,
    },
)
async def events(
    request: Request,
    batch_id: BatchId,
    rows: Annotated[Literal["all", "new"], Query(description="those so far, too?")] = "all",
    last_event_id: Annotated[str | None, Header(pattern=r"^[0-9]{1,19}-[0-9]{1,19}$")] = None,
) -> Response:
    """With `Last-Event-ID` it goes on after that row."""
    counter: Counter = request.app.state.counter
    await run_in_threadpool(counter.batches.known, batch_id)
    last = last_event_id or (LATEST if rows == "new" else FIRST)

    async def frames() -> AsyncIterator[bytes]:
        async for event in counter.events(batch_id, last):
            # A comment finds out whether anyone still reads.
            yield b":\n\n" if event is None else _frame(*event)

    return StreamingResponse(_whole(frames()), media_type="text/event-stream")


def _frame(name: str, mark: str, data: Any) -> bytes:
    head = f"id: {mark}\n" if mark else ""
    return f"{head}event: {name}\ndata: {dumps(data)}\n\n".encode()


async def _whole(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    try:
        async for piece in pieces:
            yield piece
    except PhotoServiceError as error:
        # Too late for a status: the reader misses the end.
        log.warning("failed", extra={"code": error.code})


@staff.get("/batches/{batch_id}/items", summary="A page of results", responses=_STAFF_PROBLEMS)
def items(
    request: Request,
    batch_id: BatchId,
    decision: Decided | None = None,
    code: Annotated[str, Query(pattern=r"^[a-z0-9-]{0,64}$")] = "",
    overruled: bool = False,
    offset: Offset = 0,
    limit: Limit = 50,
) -> dict[str, Any]:
    """Short forms of the rows that are there, in the order of the list.

    Those with a decision of the machine, those that a code stopped, those that a person decided;
    asked together, those that are all of it.
    """
    _batches(request).known(batch_id)
    marks = [f"decision/{decision}"] * bool(decision) + [f"code/{code}"] * bool(code)
    marks += ["overruled"] * overruled
    return _batches(request).results.page(batch_id, marks, offset, limit)


@staff.get("/batches/{batch_id}/items/{number}", summary="One row", responses=_STAFF_PROBLEMS)
def item(request: Request, batch_id: BatchId, number: Number) -> dict[str, Any]:
    """With its whole report, and what a person decided."""
    return _batches(request).row(batch_id, number)


@staff.get(
    "/batches/{batch_id}/items/{number}/picture",
    summary="A picture of a batch",
    response_class=Response,
    responses={
        200: {
            "description": "The file as it lies below its root.",
            "content": {each: {"schema": {"type": "string", "format": "binary"}}
                        for each in (*_PICTURES.values(), _UNKNOWN)},
        },
        **_STAFF_PROBLEMS,
    },
)  # fmt: skip
def item_picture(request: Request, batch_id: BatchId, number: Number) -> Response:
    """Read anew: it may have changed since it was judged."""
    data = _batches(request).places.read(_batches(request).row(batch_id, number)["path"])
    media_type = next((t for start, t in _PICTURES.items() if data.startswith(start)), _UNKNOWN)
    # By its bytes, never by its name: nothing else is shown by a browser.
    shown = "attachment" if media_type == _UNKNOWN else "inline"
    return Response(data, headers={"Content-Disposition": shown}, media_type=media_type)


@judged.get(
    "/batches/{batch_id}/items/{number}/report",
    summary="The report of one row, to print",
    response_class=HTMLResponse,
    responses=_STAFF_PROBLEMS,
)
async def item_report(request: Request, batch_id: BatchId, number: Number) -> Response:
    """The report of that time; the picture, if it is still there, with what is drawn into it."""
    row = await run_in_threadpool(_batches(request).row, batch_id, number)
    rule_file, language = await run_in_threadpool(_batches(request).judged_by, batch_id, row)
    drawings = None
    with contextlib.suppress(FileUnreadableError):
        data = await run_in_threadpool(_batches(request).places.read, row["path"])
        upload = Upload(data, rule_file, language, row["path"], Context(drawings=True))
        fresh = await request.app.state.counter.ask(upload, request.app.state.settings.wait_s)
        drawings = (fresh or {}).get("drawings")
    page = await run_in_threadpool(printed, row["report"], drawings, language)
    return printed_answer(page)


@staff.post(
    "/batches/{batch_id}/items/{number}/overrule",
    summary="Decide what the machine decided otherwise",
    responses=problems(400, 401, 403, 404, 408, 413, 422, 429, 503),
)
def overrule(request: Request, batch_id: BatchId, number: Number, word: Overrule) -> dict[str, Any]:
    """The row with the decision, its reason, the name of the key and the time; the last counts."""
    who = request.state.who
    return _batches(request).overrule(batch_id, number, word.decision, word.reason, who)


@staff.delete(
    "/batches/{batch_id}/items/{number}/overrule",
    summary="Take a person's decision back",
    responses=_STAFF_PROBLEMS,
)
def take_back(request: Request, batch_id: BatchId, number: Number) -> dict[str, Any]:
    """The row without it."""
    return _batches(request).overrule(batch_id, number, "", "", request.state.who)


@staff.get(
    "/batches/{batch_id}/compare/{other_id}",
    summary="How verdicts changed from one batch to another",
    responses=_STAFF_PROBLEMS,
)
def compare(
    request: Request,
    batch_id: BatchId,
    other_id: BatchId,
    before: Decided | None = None,
    after: Decided | None = None,
    offset: Offset = 0,
    limit: Limit = 50,
) -> dict[str, Any]:
    """Old verdict → new verdict → pictures, codes gained and lost, and a page of what changed."""
    runs = [_batches(request).known(each) for each in (batch_id, other_id)]
    change = comparison.compare(_batches(request), batch_id, other_id)
    overrules = _batches(request).results.overrules(batch_id)
    page = comparison.moves(
        change, old=before or "", new=after or "", overrules=overrules, offset=offset, limit=limit
    )
    return {"before": runs[0], "after": runs[1], **comparison.told(change), **page}


@staff.get(
    "/batches/{batch_id}/{file}",
    summary="All results as a file",
    response_class=Response,
    responses={
        200: {
            "description": "The rows that are there now.",
            "content": {each: {"schema": {"type": "string"}} for each in _FILES.values()},
        },
        **_STAFF_PROBLEMS,
    },
)
def download(
    request: Request,
    batch_id: BatchId,
    file: Literal["results.csv", "results.jsonl", "summary.html"],
) -> Response:
    """`results.jsonl` is what `photo-service reverify` reads."""
    found = _batches(request)
    found.known(batch_id)
    headers = {"Content-Disposition": f'attachment; filename="{batch_id[:8]}-{file}"'}
    if file == "summary.html":
        page = downloads.summary(found, batch_id, messages(language_of(request)))
        return Response(page, headers=headers, media_type=_FILES[file])
    rows = downloads.table if file == "results.csv" else downloads.lines
    return StreamingResponse(rows(found, batch_id), headers=headers, media_type=_FILES[file])


@staff.delete(
    "/batches/{batch_id}",
    summary="Cancel a batch",
    response_model=Progress,
    responses=_STAFF_PROBLEMS,
)
def cancel(request: Request, batch_id: BatchId) -> Any:
    """What has not begun will not begin; the results so far stay."""
    _batches(request).known(batch_id)
    return _batches(request).cancel(batch_id)


def _batches(request: Request) -> Batches:
    counter: Counter = request.app.state.counter
    return counter.batches


async def _items(request: Request, rule_file: profiles.Profile) -> list[lists.Item]:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await request.body()
    if media_type == "text/csv":
        return lists.read_table(body)
    if media_type not in ("application/json", ""):
        raise HTTPException(415)
    given = lists.read_json(body)
    if isinstance(given, lists.Folder):
        return await run_in_threadpool(_batches(request).below, given, rule_file)
    return given
