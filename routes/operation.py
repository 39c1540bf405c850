"""Whether the service lives and can judge, and its metrics."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from photo_service.version import __version__
from routes.answers import RETRY_AFTER_S, problem, problems
from routes.guard import KEY, guarded
from workers.access import Role

meters = APIRouter(
    route_class=guarded(Role.METRICS, Role.STAFF), tags=["operation"], dependencies=KEY
)

probes = APIRouter(tags=["operation"])


@probes.head("/healthz", include_in_schema=False)
@probes.get("/healthz", summary="Whether this process answers")
async def healthz() -> dict[str, str]:
    """Always."""
    return {"status": "ok", "version": __version__}


@probes.head("/readyz", include_in_schema=False)
@probes.get("/readyz", summary="Whether pictures can be judged now", responses=problems(503))
def readyz(request: Request) -> Any:
    """The queue answers and a warm worker was seen lately."""
    workers = request.app.state.counter.warm_workers()
    if not workers:
        return problem(request, 503, "workers-none", {"Retry-After": str(RETRY_AFTER_S)})
    return {"status": "ok", "workers": workers}


@meters.get(
    "/metrics",
    summary="Prometheus metrics",
    response_class=PlainTextResponse,
    responses=problems(401, 403, 429, 503),
)
def metrics(request: Request) -> Response:
    """Of this process and of all workers."""
    body, media_type = request.app.state.counter.metrics()
    return Response(body, media_type=media_type)
