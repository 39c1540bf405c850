"""OpenTelemetry spans that follow a request through the queue into the worker.

Without the SDK, or without an endpoint, every call here does nothing.
"""

from __future__ import annotations

from opentelemetry import propagate, trace
from opentelemetry.trace import Tracer

from photo_service.errors import UsageError
from photo_service.settings import Settings


def tracer() -> Tracer:
    """Makes the spans of this program."""
    return trace.get_tracer("photo_service")


def carrier() -> dict[str, str]:
    """The current span, as text that travels with a job."""
    fields: dict[str, str] = {}
    propagate.inject(fields)
    return fields


def start(settings: Settings) -> None:
    """Send spans to the collector that the environment names, if any.

    Raises:
        UsageError: an endpoint is set but the SDK is not installed.
    """
    if not settings.otlp_endpoint:
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise UsageError("tracing-missing", why=str(error)) from error
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
