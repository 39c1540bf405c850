"""Who may pass, how often, and how much: looked at before a body is read."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from fastapi import Request, Response, Security
from fastapi.routing import APIRoute
from fastapi.security import APIKeyHeader, HTTPBearer
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.types import Message

from photo_service.errors import PhotoServiceError
from photo_service.settings import MEBIBYTE
from workers.access import Role
from workers.counter import Counter, within_reach

# Beyond the picture itself: the other form fields and the boundaries.
FORM_ROOM = MEBIBYTE


# A body may pause no longer.
SILENCE_S = 20

ID_PATTERN = r"^[0-9a-f]{32}$"


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


KEY = [
    Security(HTTPBearer(auto_error=False, description="an API key")),
    Security(APIKeyHeader(name="X-API-Key", auto_error=False, description="an API key")),
]
