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
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import uuid4

import uvicorn
from fastapi import (
    APIRouter,
    FastAPI,
    File,
    Form,
    Query,
    Request,
    Response,
    Security,
    UploadFile,
)
from fastapi import Path as PathParameter
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, StreamingResponse
from fastapi.routing import APIRoute
from fastapi.security import APIKeyHeader, HTTPBearer
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartParser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from photo_service import profile as profiles
from photo_service.context import MOST_CHARACTERS, Context, Fields
from photo_service.errors import PhotoServiceError, UsageError
from photo_service.messages import LANGUAGES, messages
from photo_service.render.rules import rules, summary
from photo_service.settings import MEBIBYTE, Settings
from photo_service.version import __version__
from workers import logs, tracing
from workers.access import Role
from workers.batches import item_of, read_manifest
from workers.counter import Counter, RateError
from workers.desk import BusyError, Upload

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
    total: int = Field(examples=[500])
    done: int = Field(examples=[123])
    counts: dict[str, int] = Field(
        examples=[{"accepted": 100, "rejected": 12, "review": 11, "unreadable": 0}]
    )


_REPORT_EXAMPLE: dict[str, Any] = {
    "schema": "photo-report/1",
    "service": {"name": "photo-service", "version": __version__},
    "kind": "graduation",
    "profile": {"name": "graduation", "sha256": "9f…"},
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
_BATCH_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["items"],
                    "properties": {
                        "items": {
                            "type": "array",
                            "minItems": 1,
                            "items": {
                                "oneOf": [
                                    {"type": "string", "minLength": 1},
                                    {
                                        "type": "object",
                                        "required": ["path"],
                                        "properties": {
                                            name: {"type": "string"}
                                            for name in (
                                                "path", "kind", "profile", "reference", "name",
                                                "number", "type", "id",
                                            )
                                        },
                                        "additionalProperties": False,
                                    },
                                ]
                            },
                        }
                    },
                    "additionalProperties": False,
                },
                "example": {"items": ["2026/0001.jpg", {"path": "2026/0002.jpg", "id": "0002"}]},
            },
            "text/csv": {
                "schema": {"type": "string"},
                "example": "path,kind,reference,name,number\n2026/0001.jpg,graduation,,,\n",
            },
        },
    }
}  # fmt: skip


def _problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {
        status: {
            "model": Problem,
            "description": HTTPStatus(status).phrase,
            "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in statuses
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
                headers += _HEADERS.items()
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
                await run_in_threadpool(counter.admit, secret, roles, upload=upload)
                limit = request.app.state.settings.max_file_bytes + FORM_ROOM
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

Language = Annotated[Literal["zh", "en"] | None, Form(description="of the report's sentences")]
Expected = Annotated[str, Form(max_length=MOST_CHARACTERS)]


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
async def verify(
    request: Request,
    file: Annotated[UploadFile, File(description="the picture")],
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
    wait: Annotated[int | None, Form(ge=0, le=MOST_WAIT_S, description="seconds")] = None,
    wait_asked: Annotated[
        int | None, Query(alias="wait", ge=0, le=MOST_WAIT_S, description="seconds, as well")
    ] = None,
) -> Response:
    """The report of one picture, within `wait` seconds (10 by default) or later.

    The same picture under the same rules and expectations is judged once and remembered.
    """
    counter: Counter = request.app.state.counter
    settings: Settings = request.app.state.settings
    rule_file = _resolve(settings, kind, profile)
    name = file.filename or ""
    upload = Upload(
        data=await file.read(),
        profile=rule_file,
        language=lang or _language(request),
        name=name,
        context=Context(
            expect_name=expect_name,
            expect_number=expect_number,
            expect_type=expect_type,
            reference=(await reference.read() or None) if reference is not None else None,
            fields=fields,
        ),
        request_id=logs.request_id.get(),
    )
    given = wait if wait is not None else wait_asked
    wait_s = settings.wait_s if given is None else given
    report = await counter.ask(upload, wait_s)
    place = f"/v1/verifications/{upload.id}"
    if report is None:
        return JSONResponse(
            Pending(id=upload.id).model_dump(),
            202,
            headers={"Location": place, "Retry-After": str(RETRY_AFTER_S)},
        )
    # A remembered report may have been made of the same bytes under another name.
    report["image"]["name"] = name
    return _json(report, {"Content-Location": place})


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
def one_profile(request: Request, kind: str, profile: str = "") -> dict[str, Any]:
    """Every rule with its clause, limits, defects and remedies, in Chinese and English."""
    return rules(_resolve(request.app.state.settings, kind, profile))


@_staff.post(
    "/batches",
    status_code=202,
    summary="Judge a list of pictures",
    response_model=Progress,
    responses=_problems(400, 401, 403, 408, 413, 415, 422, 429, 503),
    openapi_extra=_BATCH_BODY,
)
async def start_batch(
    request: Request,
    response: Response,
    kind: Annotated[str, Query(examples=["graduation"])],
    profile: str = "",
    lang: Literal["zh", "en"] | None = None,
) -> Any:
    """Pictures are read by the workers from the configured roots."""
    counter: Counter = request.app.state.counter
    settings: Settings = request.app.state.settings
    items = await _items(request)
    rule_file = _resolve(settings, kind, profile)
    asked = {(item.kind, item.profile) for item in items}
    rule_files = {each: _resolve(settings, each[0] or kind, each[1] or profile) for each in asked}
    progress = await run_in_threadpool(
        counter.batches.create, items, rule_file, rule_files, lang or _language(request)
    )
    response.headers["Location"] = f"/v1/batches/{progress['id']}"
    return progress


@_staff.get(
    "/batches/{batch_id}",
    summary="How far a batch is",
    response_model=Progress,
    responses=_problems(401, 403, 404, 422, 429, 503),
)
def batch(request: Request, batch_id: Annotated[str, PathParameter(pattern=_ID)]) -> Any:
    """State and counts."""
    found = request.app.state.counter.batches.progress(batch_id)
    return found or _problem(request, 404, "batch-unknown")


@_staff.get(
    "/batches/{batch_id}/results",
    summary="Results as they come",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "One JSON object a line: number, path, id, and report or error.",
            "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
        },
        **_problems(401, 403, 404, 422, 429, 503),
    },
)
async def results(
    request: Request, batch_id: Annotated[str, PathParameter(pattern=_ID)]
) -> Response:
    """All rows so far, then each further one as it comes; ends with the batch."""
    counter: Counter = request.app.state.counter
    if await run_in_threadpool(counter.batches.progress, batch_id) is None:
        return _problem(request, 404, "batch-unknown")

    async def lines() -> AsyncIterator[bytes]:
        try:
            async for row in counter.rows(batch_id):
                # An empty line is no row; it finds out whether anyone still reads.
                yield b"\n" if row is None else _dumps(row).encode() + b"\n"
        except PhotoServiceError as error:
            # Too late for a status: the reader has fewer rows than the batch has pictures.
            log.warning("failed", extra={"code": error.code})

    return StreamingResponse(lines(), media_type="application/x-ndjson")


@_staff.delete(
    "/batches/{batch_id}",
    summary="Cancel a batch",
    response_model=Progress,
    responses=_problems(401, 403, 404, 422, 429, 503),
)
def cancel(request: Request, batch_id: Annotated[str, PathParameter(pattern=_ID)]) -> Any:
    """What has not begun will not begin; the results so far stay."""
    found = request.app.state.counter.batches.cancel(batch_id)
    return found or _problem(request, 404, "batch-unknown")


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


def _dumps(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _json(content: Any, headers: dict[str, str] | None = None) -> Response:
    return Response(_dumps(content).encode(), headers=headers, media_type="application/json")


def _resolve(settings: Settings, kind: str, profile: str) -> profiles.Profile:
    """A profile by name; never a path from outside."""
    known = profiles.names(settings.profiles_dir)
    if profile and profile not in known:
        raise UsageError("profile-unknown", profile=profile[:40], known=", ".join(known))
    return profiles.resolve(kind[:40], profile or None, settings.profiles_dir)


async def _items(request: Request) -> list[Any]:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await request.body()
    if media_type == "text/csv":
        try:
            return read_manifest(body.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise UsageError("manifest-encoding") from error
    if media_type not in ("application/json", ""):
        raise HTTPException(415)
    try:
        given = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise UsageError("json-bad") from error
    if (
        not isinstance(given, dict)
        or set(given) != {"items"}
        or not isinstance(given["items"], list)
    ):
        raise UsageError("batch-items")
    items = []
    for number, item in enumerate(given["items"], 1):
        if not isinstance(item, str | dict):
            raise UsageError("batch-items")
        items.append(item_of({"path": item} if isinstance(item, str) else item, number))
    return items


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
