"""What workers do: plain functions, called by RQ by name with JSON arguments."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec

from opentelemetry import propagate
from rq import get_current_job
from rq.exceptions import AbandonedJobError
from rq.job import Job
from rq.utils import now

from photo_service.context import Context
from photo_service.errors import PhotoServiceError
from photo_service.profile import Profile, parse
from photo_service.render.drawings import drawings_of
from photo_service.rows import codes_of, error_of
from photo_service.service import examine, examine_set
from photo_service.service import set_aside as set_aside_report
from photo_service.settings import Settings
from workers import broker, meters, tracing, watchdog
from workers.batches import Batches
from workers.desk import Desk, Together, parted
from workers.logs import request_id

P = ParamSpec("P")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Bench:
    """What the jobs of this process work with."""

    connection: broker.Connection
    settings: Settings

    @property
    def desk(self) -> Desk:
        """Uploads."""
        return Desk(self.connection, self.settings)

    @property
    def batches(self) -> Batches:
        """Lists of pictures."""
        return Batches(self.connection, self.settings)


_bench: Bench | None = None


def install(connection: broker.Connection, settings: Settings) -> None:
    """Tell this process's jobs what to work with; once, before the first job."""
    global _bench  # noqa: PLW0603 - RQ calls functions by name and hands them nothing else
    _bench = Bench(connection, settings)


def bench() -> Bench:
    """What `install` was told."""
    if _bench is None:
        raise RuntimeError("workers.jobs.install was not called")
    return _bench


def _telling(job: Callable[P, None]) -> Callable[P, None]:
    """Log what goes wrong without the words of the exception."""

    @wraps(job)
    def told(*args: P.args, **options: P.kwargs) -> None:
        try:
            job(*args, **options)
        except Exception:
            log.exception("job failed")
            raise

    return told


@_telling
def verify_upload(upload_id: str) -> None:
    """Judge one upload and keep the report."""
    desk = bench().desk
    found = desk.upload(upload_id)
    if found is None:
        # Nobody waits any more: it was finished by another worker, or has waited too long.
        return
    ticket, data = found
    request_id.set(ticket.request_id)
    rules = parse(ticket.rules.encode(), ticket.profile)
    with tracing.tracer().start_as_current_span(
        "verify", propagate.extract(ticket.trace), attributes={"kind": rules.kind}
    ):
        report = _judge(
            data, rules, ticket.name, ticket.language, ticket.context, together=ticket.together
        )
    desk.finish(upload_id, report, keep=not ticket.context.drawings)
    _told(report)


@_telling
def verify_item(batch_id: str, number: int) -> None:
    """Judge one picture of a batch and add its row to the results."""
    batches = bench().batches
    about, item = batches.open_item(batch_id, number)
    if about is None or item is None:
        return
    request_id.set(about.request_id)
    try:
        data, context = batches.read(item)
        row = {"report": _judge(data, about.profile_of(item), item.path, about.language, context)}
        _told(row["report"])
    except PhotoServiceError as error:
        row = {"error": error_of(error, about.language)}
    batches.finish(batch_id, number, item, row)


@_telling
def order_batch(batch_id: str) -> None:
    """Put all pictures of a batch into the queue that are not there yet."""
    bench().batches.order_items(batch_id)


def set_aside(
    job: Job, connection: broker.Connection, kind: type[BaseException], error: BaseException, _: Any
) -> None:
    """Give up on a job that failed twice: a person shall look at its picture.

    RQ calls this after each failure, in the worker or in the pool that found the worker dead.
    """
    if job.retries_left:
        return
    code = "service-crashed" if issubclass(kind, AbandonedJobError) else "service-error"
    log.error("picture set aside", extra={"code": code, "error": kind.__name__})
    function = (job.func_name or "").rpartition(".")[2]
    settings = bench().settings
    if function == "verify_upload":
        desk = Desk(connection, settings)
        if found := desk.upload(job.args[0]):
            ticket, data = found
            rules = parse(ticket.rules.encode(), ticket.profile)
            aside = set_aside_report(data, rules, code, name=ticket.name)
            report = aside.to_dict(ticket.language)
            desk.finish(job.args[0], report, keep=code == "service-crashed")
            meters.count_report(connection, report, job.origin, 0.0)
    elif function == "verify_item":
        batches = Batches(connection, settings)
        about, item = batches.open_item(*job.args)
        if about is not None and item is not None:
            # The picture is not opened again: it may be what killed two workers.
            aside = set_aside_report(None, about.profile_of(item), code, name=item.path)
            row = {"report": aside.to_dict(about.language)}
            batches.finish(job.args[0], job.args[1], item, row)
            meters.count_report(connection, row["report"], job.origin, 0.0)


def _judge(
    data: bytes,
    rules: Profile,
    name: str,
    language: str,
    context: Context,
    *,
    together: Together = (),
) -> dict[str, Any]:
    """Judge a picture or an archive, or the files in ``data`` that belong together.

    The watchdog gives each file the time of one.
    """
    settings = bench().settings
    options: dict[str, Any] = {
        "profile": rules,
        "context": context,
        "settings": settings,
        "tick": watchdog.again,
    }
    if together:
        examination = examine_set(parted(data, together), rules.kind, **options)
    else:
        examination = examine(data, rules.kind, name=name, **options)
    report = examination.report.to_dict(language)
    if context.drawings:
        report["drawings"] = drawings_of(examination, language, font=settings.font)
    return report


def _told(report: dict[str, Any]) -> None:
    job = get_current_job()
    waited, queue = 0.0, ""
    if job is not None:
        queue = job.origin
    if job is not None and job.enqueued_at is not None and job.started_at is not None:
        total = report["timings_ms"].get("total", 0.0) / 1e3
        waited = max((now() - job.enqueued_at).total_seconds() - total, 0.0)
    meters.count_report(bench().connection, report, queue, waited)
    log.info(
        "judged",
        extra={
            "kind": report["kind"],
            "decision": report["decision"],
            "codes": sorted(set(codes_of({"report": report}))),
            "waited_ms": round(1e3 * waited, 1),
            "took_ms": report["timings_ms"].get("total"),
        },
    )
