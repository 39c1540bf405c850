"""The HTTP door: uploads and batches in, reports out. Judges nothing itself.

`create_app` makes the application, `run` serves it. Every error is ``application/problem+json``
with a code, a sentence and a remedy in the caller's language.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
import time
from collections.abc import AsyncIterator

import uvicorn
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartParser

from photo_service.errors import PhotoServiceError
from photo_service.settings import Settings
from photo_service.version import __version__
from routes.answers import tell_error, tell_fault, tell_http, tell_invalid
from routes.batches import judged, staff
from routes.console import FILES, pages
from routes.frame import Frame
from routes.guard import FORM_ROOM
from routes.operation import meters, probes
from routes.uploads import portal, uploads
from workers import logs, tracing
from workers.counter import Counter


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
    for router in (uploads, portal, staff, judged, meters, probes, pages):
        app.include_router(router)
    app.mount("/console", FILES)
    app.add_exception_handler(PhotoServiceError, tell_error)
    app.add_exception_handler(HTTPException, tell_http)
    app.add_exception_handler(RequestValidationError, tell_invalid)
    app.add_exception_handler(Exception, tell_fault)
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
