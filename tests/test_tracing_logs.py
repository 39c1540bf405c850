"""What the service tells of itself: one request's way through all processes, and nobody's data."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from api import create_app
from photo_service.errors import UsageError
from photo_service.settings import Settings
from tests.service import (
    BATCHES,
    NOWHERE,
    REJECTED,
    SLOWEST_S,
    VERIFICATIONS,
    Service,
    Valkey,
    as_problem,
    finished,
    fresh,
    judged,
    picture,
    post,
    start_batch,
    until,
    valkey,
)
from workers import broker, jobs, logs, tracing

# What a person or a file would be known by; each is found again wherever it were written.
NAME, NUMBER, TYPE, FILE = "欧阳试验", "110105194912310021", "telltale-type", "telltale-file"
TELLTALES = (NAME, NUMBER, TYPE, FILE)


@pytest.fixture
def queue(service: Service) -> Iterator[Any]:
    connection = broker.connect(service.redis_url)
    yield connection
    connection.close()


# --- one request's way --------------------------------------------------------------------------


def test_the_request_id_goes_into_the_worker(service: Service) -> None:
    answer = service.client.post(
        VERIFICATIONS,
        files={"file": ("photo.jpg", fresh(REJECTED))},
        data={"kind": "graduation"},
        headers={"X-Request-ID": "way-of-one"},
    )
    assert answer.headers["x-request-id"] == "way-of-one"
    until(lambda: judged(service.process, "way-of-one"), SLOWEST_S)
    (told,) = judged(service.process, "way-of-one")
    assert told["process"] == "worker"
    assert told["decision"] == answer.json()["decision"]
    sent_away = {each["code"] for each in answer.json()["findings"] if each["effect"] != "none"}
    assert told["codes"] == sorted(sent_away)
    assert told["took_ms"] > 0

    def answers() -> list[dict[str, Any]]:
        told = service.process.records("answered")
        return [each for each in told if each.get("request") == "way-of-one"]

    # Written once the answer has left.
    until(answers, SLOWEST_S)
    (answered,) = answers()
    assert answered["process"] == "api"
    assert (answered["route"], answered["status"]) == (VERIFICATIONS, 200)
    assert answered["took_ms"] >= told["took_ms"]


def test_a_batch_carries_its_request_id(service: Service) -> None:
    (service.root / "one.jpg").write_bytes(picture())
    begun = service.client.post(
        BATCHES,
        params={"kind": "graduation"},
        json={"items": ["one.jpg"] * 2},
        headers={"X-Request-ID": "way-of-many"},
    ).json()
    finished(service.client, begun["id"])
    until(lambda: len(judged(service.process, "way-of-many")) == 2, SLOWEST_S)


def test_each_request_has_a_line_with_its_own_id(service: Service) -> None:
    identities = [f"line-{number}" for number in range(5)]
    for identity in identities:
        service.client.get("/v1/profiles", headers={"X-Request-ID": identity})

    def lines() -> list[str]:
        told = [each.get("request", "") for each in service.process.records("answered")]
        return [each for each in told if each.startswith("line-")]

    until(lambda: len(lines()) >= len(identities), SLOWEST_S)
    assert lines() == identities


def test_every_line_of_the_log_is_an_object(service: Service) -> None:
    post(service.client, fresh())
    lines = service.process.log().splitlines()
    assert lines
    for line in lines:
        record = json.loads(line)
        assert {"time", "level", "logger", "message", "process"} <= set(record)
        assert record["process"] in {"api", "pool", "worker"}


# --- nobody's data ------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def told_everything(service: Service) -> Service:
    """After requests that carry telltales wherever one can be put."""
    client = service.client
    sealed = {"expect_name": NAME, "expect_number": NUMBER, "expect_type": TYPE}
    path = f"?lang=en&{FILE}={NUMBER}"
    for data in (fresh(), fresh(REJECTED), FILE.encode(), picture()[:5000] + NAME.encode()):
        answer = post(client, data, name=f"{NAME}-{FILE}.jpg", path=path, **sealed)
        assert answer.status_code == 200
    for fields in ({"kind": NAME}, {"profile": f"/home/{NAME}"}, {"lang": NUMBER}, {NAME: NUMBER}):
        post(client, fresh(), name=f"{FILE}.jpg", **{**sealed, **fields})
    client.get(f"/{FILE}/{NUMBER}", headers={"User-Agent": NUMBER, "Referer": f"http://{FILE}/"})
    client.get(f"{VERIFICATIONS}/{NUMBER}")
    client.get(f"/v1/profiles/{NUMBER}", headers={"Accept-Language": FILE})
    client.get("/healthz", headers={"X-Request-ID": f"{NUMBER} {FILE}"})
    client.request(FILE.upper(), VERIFICATIONS)
    client.get(VERIFICATIONS, headers={"Authorization": f"Bearer {NUMBER}"})
    client.post(
        VERIFICATIONS,
        content=f'--x\r\nContent-Disposition: form-data; name="{FILE}"\r\n{NUMBER}'.encode(),
        headers={"Content-Type": f"multipart/form-data; boundary=x; {FILE}={NUMBER}"},
    )
    (service.root / f"{NAME}-{FILE}.jpg").write_bytes(picture())
    about = {"name": NAME, "number": NUMBER, "type": TYPE}
    items: list[str | dict[str, str]] = [
        {"path": f"{NAME}-{FILE}.jpg", **about},
        {"path": f"{NUMBER}/{FILE}.jpg", **about},
        {"path": f"{NAME}-{FILE}.jpg", "reference": f"{NUMBER}-{FILE}.jpg", **about},
    ]
    begun = start_batch(service, items).json()
    assert finished(client, begun["id"])["done"] == len(items)
    start_batch(service, [f"../{NAME}"])
    client.post(
        BATCHES,
        params={"kind": "graduation"},
        content=f"path,{NAME}\n{NUMBER},{FILE}\n".encode(),
        headers={"Content-Type": "text/csv"},
    )
    # The one worker has nothing more to tell once it has told of this.
    last = post(client, fresh()).headers["x-request-id"]
    until(lambda: judged(service.process, last), SLOWEST_S)
    return service


@pytest.mark.parametrize("telltale", TELLTALES)
def test_logs_hold_nobody_s_data(told_everything: Service, telltale: str) -> None:
    log = told_everything.process.log().lower()
    written = (telltale, json.dumps(telltale).strip('"'), repr(telltale.encode())[2:-1])
    assert [line for line in log.splitlines() if any(each in line for each in written)] == []


def test_logs_hold_no_key(told_everything: Service) -> None:
    log = told_everything.process.log()
    assert not any(secret in log for secret in told_everything.keys.values())


@pytest.mark.parametrize("telltale", TELLTALES)
def test_metrics_hold_nobody_s_data(told_everything: Service, telltale: str) -> None:
    metrics = told_everything.client.get("/metrics").text.lower()
    assert [line for line in metrics.splitlines() if telltale in line] == []


def test_metrics_do_not_grow_with_what_strangers_say(service: Service) -> None:
    def lines() -> int:
        return len(service.client.get("/metrics").text.splitlines())

    with httpx.Client(base_url=service.url) as stranger:
        for method in ("ANY", "GET"):
            stranger.request(method, "/nowhere")
        before = lines()
        for number in range(20):
            stranger.request(f"ODD{number}", f"/nowhere/{number}")
    assert lines() == before


@pytest.mark.usefixtures("told_everything")
def test_the_queue_forgets_pictures_names_and_numbers(queue: Any) -> None:
    kept = {key: _values(queue, key) for key in queue.scan_iter()}
    assert not any(key.startswith((b"photo:upload:", b"photo:waiting:")) for key in kept)
    for telltale in (NUMBER, TYPE):
        # Paths that hold a number are the staff's own; results give them back.
        holding = {
            key
            for key, values in kept.items()
            if not key.endswith((b":rows", b":order"))
            and any(telltale.encode() in each for each in values)
        }
        assert holding == set()
    picture_bytes = picture()[2000:2064]
    assert not any(picture_bytes in each for values in kept.values() for each in values)


@pytest.mark.usefixtures("told_everything")
def test_everything_about_a_request_has_an_end(queue: Any) -> None:
    def lasting() -> set[bytes]:
        return {key for key in queue.scan_iter() if queue.ttl(key) == -1}

    # Jobs, too, are gone as soon as they have run; the rest is a list of what there is at all.
    until(lambda: not any(key.startswith(b"rq:job:") for key in lasting()), SLOWEST_S)
    assert {key for key in lasting() if not key.startswith(b"rq:")} <= {
        b"photo:meters",
        b"photo:batches",
    }


def _values(queue: Any, key: bytes) -> list[bytes]:
    found: dict[bytes, Callable[[], list[bytes]]] = {
        b"string": lambda: [queue.get(key)],
        b"hash": lambda: [part for pair in queue.hgetall(key).items() for part in pair],
        b"list": lambda: queue.lrange(key, 0, -1),
        b"set": lambda: list(queue.smembers(key)),
        b"zset": lambda: queue.zrange(key, 0, -1),
        b"stream": lambda: [each for _, row in queue.xrange(key) for each in row.values()],
        b"none": list,
    }
    return [_inflated(each) for each in found[queue.type(key)]()]


def _inflated(value: bytes) -> bytes:
    try:
        return zlib.decompress(value)
    except zlib.error:
        return value


# --- faults -------------------------------------------------------------------------------------


@pytest.fixture
def log_stream(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What this process would log as the API."""
    stream = io.StringIO()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    monkeypatch.setattr("sys.stderr", stream)
    logs.start("api")
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)


def test_an_exception_is_logged_without_its_text(log_stream: io.StringIO) -> None:
    token = logs.request_id.set("some-request")
    try:
        raise ValueError(f"{NAME} {NUMBER}")
    except ValueError:
        logging.getLogger("test").exception("failed")
    finally:
        logs.request_id.reset(token)
    record = json.loads(log_stream.getvalue())
    assert record["request"] == "some-request"
    assert "ValueError" in record["exc_info"]
    assert "test_tracing_logs" in record["exc_info"]
    assert NAME not in log_stream.getvalue()
    assert NUMBER not in log_stream.getvalue()


def test_our_own_fault_is_answered_and_logged_like_everything(
    log_stream: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(Settings(Path(), redis_url="unix:///nowhere", language="en"))

    def fault(_: object) -> None:
        raise RuntimeError(NUMBER)

    monkeypatch.setattr("routes.uploads.profiles.names", fault)

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.get("/v1/profiles", headers={"X-Request-ID": "the-fault"})

    answer = asyncio.run(ask())
    assert answer.headers["x-request-id"] == "the-fault"
    assert as_problem(answer, 500, "internal-error")["request"] == "the-fault"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert NUMBER not in answer.text
    assert NUMBER not in log_stream.getvalue()
    records = [json.loads(line) for line in log_stream.getvalue().splitlines()]
    (told,) = [each for each in records if "exc_info" in each]
    assert told["request"] == "the-fault"
    (answered,) = [each for each in records if each["message"] == "answered"]
    assert answered["status"] == 500


# --- spans --------------------------------------------------------------------------------------


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    """The spans of this process, in the order of their ends."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(tracing, "tracer", lambda: provider.get_tracer("test"))
    yield exporter
    provider.shutdown()


@pytest.fixture
def own_queue(tmp_path: Path) -> Iterator[Valkey]:
    with valkey(tmp_path) as server:
        yield server


def test_a_span_goes_through_the_queue(
    spans: InMemorySpanExporter,
    own_queue: Valkey,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = replace(settings, redis_url=own_queue.url)
    app = create_app(here)

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://test"
        ) as client:
            return await client.post(
                f"{VERIFICATIONS}?wait=0",
                files={"file": (f"{FILE}.jpg", picture())},
                data={"kind": "graduation", "expect_name": NAME},
            )

    answer = asyncio.run(ask())
    assert answer.status_code == 202
    # As another process would: with nothing but what the queue carries.
    assert not trace.get_current_span().get_span_context().is_valid
    connection = broker.connect(own_queue.url)
    monkeypatch.setattr(jobs, "_bench", None)
    jobs.install(connection, here)
    jobs.verify_upload(answer.json()["id"])
    connection.close()
    by_name = {span.name: span for span in spans.get_finished_spans()}
    assert set(by_name) == {"http", "verify"}
    http, verify = by_name["http"], by_name["verify"]
    assert verify.parent is not None
    assert verify.parent.span_id == http.context.span_id
    assert verify.context.trace_id == http.context.trace_id
    assert dict(verify.attributes or {}) == {"kind": "graduation"}
    assert not any(NAME in span.to_json() or FILE in span.to_json() for span in by_name.values())


def test_without_an_endpoint_nothing_is_traced(settings: Settings) -> None:
    tracing.start(replace(settings, otlp_endpoint=""))
    with tracing.tracer().start_as_current_span("http"):
        assert tracing.carrier() == {}


def test_an_endpoint_without_the_packages_is_told(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(UsageError) as missing:
        tracing.start(replace(settings, otlp_endpoint="http://127.0.0.1:1"))
    assert missing.value.code == "tracing-missing"


def test_an_unknown_id_is_no_fault(service: Service) -> None:
    answer = service.client.get(f"{BATCHES}/{NOWHERE}")
    failed = [
        each
        for each in service.process.records("failed")
        if each.get("request") == answer.headers["x-request-id"]
    ]
    assert failed == []
