"""Around every request: its id, the headers of every answer, one log line, its time."""

from __future__ import annotations

import logging
import re
import time
from uuid import uuid4

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workers import logs, tracing
from workers.counter import Counter

log = logging.getLogger(__name__)

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
            # The answer is `tell_fault`'s.
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
