"""The console's pages, styles, modules and sentences."""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from starlette.staticfiles import StaticFiles

from photo_service.render.console import texts
from photo_service.render.printed import style_source
from routes.answers import dumps

# Of the console's own files: nothing from elsewhere, no script inside a page, no style but that of
# a report to print, which is shown in a frame.
_CONSOLE_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; "
    f"style-src 'self' {style_source()}; img-src 'self' blob: data:; connect-src 'self'; "
    "media-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "permissions-policy": "camera=(self), microphone=(), geolocation=(), payment=(), usb=()",
    "cache-control": "no-cache",
}


class ConsoleFiles(StaticFiles):
    """The console's pages, styles and modules as they lie in ``photo_service/console``."""

    def file_response(self, *args: Any, **options: Any) -> Response:
        """A file, or that it is unchanged, with the console's headers."""
        response = super().file_response(*args, **options)
        response.headers.update(_CONSOLE_HEADERS)
        return response


FILES = ConsoleFiles(packages=[("photo_service", "console")])

pages = APIRouter()


@pages.head("/", include_in_schema=False)
@pages.get("/", include_in_schema=False)
async def candidates_page(request: Request) -> Response:
    """For candidates and clerks."""
    return await FILES.get_response("index.html", request.scope)


@pages.head("/staff", include_in_schema=False)
@pages.get("/staff", include_in_schema=False)
async def staff_page(request: Request) -> Response:
    """For staff: batches."""
    return await FILES.get_response("staff.html", request.scope)


@pages.get("/console/messages.{language}.json", include_in_schema=False)
async def console_texts(request: Request, language: Literal["zh", "en"]) -> Response:
    """The console's sentences."""
    body = dumps(texts(language)).encode()
    headers = {**_CONSOLE_HEADERS, "etag": f'"{sha256(body).hexdigest()}"'}
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")
