"""What goes out of the HTTP door: JSON, and errors with their remedy in the caller's language."""

from __future__ import annotations

import json
import logging
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from photo_service import profile as profiles
from photo_service.errors import PhotoServiceError, UsageError
from photo_service.messages import LANGUAGES, messages
from photo_service.render.printed import style_source
from photo_service.settings import Settings
from routes.guard import FORM_ROOM
from workers import logs
from workers.counter import RateError
from workers.desk import BusyError

log = logging.getLogger(__name__)

RETRY_AFTER_S = 2

PROBLEM = "application/problem+json"


# Of a report to print: its pictures and its one style lie in the page itself.
_PRINTED_POLICY = (
    f"default-src 'none'; img-src data:; style-src {style_source()}; frame-ancestors 'none'"
)


class Problem(BaseModel):
    """An error, RFC 9457, with its remedy."""

    type: str = Field(examples=["urn:photo-service:error:kind-unknown"])
    title: str = Field(examples=["Unprocessable Entity"])
    status: int = Field(examples=[422])
    code: str = Field(examples=["kind-unknown"])
    detail: str = Field(examples=["没有 passport 这一类照片的规则。"])
    advice: str = Field(examples=["可选：graduation, id_card"])
    request: str = Field(examples=["6f1c2a9e"])


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """How the interface's description tells that these statuses carry problems."""
    return {
        status: {
            "model": Problem,
            "description": HTTPStatus(status).phrase,
            "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in statuses
    }


def problem(
    request: Request, status: int, code: str, headers: dict[str, str] | None = None, **facts: object
) -> Response:
    """An error's answer: code, sentence and remedy in the caller's language."""
    text = messages(language_of(request))
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
    data = dumps(body.model_dump()).encode("utf-8", "replace")
    return Response(data, status, headers=headers, media_type=PROBLEM)


def language_of(request: Request) -> str:
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


def printed_answer(page: str) -> Response:
    """A report to print, under its own policy."""
    return HTMLResponse(page, headers={"Content-Security-Policy": _PRINTED_POLICY})


def dumps(content: Any) -> str:
    """Compact JSON, Chinese as it is."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def json_answer(content: Any, headers: dict[str, str] | None = None) -> Response:
    """Content as JSON, without another look at its types."""
    return Response(dumps(content).encode(), headers=headers, media_type="application/json")


def resolve_profile(settings: Settings, kind: str, profile: str) -> profiles.Profile:
    """A profile by name; never a path from outside."""
    known = profiles.names(settings.profiles_dir)
    if profile and profile not in known:
        raise UsageError("profile-unknown", profile=profile[:40], known=", ".join(known))
    return profiles.resolve(kind[:40], profile or None, settings.profiles_dir)


_PLAIN_CODES = {
    400: "request-bad",
    404: "place-unknown",
    405: "method-wrong",
    408: "body-slow",
    413: "body-too-large",
    415: "media-type-wrong",
}


async def tell_error(request: Request, error: Exception) -> Response:
    """An error that has a code of ours."""
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
    return problem(request, status, error.code, headers, **error.facts)


async def tell_http(request: Request, error: Exception) -> Response:
    """An error of the framework's."""
    assert isinstance(error, HTTPException)
    code = _PLAIN_CODES.get(error.status_code, "request-bad")
    limit = request.app.state.settings.max_file_bytes + FORM_ROOM
    headers = dict(error.headers or {})
    return problem(request, error.status_code, code, headers, limit=limit >> 20)


async def tell_invalid(request: Request, error: Exception) -> Response:
    """A form or an address that does not fit the interface."""
    assert isinstance(error, RequestValidationError)
    names = sorted({str(each["loc"][-1]) for each in error.errors()})
    return problem(request, 422, "fields-invalid", names=", ".join(names))


async def tell_fault(request: Request, error: Exception) -> Response:
    """Our own fault."""
    return problem(request, 500, "internal-error")
