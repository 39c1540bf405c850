"""Pictures in, reports out: for the portal and everyone else with a key."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, File, Form, Query, Request, Response, UploadFile
from fastapi import Path as PathParameter
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from photo_service import profile as profiles
from photo_service.context import MOST_CHARACTERS, Context, Fields
from photo_service.errors import UsageError
from photo_service.messages import LANGUAGES, messages
from photo_service.render.printed import printed
from photo_service.render.rules import rules, summary
from photo_service.render.summary import code_titles
from photo_service.settings import Settings
from photo_service.version import __version__
from routes.answers import (
    RETRY_AFTER_S,
    json_answer,
    language_of,
    printed_answer,
    problem,
    problems,
    resolve_profile,
)
from routes.guard import ID_PATTERN, KEY, guarded
from workers import logs
from workers.access import Role
from workers.counter import Counter
from workers.desk import Upload

MOST_WAIT_S = 60


class Pending(BaseModel):
    """An upload that has no report yet."""

    id: str = Field(examples=["0f8fad5bd9cb469fa165708677289501"])
    state: Literal["pending"] = "pending"


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

REPORT: dict[str, Any] = {
    "description": "The report; a rejected picture is a normal answer.",
    "content": {"application/json": {"schema": {"type": "object"}, "example": _REPORT_EXAMPLE}},
}

_JUDGED: dict[int | str, dict[str, Any]] = {
    200: REPORT,
    202: {"model": Pending, "description": "No report within `wait`; see Location."},
    **problems(400, 401, 403, 408, 413, 422, 429, 503),
}

portal = APIRouter(
    prefix="/v1",
    route_class=guarded(Role.PORTAL, Role.STAFF),
    tags=["verification"],
    dependencies=KEY,
)

uploads = APIRouter(
    prefix="/v1",
    route_class=guarded(Role.PORTAL, Role.STAFF, upload=True),
    tags=["verification"],
    dependencies=KEY,
)

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
    rule_file = resolve_profile(settings, kind, profile)
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
        language=lang or language_of(request),
        context=context,
        wait_s=settings.wait_s if given is None else given,
    )


AskedForm = Annotated[Asked, Depends(_asked)]

Picture = Annotated[UploadFile, File(description="the picture")]


@uploads.post(
    "/verifications",
    summary="Judge one picture",
    response_class=JSONResponse,
    responses=_JUDGED,
)
async def verify(request: Request, file: Picture, asked: AskedForm) -> Response:
    """The report of one picture, within `wait` seconds (10 by default) or later.

    The same picture under the same rules and expectations is judged once and remembered.
    """
    return await _answer(request, await _one(file, asked), asked)


@uploads.post(
    "/applications",
    summary="Judge several files of one application",
    response_class=JSONResponse,
    responses=_JUDGED,
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
    return await _answer(request, await _several(files, asked), asked)


@uploads.post(
    "/reports",
    summary="Judge one picture, for a page to print",
    response_class=HTMLResponse,
    responses={
        202: {"model": Pending, "description": "No report within `wait`; ask again."},
        **problems(400, 401, 403, 408, 413, 422, 429, 503),
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
    return printed_answer(page)


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


async def _answer(request: Request, upload: Upload, asked: Asked) -> Response:
    report = await _ask(request, upload, asked)
    if report is None:
        return _pending(upload.id)
    return json_answer(report, {"Content-Location": _place(upload.id)})


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


@portal.get(
    "/verifications/{verification_id}",
    summary="Report of an earlier upload",
    responses={200: REPORT, 202: {"model": Pending}, **problems(401, 403, 404, 422, 429, 503)},
    response_class=JSONResponse,
)
async def verification(
    request: Request, verification_id: Annotated[str, PathParameter(pattern=ID_PATTERN)]
) -> Response:
    """200 with the report, 202 while it is not there yet, 404 when it is not known (any more)."""
    counter: Counter = request.app.state.counter
    report, pending = await run_in_threadpool(counter.look, verification_id)
    if report is not None:
        return json_answer(report)
    if pending:
        waiting = Pending(id=verification_id).model_dump()
        return JSONResponse(waiting, 202, headers={"Retry-After": str(RETRY_AFTER_S)})
    return problem(request, 404, "verification-unknown")


@portal.get("/profiles", summary="All rule files", responses=problems(401, 403, 429, 503))
def all_profiles(request: Request) -> list[dict[str, Any]]:
    """Kind, name, version, title and hash of each; kind by kind, each kind's own first."""
    folder: Path | None = request.app.state.settings.profiles_dir
    found = [profiles.find(name, folder) for name in profiles.names(folder)]
    places = {kind: place for place, kind in enumerate(profiles.kinds())}
    found.sort(
        key=lambda profile: (places.get(profile.kind, len(places)), profile.name != profile.kind)
    )
    return [summary(profile) for profile in found]


@portal.get(
    "/profiles/{kind}",
    summary="The rules of a kind",
    responses=problems(401, 403, 422, 429, 503),
)
def one_profile(
    request: Request, kind: str, profile: str = "", lang: Literal["zh", "en"] | None = None
) -> dict[str, Any]:
    """Every rule with its clause, limits, defects and remedies; in both languages or in one."""
    languages = LANGUAGES if lang is None else (lang,)
    return rules(resolve_profile(request.app.state.settings, kind, profile), languages)


@portal.get("/codes", summary="What codes say", responses=problems(401, 403, 422, 429, 503))
def codes(lang: Literal["zh", "en"] = "zh") -> dict[str, str]:
    """Each code's sentence about any picture, with `…` for what is measured."""
    return code_titles(messages(lang))
