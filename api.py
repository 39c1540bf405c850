"""The HTTP door: uploads and batches in, reports out. Judges nothing itself.

`create_app` makes the application, `run` serves it. Every error is ``application/problem+json``
with a code, a sentence and a remedy in the caller's language.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import re
import signal
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass, replace
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import uuid4

import uvicorn
from fastapi import (
    APIRouter,
    Depends,
    FastAPI,
    File,
    Form,
    Header,
    Query,
    Request,
    Response,
    Security,
    UploadFile,
)
from fastapi import Path as PathParameter
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, StreamingResponse
from fastapi.routing import APIRoute
from fastapi.security import APIKeyHeader, HTTPBearer
from pydantic import BaseModel, Field, StringConstraints
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartParser
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from photo_service import profile as profiles
from photo_service.context import MOST_CHARACTERS, Context, Fields
from photo_service.errors import FileUnreadableError, PhotoServiceError, UsageError
from photo_service.messages import LANGUAGES, messages
from photo_service.render.console import texts
from photo_service.render.printed import printed, style_source
from photo_service.render.rules import rules, summary
from photo_service.render.summary import code_titles
from photo_service.settings import MEBIBYTE, Settings
from photo_service.version import __version__
from workers import compare as comparison
from workers import downloads, lists, logs, tracing
from workers.access import Role
from workers.batches import MOST_ITEMS, Batches
from workers.counter import Counter, RateError, within_reach
from workers.desk import BusyError, Upload
from workers.results import FIRST, LATEST

MOST_WAIT_S = 60
# Beyond the picture itself: the other form fields and the boundaries.
FORM_ROOM = MEBIBYTE
RETRY_AFTER_S = 2
# A body may pause no longer.
SILENCE_S = 20
PROBLEM = "application/problem+json"

_HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"cache-control": b"no-store",
}
# Of the console's own files: nothing from elsewhere, no script inside a page, no style but that of
# a report to print, which is shown in a frame.
_CONSOLE_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; "
    f"style-src 'self' {style_source()}; img-src 'self' blob: data:; connect-src 'self'; "
    "media-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "permissions-policy": "camera=(self), microphone=(), geolocation=(), payment=(), usb=()",
    "cache-control": "no-cache",
}
# Of a report to print: its pictures and its one style lie in the page itself.
_PRINTED_POLICY = (
    f"default-src 'none'; img-src data:; style-src {style_source()}; frame-ancestors 'none'"
)
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_PROBES = ("/healthz", "/readyz", "/metrics")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_ID = r"^[0-9a-f]{32}$"

log = logging.getLogger(__name__)


# --- what goes out ------------------------------------------------------------------------------


class Problem(BaseModel):
    """An error, RFC 9457, with its remedy."""

    type: str = Field(examples=["urn:photo-service:error:kind-unknown"])
    title: str = Field(examples=["Unprocessable Entity"])
    status: int = Field(examples=[422])
    code: str = Field(examples=["kind-unknown"])
    detail: str = Field(examples=["没有 passport 这一类照片的规则。"])
    advice: str = Field(examples=["可选：graduation, id_card"])
    request: str = Field(examples=["6f1c2a9e"])


class Pending(BaseModel):
    """An upload that has no report yet."""

    id: str = Field(examples=["0f8fad5bd9cb469fa165708677289501"])
    state: Literal["pending"] = "pending"


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


_REPORT_EXAMPLE: dict[str, Any] = {
    "schema": "photo-report/1",
    "service": {"name": "photo-service", "version": __version__},
    "kind": "graduation",
    "profile": {"name": "graduation", "version": "1", "sha256": "9f…", "title": "…"},
    "models": {"face_landmarker": "64…"},
    "image": {
        "name": "photo.jpg",
        "sha256": "3b…",
        "bytes": 45210,
        "format": "jpeg",
        "width": 480,
        "height": 640,
    },
    "decision": "rejected",
    "findings": [
        {
            "check": "encoding/pixel_size",
            "status": "fail",
            "code": "pixels-too-few",
            "effect": "reject",
            "value": "200 × 260",
            "unit": "px",
            "allowed": {"min": 295},
            "region": None,
            "clause": "…",
            "message": "…",
            "advice": "…",
        }
    ],
    "evidence": [],
    "timings_ms": {"total": 31.2, "decode": 1.1, "checks": 30.1},
}
_REPORT: dict[str, Any] = {
    "description": "The report; a rejected picture is a normal answer.",
    "content": {"application/json": {"schema": {"type": "object"}, "example": _REPORT_EXAMPLE}},
}


def _problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {
        status: {
            "model": Problem,
            "description": HTTPStatus(status).phrase,
            "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in statuses
    }


_STAFF_PROBLEMS = _problems(401, 403, 404, 422, 429, 503)
_UNKNOWN = "application/octet-stream"
# How the files begin that a browser may show.
_PICTURES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}
_FILES = {
    "results.csv": "text/csv; charset=utf-8",
    "results.jsonl": "application/x-ndjson",
    "summary.html": "text/html; charset=utf-8",
}


def _problem(
    request: Request, status: int, code: str, headers: dict[str, str] | None = None, **facts: object
) -> Response:
    text = messages(_language(request))
    known = text.has("error", code)
    detail = text.get("error", code, "message", **facts) if known else HTTPStatus(status).phrase
    advice = text.get("error", code, "advice", **facts) if known else ""
    body = Problem(
        type=f"urn:photo-service:error:{code}",
        title=HTTPStatus(status).phrase,
        status=status,
        code=code,
        detail=detail,
        advice=advice,
        request=logs.request_id.get(),
    )
    # What came in may hold characters that no encoding has.
    data = _dumps(body.model_dump()).encode("utf-8", "replace")
    return Response(data, status, headers=headers, media_type=PROBLEM)


def _language(request: Request) -> str:
    """Of error texts: ``lang`` in the address, then Accept-Language, then the operator's."""
    asked = request.query_params.get("lang", "")
    if asked in LANGUAGES:
        return asked
    wishes = (_wish(part) for part in request.headers.get("accept-language", "").split(","))
    for _, tag in sorted((w for w in wishes if w[1] in LANGUAGES), key=lambda wish: -wish[0]):
        return tag
    language: str = request.app.state.settings.language
    return language


def _wish(part: str) -> tuple[float, str]:
    """How much a language is wanted, and its two letters: ``en-GB;q=0.5`` → 0.5, ``en``."""
    tag, _, quality = part.strip().lower().partition(";q=")
    try:
        return float(quality or 1), tag[:2]
    except ValueError:
        return 0.0, tag[:2]


# --- what comes in ------------------------------------------------------------------------------


class Frame:
    """Around every request: its id, the headers of every answer, one log line, its time."""

    def __init__(self, app: ASGIApp, counter: Counter) -> None:
        self._app = app
        self._counter = counter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
        request_id = given if _REQUEST_ID.fullmatch(given) else uuid4().hex
        token = logs.request_id.set(request_id)
        started, status = time.perf_counter(), 500

        async def framed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [(n, v) for n, v in message["headers"] if n.lower() != b"server"]
                own = {name.lower() for name, _ in headers}
                headers += [(n, v) for n, v in _HEADERS.items() if n not in own]
                headers.append((b"x-request-id", request_id.encode()))
                message = {**message, "headers": headers}
            await send(message)

        try:
            with tracing.tracer().start_as_current_span("http"):
                await self._app(scope, receive, framed)
        except Exception:
            # The answer is `_tell_fault`'s.
            log.exception("our own fault")
        finally:
            seconds = time.perf_counter() - started
            route = getattr(scope.get("route"), "path", "other")
            method = scope["method"] if scope["method"] in _METHODS else "other"
            self._counter.saw_request(method, route, status, seconds)
            # What asks every second is no news.
            level = logging.DEBUG if route in _PROBES else logging.INFO
            log.log(
                level,
                "answered",
                extra={
                    "method": method,
                    "route": route,
                    "status": status,
                    "took_ms": round(1e3 * seconds, 1),
                },
            )
            logs.request_id.reset(token)


class TooLargeError(PhotoServiceError):
    """A body larger than any picture we would open."""

    http_status = 413


def guarded(*roles: Role, upload: bool = False) -> type[APIRoute]:
    """A route that looks at the key, the rate and the queue before it reads the body.

    Args:
        roles: who may pass.
        upload: whether the queue's length matters.
    """

    class Guarded(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()

            async def admitted(request: Request) -> Response:
                counter: Counter = request.app.state.counter
                secret = _secret(request)
                request.state.who = await run_in_threadpool(
                    counter.admit, secret, roles, upload=upload
                )
                limit = request.app.state.settings.max_file_bytes + FORM_ROOM
                with within_reach():
                    return await handle(Request(request.scope, _limited(request, limit)))

            return admitted

    return Guarded


def _secret(request: Request) -> str:
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else request.headers.get("x-api-key", "")


def _limited(request: Request, limit: int) -> Callable[[], Awaitable[Message]]:
    """The body as it comes, and not more of it than ``limit`` bytes."""
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limit:
        raise TooLargeError("body-too-large", limit=limit >> 20)
    received = 0

    async def receive() -> Message:
        nonlocal received
        try:
            message = await asyncio.wait_for(request.receive(), SILENCE_S)
        except TimeoutError as error:
            raise HTTPException(408) from error
        received += len(message.get("body", b""))
        if received > limit:
            # FastAPI lets only its own exceptions through while it reads a form.
            raise HTTPException(413)
        return message

    return receive


# --- routes -------------------------------------------------------------------------------------

_KEY = [
    Security(HTTPBearer(auto_error=False, description="an API key")),
    Security(APIKeyHeader(name="X-API-Key", auto_error=False, description="an API key")),
]
_portal = APIRouter(
    prefix="/v1",
    route_class=guarded(Role.PORTAL, Role.STAFF),
    tags=["verification"],
    dependencies=_KEY,
)
_uploads = APIRouter(
    prefix="/v1",
    route_class=guarded(Role.PORTAL, Role.STAFF, upload=True),
    tags=["verification"],
    dependencies=_KEY,
)
_staff = APIRouter(
    prefix="/v1", route_class=guarded(Role.STAFF), tags=["batches"], dependencies=_KEY
)
_meters = APIRouter(
    route_class=guarded(Role.METRICS, Role.STAFF), tags=["operation"], dependencies=_KEY
)
_open = APIRouter(tags=["operation"])

BatchId = Annotated[str, PathParameter(pattern=_ID)]
Number = Annotated[int, PathParameter(ge=0, lt=MOST_ITEMS, description="place in the list")]
Offset = Annotated[int, Query(ge=0, le=MOST_ITEMS)]
Limit = Annotated[int, Query(ge=1, le=500)]
Decided = Literal["accepted", "rejected", "review", "unreadable"]
Language = Annotated[Literal["zh", "en"] | None, Form(description="of the report's sentences")]
Expected = Annotated[str, Form(max_length=MOST_CHARACTERS)]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a form says besides the files.

    Attributes:
        profile: the rules to judge by.
        language: of the report's sentences.
        context: what the caller knows besides the picture.
        wait_s: how long the caller waits for the report.
    """

    profile: profiles.Profile
    language: str
    context: Context
    wait_s: int


async def _asked(
    request: Request,
    kind: Annotated[str, Form(description="document kind", examples=["graduation"])],
    profile: Annotated[str, Form(description="rule file; the kind's own by default")] = "",
    lang: Language = None,
    reference: Annotated[
        UploadFile | None, File(description="a photo of the same person already on file")
    ] = None,
    expect_name: Expected = "",
    expect_number: Expected = "",
    expect_type: Expected = "",
    fields: Annotated[Fields, Form(description="fields read on a document")] = Fields.NONE,
    drawings: Annotated[bool, Form(description="pictures for people go with the report")] = False,
    wait: Annotated[int | None, Form(ge=0, le=MOST_WAIT_S, description="seconds")] = None,
    wait_asked: Annotated[
        int | None, Query(alias="wait", ge=0, le=MOST_WAIT_S, description="seconds, as well")
    ] = None,
) -> Asked:
    """The form of every upload."""
    settings: Settings = request.app.state.settings
    given = wait if wait is not None else wait_asked
    rule_file = _resolve(settings, kind, profile)
    context = Context(
        expect_name=expect_name,
        expect_number=expect_number,
        expect_type=expect_type,
        reference=(await reference.read() or None) if reference is not None else None,
        fields=fields,
        drawings=drawings,
    )
    profiles.refuse_unmeetable(rule_file, context)
    return Asked(
        profile=rule_file,
        language=lang or _language(request),
        context=context,
        wait_s=settings.wait_s if given is None else given,
    )


AskedForm = Annotated[Asked, Depends(_asked)]
Picture = Annotated[UploadFile, File(description="the picture")]


@_uploads.post(
    "/verifications",
    summary="Judge one picture",
    response_class=JSONResponse,
    responses={
        200: _REPORT,
        202: {"model": Pending, "description": "No report within `wait`; see Location."},
        **_problems(400, 401, 403, 408, 413, 422, 429, 503),
    },
)
async def verify(request: Request, file: Picture, asked: AskedForm) -> Response:
    """The report of one picture, within `wait` seconds (10 by default) or later.

    The same picture under the same rules and expectations is judged once and remembered.
    """
    upload = await _one(file, asked)
    report = await _ask(request, upload, asked)
    if report is None:
        return _pending(upload.id)
    return _json(report, {"Content-Location": _place(upload.id)})


@_uploads.post(
    "/applications",
    summary="Judge several files of one application",
    response_class=JSONResponse,
    responses={
        200: _REPORT,
        202: {"model": Pending, "description": "No report within `wait`; see Location."},
        **_problems(400, 401, 403, 408, 413, 422, 429, 503),
    },
)
async def verify_application(
    request: Request,
    files: Annotated[list[UploadFile], File(description="the pictures, in order")],
    asked: AskedForm,
) -> Response:
    """One report on all files together; `members` holds the report of each, in their order.

    For kinds that ask something of several files, as `certificate`; the other fields are those of
    `/v1/verifications` and hold for every file. All files are one job and one answer.
    """
    upload = await _several(files, asked)
    report = await _ask(request, upload, asked)
    if report is None:
        return _pending(upload.id)
    return _json(report, {"Content-Location": _place(upload.id)})


@_uploads.post(
    "/reports",
    summary="Judge one picture, for a page to print",
    response_class=HTMLResponse,
    responses={
        202: {"model": Pending, "description": "No report within `wait`; ask again."},
        **_problems(400, 401, 403, 408, 413, 422, 429, 503),
    },
)
async def print_report(
    request: Request,
    asked: AskedForm,
    file: Annotated[UploadFile | None, File(description="the picture")] = None,
    files: Annotated[
        list[UploadFile] | None, File(description="or several of one application")
    ] = None,
) -> Response:
    """The same report as a page with the picture, to print on A4 and to file.

    The form is that of `/v1/verifications`, or of `/v1/applications` with `files`. Names and ID
    numbers are shown in part only.
    """
    asked = replace(asked, context=replace(asked.context, drawings=True))
    if file is not None:
        upload = await _one(file, asked)
    elif files:
        upload = await _several(files, asked)
    else:
        raise RequestValidationError([{"loc": ("body", "file")}])
    report = await _ask(request, upload, asked)
    if report is None:
        return _pending(upload.id)
    page = await run_in_threadpool(
        printed, report, report.get("drawings"), asked.language, expected=asked.context
    )
    return HTMLResponse(page, headers={"Content-Security-Policy": _PRINTED_POLICY})


async def _one(file: UploadFile, asked: Asked) -> Upload:
    return Upload(
        data=await file.read(),
        profile=asked.profile,
        language=asked.language,
        name=file.filename or "",
        context=asked.context,
        request_id=logs.request_id.get(),
    )


async def _several(files: list[UploadFile], asked: Asked) -> Upload:
    if not asked.profile.takes_sets:
        raise UsageError("kind-single", kind=asked.profile.kind)
    parts = [(file.filename or "", await file.read()) for file in files]
    return Upload(
        data=b"".join(data for _, data in parts),
        profile=asked.profile,
        language=asked.language,
        context=asked.context,
        request_id=logs.request_id.get(),
        together=tuple((name, len(data)) for name, data in parts),
    )


async def _ask(request: Request, upload: Upload, asked: Asked) -> dict[str, Any] | None:
    """The report of an upload if it comes in time."""
    counter: Counter = request.app.state.counter
    report = await counter.ask(upload, asked.wait_s)
    if report is not None:
        # A remembered report may have been made of the same bytes under another name.
        report["image"]["name"] = upload.name
    return report


def _place(upload_id: str) -> str:
    return f"/v1/verifications/{upload_id}"


def _pending(upload_id: str) -> Response:
    headers = {"Location": _place(upload_id), "Retry-After": str(RETRY_AFTER_S)}
    return JSONResponse(Pending(id=upload_id).model_dump(), 202, headers=headers)


@_portal.get(
    "/verifications/{verification_id}",
    summary="Report of an earlier upload",
    responses={200: _REPORT, 202: {"model": Pending}, **_problems(401, 403, 404, 422, 429, 503)},
    response_class=JSONResponse,
)
async def verification(
    request: Request, verification_id: Annotated[str, PathParameter(pattern=_ID)]
) -> Response:
    """200 with the report, 202 while it is not there yet, 404 when it is not known (any more)."""
    counter: Counter = request.app.state.counter
    report, pending = await run_in_threadpool(counter.look, verification_id)
    if report is not None:
        return _json(report)
    if pending:
        waiting = Pending(id=verification_id).model_dump()
        return JSONResponse(waiting, 202, headers={"Retry-After": str(RETRY_AFTER_S)})
    return _problem(request, 404, "verification-unknown")


@_portal.get("/profiles", summary="All rule files", responses=_problems(401, 403, 429, 503))
def all_profiles(request: Request) -> list[dict[str, Any]]:
    """Kind, name, version, title and hash of each."""
    folder: Path | None = request.app.state.settings.profiles_dir
    found = [profiles.find(name, folder) for name in profiles.names(folder)]
    return [summary(profile) for profile in found]


@_portal.get(
    "/profiles/{kind}",
    summary="The rules of a kind",
    responses=_problems(401, 403, 422, 429, 503),
)
def one_profile(
    request: Request, kind: str, profile: str = "", lang: Literal["zh", "en"] | None = None
) -> dict[str, Any]:
    """Every rule with its clause, limits, defects and remedies; in both languages or in one."""
    languages = LANGUAGES if lang is None else (lang,)
    return rules(_resolve(request.app.state.settings, kind, profile), languages)


@_staff.get(
    "/roots", summary="Where pictures of batches may lie", responses=_problems(401, 403, 429, 503)
)
def roots(request: Request) -> list[dict[str, Any]]:
    """Number and name of each root."""
    found: list[dict[str, Any]] = _batches(request).places.roots()
    return found


@_staff.get("/roots/{number}", summary="What lies in a folder", responses=_STAFF_PROBLEMS)
def one_root(
    request: Request,
    number: Annotated[int, PathParameter(ge=0, le=MOST_ITEMS)],
    folder: Annotated[str, Query(max_length=1000)] = "",
) -> dict[str, Any]:
    """Names of the folders in a folder below a root, and how many files are in it."""
    return _batches(request).places.look(number, folder)


@_staff.get(
    "/batches",
    summary="All batches, newest first",
    response_model=list[Progress],
    responses=_problems(401, 403, 429, 503),
)
def all_batches(request: Request) -> Any:
    """State and counts of those that are still kept, the newest 200."""
    return _batches(request).all()


@_staff.post(
    "/batches",
    status_code=202,
    summary="Judge a list of pictures, or a folder",
    response_model=Progress,
    responses=_problems(400, 401, 403, 404, 408, 413, 415, 422, 429, 503),
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
    rule_file = _resolve(request.app.state.settings, kind, profile)
    items = await _items(request, rule_file)
    progress = await _start(request, items, rule_file, profile, lang)
    response.headers["Location"] = f"/v1/batches/{progress['id']}"
    return progress


@_staff.post(
    "/batches/{batch_id}/again",
    status_code=202,
    summary="Judge the same pictures by other rules",
    response_model=Progress,
    responses=_problems(401, 403, 404, 409, 422, 429, 503),
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
    rule_file = _resolve(request.app.state.settings, before["kind"], profile)
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
        (kind, own): _resolve(
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
        lang or _language(request),
        origin,
    )


@_staff.get(
    "/batches/{batch_id}",
    summary="How far a batch is",
    response_model=Progress,
    responses=_STAFF_PROBLEMS,
)
def batch(request: Request, batch_id: BatchId) -> Any:
    """State and counts."""
    return _batches(request).known(batch_id)


@_staff.get(
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
            yield b"\n" if row is None else _dumps(row).encode() + b"\n"

    return StreamingResponse(_whole(lines()), media_type="application/x-ndjson")


@_staff.get(
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
    return f"{head}event: {name}\ndata: {_dumps(data)}\n\n".encode()


async def _whole(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    try:
        async for piece in pieces:
            yield piece
    except PhotoServiceError as error:
        # Too late for a status: the reader misses the end.
        log.warning("failed", extra={"code": error.code})


@_staff.get("/batches/{batch_id}/items", summary="A page of results", responses=_STAFF_PROBLEMS)
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


@_staff.get("/batches/{batch_id}/items/{number}", summary="One row", responses=_STAFF_PROBLEMS)
def item(request: Request, batch_id: BatchId, number: Number) -> dict[str, Any]:
    """With its whole report, and what a person decided."""
    return _batches(request).row(batch_id, number)


@_staff.get(
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


@_staff.get(
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
    return HTMLResponse(page, headers={"Content-Security-Policy": _PRINTED_POLICY})


@_staff.post(
    "/batches/{batch_id}/items/{number}/overrule",
    summary="Decide what the machine decided otherwise",
    responses=_problems(400, 401, 403, 404, 408, 413, 422, 429, 503),
)
def overrule(request: Request, batch_id: BatchId, number: Number, word: Overrule) -> dict[str, Any]:
    """The row with the decision, its reason, the name of the key and the time; the last counts."""
    who = request.state.who
    return _batches(request).overrule(batch_id, number, word.decision, word.reason, who)


@_staff.delete(
    "/batches/{batch_id}/items/{number}/overrule",
    summary="Take a person's decision back",
    responses=_STAFF_PROBLEMS,
)
def take_back(request: Request, batch_id: BatchId, number: Number) -> dict[str, Any]:
    """The row without it."""
    return _batches(request).overrule(batch_id, number, "", "", request.state.who)


@_staff.get(
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


@_staff.get(
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
        page = downloads.summary(found, batch_id, messages(_language(request)))
        return Response(page, headers=headers, media_type=_FILES[file])
    rows = downloads.table if file == "results.csv" else downloads.lines
    return StreamingResponse(rows(found, batch_id), headers=headers, media_type=_FILES[file])


@_staff.delete(
    "/batches/{batch_id}",
    summary="Cancel a batch",
    response_model=Progress,
    responses=_STAFF_PROBLEMS,
)
def cancel(request: Request, batch_id: BatchId) -> Any:
    """What has not begun will not begin; the results so far stay."""
    _batches(request).known(batch_id)
    return _batches(request).cancel(batch_id)


@_open.head("/healthz", include_in_schema=False)
@_open.get("/healthz", summary="Whether this process answers")
async def healthz() -> dict[str, str]:
    """Always."""
    return {"status": "ok", "version": __version__}


@_open.head("/readyz", include_in_schema=False)
@_open.get("/readyz", summary="Whether pictures can be judged now", responses=_problems(503))
def readyz(request: Request) -> Any:
    """The queue answers and a warm worker was seen lately."""
    workers = request.app.state.counter.warm_workers()
    if not workers:
        return _problem(request, 503, "workers-none", {"Retry-After": str(RETRY_AFTER_S)})
    return {"status": "ok", "workers": workers}


@_meters.get(
    "/metrics",
    summary="Prometheus metrics",
    response_class=PlainTextResponse,
    responses=_problems(401, 403, 429, 503),
)
def metrics(request: Request) -> Response:
    """Of this process and of all workers."""
    body, media_type = request.app.state.counter.metrics()
    return Response(body, media_type=media_type)


@_portal.get("/codes", summary="What codes say", responses=_problems(401, 403, 422, 429, 503))
def codes(lang: Literal["zh", "en"] = "zh") -> dict[str, str]:
    """Each code's sentence about any picture, with `…` for what is measured."""
    return code_titles(messages(lang))


# --- the console --------------------------------------------------------------------------------


class ConsoleFiles(StaticFiles):
    """The console's pages, styles and modules as they lie in ``photo_service/console``."""

    def file_response(self, *args: Any, **options: Any) -> Response:
        """A file, or that it is unchanged, with the console's headers."""
        response = super().file_response(*args, **options)
        response.headers.update(_CONSOLE_HEADERS)
        return response


_CONSOLE = ConsoleFiles(packages=[("photo_service", "console")])


@_open.head("/", include_in_schema=False)
@_open.get("/", include_in_schema=False)
async def candidates_page(request: Request) -> Response:
    """For candidates and clerks."""
    return await _CONSOLE.get_response("index.html", request.scope)


@_open.head("/staff", include_in_schema=False)
@_open.get("/staff", include_in_schema=False)
async def staff_page(request: Request) -> Response:
    """For staff: batches."""
    return await _CONSOLE.get_response("staff.html", request.scope)


@_open.get("/console/messages.{language}.json", include_in_schema=False)
async def console_texts(request: Request, language: Literal["zh", "en"]) -> Response:
    """The console's sentences."""
    body = _dumps(texts(language)).encode()
    headers = {**_CONSOLE_HEADERS, "etag": f'"{sha256(body).hexdigest()}"'}
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")


def _dumps(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _json(content: Any, headers: dict[str, str] | None = None) -> Response:
    return Response(_dumps(content).encode(), headers=headers, media_type="application/json")


def _batches(request: Request) -> Batches:
    counter: Counter = request.app.state.counter
    return counter.batches


def _resolve(settings: Settings, kind: str, profile: str) -> profiles.Profile:
    """A profile by name; never a path from outside."""
    known = profiles.names(settings.profiles_dir)
    if profile and profile not in known:
        raise UsageError("profile-unknown", profile=profile[:40], known=", ".join(known))
    return profiles.resolve(kind[:40], profile or None, settings.profiles_dir)


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


# --- errors -------------------------------------------------------------------------------------

_PLAIN_CODES = {
    400: "request-bad",
    404: "place-unknown",
    405: "method-wrong",
    408: "body-slow",
    413: "body-too-large",
    415: "media-type-wrong",
}


async def _tell_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, PhotoServiceError)
    headers = {}
    status = error.http_status
    if status == 503:
        headers["Retry-After"] = str(RETRY_AFTER_S)
    if isinstance(error, RateError):
        headers["Retry-After"] = str(error.facts["seconds"])
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if status >= 500 and not isinstance(error, BusyError):
        log.warning("failed", extra={"code": error.code})
    return _problem(request, status, error.code, headers, **error.facts)


async def _tell_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = _PLAIN_CODES.get(error.status_code, "request-bad")
    limit = request.app.state.settings.max_file_bytes + FORM_ROOM
    headers = dict(error.headers or {})
    return _problem(request, error.status_code, code, headers, limit=limit >> 20)


async def _tell_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    names = sorted({str(each["loc"][-1]) for each in error.errors()})
    return _problem(request, 422, "fields-invalid", names=", ".join(names))


async def _tell_fault(request: Request, error: Exception) -> Response:
    return _problem(request, 500, "internal-error")


# --- the application ----------------------------------------------------------------------------


def create_app(settings: Settings) -> Frame:
    """The application, connected when it starts.

    Args:
        settings: with ``redis_url`` set.
    """
    # Pictures stay in memory: none is written to a temporary file.
    MultiPartParser.spool_max_size = settings.max_file_bytes + FORM_ROOM
    counter = Counter(settings)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        listening = asyncio.create_task(counter.listen())
        try:
            yield
        finally:
            listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await listening
            await counter.close()

    app = FastAPI(
        title="photo-service",
        version=__version__,
        description="Photo verification for a self-study-exam portal: accepted, rejected or for "
        "review, and why.",
        lifespan=lifespan,
        # Their pages come from a content network; this service works without one.
        docs_url=None,
        redoc_url=None,
    )
    app.state.settings = settings
    app.state.counter = counter
    for router in (_uploads, _portal, _staff, _meters, _open):
        app.include_router(router)
    app.mount("/console", _CONSOLE)
    app.add_exception_handler(PhotoServiceError, _tell_error)
    app.add_exception_handler(HTTPException, _tell_http)
    app.add_exception_handler(RequestValidationError, _tell_invalid)
    app.add_exception_handler(Exception, _tell_fault)
    return Frame(app, counter)


def run(settings: Settings, *, parent: int = 0) -> None:
    """Serve until told to stop; requests under way are answered first.

    Args:
        settings: with ``redis_url`` set.
        parent: a process whose end ends this one too.
    """
    logs.start("api")
    tracing.start(settings)
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(settings),
            host=settings.host,
            port=settings.port,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=settings.wait_s + 5,
        )
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        # The server raises the signal again when it has ended; that is no failure.
        signal.signal(number, lambda *_: None)
    if parent:
        threading.Thread(target=_follow, args=(server, parent), daemon=True).start()
    server.run()


def _follow(server: uvicorn.Server, parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    server.should_exit = True
