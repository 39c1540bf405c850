"""The HTTP door as a portal meets it: a running service, asked over the network."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from prometheus_client.parser import text_string_to_metric_families
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api import create_app
from photo_service import cli, profile
from photo_service.messages import LANGUAGES
from photo_service.settings import MEBIBYTE, Settings
from tests.conftest import SAMPLES
from tests.service import (
    ACCEPTED,
    BATCHES,
    NOWHERE,
    REJECTED,
    REVIEW,
    SLOWEST_S,
    VERIFICATIONS,
    Service,
    Valkey,
    answers,
    as_problem,
    finished,
    free_address,
    fresh,
    judged,
    picture,
    post,
    running_service,
    start_batch,
    started,
    until,
    until_ready,
    valkey,
    whole,
)
from workers import broker
from workers.replies import READ_S, Replies

# The picture and the form around it; see `api.FORM_ROOM`.
BODY_LIMIT = Settings(Path()).max_file_bytes + MEBIBYTE
# Of each operation, in each mode; a run by hand may ask for more.
EXAMPLES = 5
DESCRIBED = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# More than there are threads in the API process.
READERS = 60


def comparable(report: dict[str, Any]) -> dict[str, Any]:
    """A report less what differs from one call to the next."""
    image = {key: value for key, value in report["image"].items() if key != "name"}
    return {**report, "image": image, "timings_ms": None}


def told_of(service: Service, request_id: str) -> list[dict[str, Any]]:
    """Every log line of a request."""
    return [each for each in service.process.records() if each.get("request") == request_id]


def rows(answer: httpx.Response) -> list[dict[str, Any]]:
    return [json.loads(line) for line in answer.text.splitlines() if line]


# --- one picture --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sample", "decision"), [(ACCEPTED, "accepted"), (REJECTED, "rejected"), (REVIEW, "review")]
)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.usefixtures("settings")
def test_the_same_report_as_the_command_line(
    service: Service, capsys: pytest.CaptureFixture[str], sample: str, decision: str, language: str
) -> None:
    answer = post(service.client, picture(sample), name=sample, lang=language)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    report = answer.json()
    assert report["decision"] == decision
    assert report["image"]["name"] == sample
    cli.main(["check", "--json", "--lang", language, "--as", "graduation", str(SAMPLES / sample)])
    assert comparable(report) == comparable(json.loads(capsys.readouterr().out))


@pytest.mark.parametrize("noise", [b"", b"no picture", b"\xff\xd8\xff\xe0 broken"])
def test_bytes_that_are_no_picture_are_rejected(service: Service, noise: bytes) -> None:
    answer = post(service.client, noise)
    assert answer.status_code == 200
    report = answer.json()
    assert report["decision"] == "rejected"
    assert [each["check"] for each in report["findings"]] == ["encoding/readable"]


def test_the_profile_asked_for(service: Service) -> None:
    report = post(service.client, picture(), profile="graduation-strict").json()
    assert report["profile"]["name"] == "graduation-strict"


def test_no_wait_then_come_back(service: Service) -> None:
    answer = post(service.client, fresh(), path="?wait=0")
    assert answer.status_code == 202
    assert int(answer.headers["retry-after"]) > 0
    place, pending = answer.headers["location"], answer.json()
    assert pending["state"] == "pending"
    assert place == f"{VERIFICATIONS}/{pending['id']}"
    until(lambda: service.client.get(place).status_code == 200, SLOWEST_S, service.process)
    assert service.client.get(place).json()["decision"] == "accepted"


def test_the_same_upload_is_judged_once(service: Service) -> None:
    data = fresh()
    first, second, other = (
        service.client.post(
            VERIFICATIONS,
            files={"file": (f"{identity}.jpg", each)},
            data={"kind": "graduation"},
            headers={"X-Request-ID": identity},
        )
        for identity, each in (("once-1", data), ("once-2", data), ("once-3", fresh()))
    )
    assert first.headers["content-location"] == second.headers["content-location"]
    assert first.headers["content-location"] != other.headers["content-location"]
    assert first.json()["timings_ms"] == second.json()["timings_ms"]
    assert second.json()["image"]["name"] == "once-2.jpg"
    # The one worker has told of the third: it would have told of the second.
    until(lambda: judged(service.process, "once-3"), SLOWEST_S)
    assert len(judged(service.process, "once-1", "once-2")) == 1


def test_the_same_upload_at_the_same_time_is_judged_once(service: Service) -> None:
    data = fresh()
    identities = [f"together-{number}" for number in range(6)]

    def ask(identity: str) -> httpx.Response:
        with httpx.Client(base_url=service.url, headers=service.client.headers) as client:
            return client.post(
                VERIFICATIONS,
                files={"file": ("photo.jpg", data)},
                data={"kind": "graduation"},
                headers={"X-Request-ID": identity},
            )

    with ThreadPoolExecutor(len(identities)) as threads:
        answers = list(threads.map(ask, identities))
    assert [answer.status_code for answer in answers] == [200] * len(identities)
    assert len({answer.text for answer in answers}) == 1
    until(lambda: judged(service.process, *identities), SLOWEST_S)
    ask("together-after")
    assert len(judged(service.process, *identities)) == 1


@pytest.mark.parametrize(
    "difference",
    [
        {"expect_name": "另一个"},
        {"expect_number": "110105194912310021"},
        {"expect_type": "another"},
        {"fields": "masked"},
        {"profile": "graduation-strict"},
        {"lang": "en"},
    ],
    ids=lambda difference: next(iter(difference)),
)
def test_another_question_has_another_answer(service: Service, difference: dict[str, str]) -> None:
    plain = post(service.client, picture(), lang="zh")
    other = post(service.client, picture(), **{"lang": "zh", **difference})
    assert plain.headers["content-location"] != other.headers["content-location"]


def test_a_reference_is_part_of_the_question(service: Service) -> None:
    with_reference = service.client.post(
        VERIFICATIONS,
        files={"file": ("photo.jpg", picture()), "reference": ("old.jpg", picture(REVIEW))},
        data={"kind": "graduation"},
    )
    assert with_reference.status_code == 200
    plain = post(service.client, picture())
    assert plain.headers["content-location"] != with_reference.headers["content-location"]


def test_an_unknown_verification(service: Service) -> None:
    as_problem(service.client.get(f"{VERIFICATIONS}/{NOWHERE}"), 404, "verification-unknown")
    as_problem(service.client.get(f"{VERIFICATIONS}/..%2F..%2Fx"), 404, "place-unknown")
    as_problem(service.client.get(f"{VERIFICATIONS}/photo:upload"), 422, "fields-invalid")


# --- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "query", "code"),
    [
        ({"kind": "passport"}, "", "kind-unknown"),
        ({"kind": ""}, "", "fields-invalid"),
        ({"kind": "../graduation"}, "", "kind-unknown"),
        ({"profile": "no-such"}, "", "profile-unknown"),
        ({"profile": "graduation.toml"}, "", "profile-unknown"),
        ({"profile": "/etc/passwd"}, "", "profile-unknown"),
        ({"profile": "../profiles/graduation.toml"}, "", "profile-unknown"),
        ({"profile": "./graduation"}, "", "profile-unknown"),
        ({"profile": "graduation\0"}, "", "profile-unknown"),
        ({"profile": "id_card"}, "", "profile-other-kind"),
        ({"lang": "fr"}, "", "fields-invalid"),
        ({"fields": "everything"}, "", "fields-invalid"),
        ({"expect_name": "长" * 201}, "", "fields-invalid"),
        ({"kind": "certificate", "expect_type": "driving licence"}, "", "type-not-known"),
        ({}, "?wait=-1", "fields-invalid"),
        ({}, "?wait=61", "fields-invalid"),
        ({}, "?wait=soon", "fields-invalid"),
    ],
)
def test_what_cannot_be_asked(
    service: Service, fields: dict[str, str], query: str, code: str
) -> None:
    told = {}
    for language in LANGUAGES:
        answer = post(
            service.client,
            picture(),
            path=f"{query}{'&' if query else '?'}lang={language}",
            **fields,
        )
        told[language] = as_problem(answer, 422, code)
    assert told["zh"]["detail"] != told["en"]["detail"]
    assert told["zh"]["advice"] != told["en"]["advice"]


def test_a_missing_field(service: Service) -> None:
    no_kind = service.client.post(VERIFICATIONS, files={"file": ("photo.jpg", picture())})
    assert "kind" in as_problem(no_kind, 422, "fields-invalid")["detail"]
    no_file = service.client.post(VERIFICATIONS, data={"kind": "graduation"})
    assert "file" in as_problem(no_file, 422, "fields-invalid")["detail"]
    no_body = service.client.post(VERIFICATIONS)
    assert "file, kind" in as_problem(no_body, 422, "fields-invalid")["detail"]


@pytest.mark.parametrize(
    ("asked", "accepted", "language"),
    [
        ("", "", "zh"),
        ("", "en", "en"),
        ("", "en-GB,zh;q=0.5", "en"),
        ("", "fr, zh-CN", "zh"),
        ("", "fr", "zh"),
        ("", "en;q=0.2, zh;q=0.9", "zh"),
        ("?lang=en", "zh", "en"),
        ("?lang=fr", "en", "en"),
    ],
)
def test_the_language_of_errors(service: Service, asked: str, accepted: str, language: str) -> None:
    answer = service.client.get(
        f"{VERIFICATIONS}/{NOWHERE}{asked}", headers={"Accept-Language": accepted}
    )
    detail = as_problem(answer, 404, "verification-unknown")["detail"]
    assert bool(re.search("[\u4e00-\u9fff]", detail)) == (language == "zh")


_KIND = b'--x\r\nContent-Disposition: form-data; name="kind"\r\n\r\n'
_FORM = "multipart/form-data; boundary=x"


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b""),
        (_FORM, b"no boundary here"),
        (_FORM, b"--x\r\nContent-Disposition: form-data\r\n\r\n\r\n--x--"),
        (_FORM, _KIND + b"\xff\xfe\r\n--x--\r\n"),
        (_FORM, _KIND * 2000),
        (_FORM, _KIND + b"x" * (2 * MEBIBYTE) + b"\r\n--x--\r\n"),
        (f"{_FORM}; charset=no-such", _KIND + b"graduation\r\n--x--\r\n"),
        ("application/json", b"{}"),
        ("", b"\0\0"),
    ],
    ids=range(9),
)
def test_malformed_forms(service: Service, content_type: str, body: bytes) -> None:
    answer = service.client.post(
        VERIFICATIONS, content=body, headers={"Content-Type": content_type}
    )
    assert answer.status_code in {400, 422}
    as_problem(answer, answer.status_code, answer.json()["code"])
    described = service.client.get("/openapi.json").json()["paths"][VERIFICATIONS]["post"]
    assert str(answer.status_code) in described["responses"]


def test_no_such_place_or_method(service: Service) -> None:
    as_problem(service.client.get("/v2/verifications"), 404, "place-unknown")
    answer = service.client.put(VERIFICATIONS)
    as_problem(answer, 405, "method-wrong")
    assert answer.headers["allow"] == "POST"


# --- too large ----------------------------------------------------------------------------------


@contextlib.contextmanager
def raw(service: Service, *headers: str) -> Iterator[socket.socket]:
    """A connection on which an upload was announced."""
    host, _, port = service.url.removeprefix("http://").partition(":")
    authorization = service.client.headers["authorization"]
    head = (
        f"POST {VERIFICATIONS} HTTP/1.1",
        f"Host: {host}",
        f"Authorization: {authorization}",
        "Content-Type: multipart/form-data; boundary=x",
        *headers,
    )
    with socket.create_connection((host, int(port)), timeout=SLOWEST_S) as connection:
        connection.sendall("\r\n".join((*head, "", "")).encode())
        yield connection


def test_an_announced_giant_is_refused_before_its_body(service: Service) -> None:
    with raw(service, f"Content-Length: {BODY_LIMIT + 1}") as connection:
        answer = whole(connection)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"application/problem+json" in answer
    assert b'"code":"body-too-large"' in answer


def test_a_giant_that_comes_piecemeal_is_refused_on_the_way(service: Service) -> None:
    form = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    sent = 0
    with raw(service, "Transfer-Encoding: chunked") as connection:
        connection.sendall(b"%x\r\n" % len(form) + form + b"\r\n")
        while sent < BODY_LIMIT:
            connection.sendall(b"%x\r\n" % MEBIBYTE + bytes(MEBIBYTE) + b"\r\n")
            sent += MEBIBYTE
        # The body goes on; nothing more of it is needed for the answer.
        answer = whole(connection)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"code":"body-too-large"' in answer


@pytest.mark.parametrize("streamed", [False, True])
def test_a_client_that_sends_a_giant_reads_the_answer(service: Service, *, streamed: bool) -> None:
    def pieces() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        for _ in range(BODY_LIMIT // MEBIBYTE + 4):
            yield bytes(MEBIBYTE)

    answer = service.client.post(
        VERIFICATIONS,
        content=pieces() if streamed else b"".join(pieces()),
        headers={"Content-Type": "multipart/form-data; boundary=x"},
    )
    assert str(BODY_LIMIT >> 20) in as_problem(answer, 413, "body-too-large")["detail"]


def test_who_hangs_up_is_no_fault_of_ours(service: Service) -> None:
    with raw(service, "Content-Length: 1000000", "X-Request-ID: hung-up-early") as connection:
        connection.sendall(b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n')
    until(lambda: told_of(service, "hung-up-early"), SLOWEST_S)
    assert {each["level"] for each in told_of(service, "hung-up-early")} <= {"INFO", "WARNING"}


# --- every answer -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/healthz", "/v1/profiles", "/openapi.json", "/nowhere", f"{BATCHES}/{NOWHERE}"]
)
def test_security_headers(service: Service, path: str) -> None:
    headers = service.client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "server" not in headers
    assert re.fullmatch("[0-9a-f]{32}", headers["x-request-id"])


@pytest.mark.parametrize(
    ("given", "kept"),
    [("portal-42.a_b", True), ("x" * 64, True), ("x" * 65, False), ("a b", False), ("é", False)],
)
def test_the_request_id(service: Service, given: str, *, kept: bool) -> None:
    answer = service.client.get("/healthz", headers=[(b"X-Request-ID", given.encode())])
    assert (answer.headers["x-request-id"] == given) == kept


# --- the rules as data --------------------------------------------------------------------------


def test_all_profiles(service: Service) -> None:
    listed = service.client.get("/v1/profiles").json()
    assert sorted(each["name"] for each in listed) == list(profile.names())
    # Each kind's own rules before others for it, so that a page need not sort.
    assert [each["name"] for each in listed if each["name"] == each["kind"]] == [
        *dict.fromkeys(each["kind"] for each in listed)
    ]
    assert (listed[0]["kind"], listed[0]["name"]) == ("graduation", "graduation")
    for each in listed:
        shipped = profile.load(each["name"])
        assert (each["kind"], each["sha256"]) == (shipped.kind, shipped.sha256)
        assert set(each["title"]) == set(LANGUAGES)


@pytest.mark.parametrize("name", profile.names())
def test_the_rules_of_a_profile(service: Service, name: str) -> None:
    shipped = profile.load(name)
    answer = service.client.get(f"/v1/profiles/{shipped.kind}", params={"profile": name})
    assert answer.status_code == 200
    told = answer.json()
    assert told["sha256"] == shipped.sha256
    assert [rule["check"] for rule in told["rules"]] == [line.check.id for line in shipped.lines]
    for rule, line in zip(told["rules"], shipped.lines, strict=True):
        assert set(rule["limits"]) == set(line.limits)
        sentences = [rule["title"], rule["wanted"], *rule["clause"].values()]
        for code in rule["codes"]:
            sentences += [code["message"], code["advice"]]
        for each in sentences:
            assert set(each) == set(LANGUAGES)
        assert all(rule["title"].values())
        assert all(all(code["message"].values()) for code in rule["codes"])


def test_the_rules_of_a_kind_are_those_it_is_judged_by(service: Service) -> None:
    for kind in profile.kinds():
        assert service.client.get(f"/v1/profiles/{kind}").json()["name"] == kind
    report = post(service.client, picture()).json()
    rules = service.client.get("/v1/profiles/graduation").json()
    assert rules["sha256"] == report["profile"]["sha256"]
    as_problem(service.client.get("/v1/profiles/passport"), 422, "kind-unknown")
    path = {"profile": "/etc/passwd"}
    as_problem(service.client.get("/v1/profiles/graduation", params=path), 422, "profile-unknown")


def test_the_operator_s_own_rules(tmp_path: Path) -> None:
    shipped = resources.files("photo_service.profiles").joinpath("graduation.toml")
    (tmp_path / "ours.toml").write_bytes(shipped.read_bytes())
    app = create_app(Settings(Path(), redis_url="unix:///nowhere", profiles_dir=tmp_path))

    async def ask(path: str) -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.get(path)

    listed = asyncio.run(ask("/v1/profiles"))
    assert {each["name"] for each in listed.json()} == {*profile.names(), "ours"}
    ours = "/v1/profiles/graduation?profile=ours"
    assert asyncio.run(ask(ours)).json()["name"] == "ours"
    (tmp_path / "ours.toml").write_text("schema = ")
    broken = asyncio.run(ask(ours))
    as_problem(broken, 503, broken.json()["code"])
    assert int(broken.headers["retry-after"]) > 0


# --- batches ------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def places(service: Service) -> tuple[str, ...]:
    """Pictures below the root, and what is none."""
    folder = service.root / "班级 一"
    folder.mkdir()
    for name in (ACCEPTED, REJECTED, REVIEW):
        (folder / name).write_bytes(picture(name))
    (folder / "notes.txt").write_text("no picture")
    (folder / "link.jpg").symlink_to(folder / ACCEPTED)
    outside = service.state_dir / "outside"
    outside.mkdir()
    (outside / "secret.jpg").write_bytes(picture())
    (service.root / "way-out.jpg").symlink_to(outside / "secret.jpg")
    (service.root / "door").symlink_to(outside)
    return tuple(f"班级 一/{name}" for name in (ACCEPTED, REJECTED, REVIEW))


def test_a_batch_from_json(service: Service, places: tuple[str, ...]) -> None:
    items: list[str | dict[str, str]] = [
        {"path": places[0], "id": "A-1"},
        places[1],
        {"path": str(service.root / places[2]), "profile": "graduation-strict"},
        "班级 一/link.jpg",
        "班级 一/notes.txt",
        "班级 一/gone.jpg",
        "班级 一",
    ]
    answer = start_batch(service, items, lang="en")
    assert answer.status_code == 202
    begun = answer.json()
    assert answer.headers["location"] == f"{BATCHES}/{begun['id']}"
    assert begun["total"] == len(items)
    ended = finished(service.client, begun["id"])
    assert (ended["state"], ended["done"]) == ("finished", len(items))
    assert ended["counts"] == {"accepted": 2, "rejected": 2, "review": 1, "unreadable": 2}
    results = service.client.get(f"{BATCHES}/{begun['id']}/results")
    assert results.headers["content-type"] == "application/x-ndjson"
    found = {row["number"]: row for row in rows(results)}
    assert sorted(found) == list(range(len(items)))
    assert (found[0]["id"], found[0]["path"]) == ("A-1", places[0])
    assert found[2]["report"]["profile"]["name"] == "graduation-strict"
    assert found[5]["error"]["code"] == "path-missing"
    assert found[6]["error"]["code"] == "path-directory"
    upload = post(service.client, picture(), lang="en").json()
    assert comparable(found[0]["report"]) == comparable(upload)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_batch_from_csv(service: Service, places: tuple[str, ...], encoding: str) -> None:
    table = (
        "Path, kind, reference, name, number\r\n"
        f'"{places[0]}",graduation,,"王, 小明",110105194912310021\r\n'
        f"{places[1]},,{places[0]},,\r\n"
        "\r\n"
    )
    answer = service.client.post(
        BATCHES,
        params={"kind": "graduation"},
        content=table.encode(encoding),
        headers={"Content-Type": "text/csv; charset=utf-8"},
    )
    assert answer.status_code == 202
    ended = finished(service.client, answer.json()["id"])
    assert ended["counts"] == {"accepted": 1, "rejected": 1, "review": 0, "unreadable": 0}


@pytest.mark.parametrize(
    "place",
    [
        "../outside/secret.jpg",
        "班级 一/../../outside/secret.jpg",
        "/etc/passwd",
        "way-out.jpg",
        "door/secret.jpg",
        "a\0b.jpg",
        "\ud800.jpg",
        "http://127.0.0.1:1/a.jpg",
        "file:///etc/passwd",
        "s3://bucket/a.jpg",
        "simplecache::file:///etc/passwd",
    ],
)
@pytest.mark.usefixtures("places")
def test_places_out_of_bounds(service: Service, place: str) -> None:
    # As escaped JSON: half a character can be written in no other way.
    for field in ("path", "reference"):
        body = json.dumps({"items": [{"path": ACCEPTED, field: place}]}).encode()
        answer = service.client.post(
            BATCHES,
            params={"kind": "graduation"},
            content=body,
            headers={"Content-Type": "application/json"},
        )
        as_problem(answer, 422, "path-outside")


def test_chained_places_stay_below_the_root(service: Service) -> None:
    answer = start_batch(service, ["zip::/etc/passwd", "simplecache::/etc/passwd"])
    assert answer.status_code in {202, 422}
    if answer.status_code == 202:
        ended = finished(service.client, answer.json()["id"])
        assert ended["counts"]["unreadable"] == 2


_ITEM = b'{"items": [{"path": "a", %s}]}'


@pytest.mark.parametrize(
    ("content_type", "body", "status", "code"),
    [
        ("application/json", b"{", 422, "json-bad"),
        ("application/json", b"\xff", 422, "json-bad"),
        ("application/json", b"[" * 100_000, 422, "json-bad"),
        ("application/json", b"[]", 422, "batch-items"),
        ("application/json", b'{"items": []}', 422, "batch-empty"),
        ("application/json", b'{"items": [1]}', 422, "batch-items"),
        ("application/json", b'{"items": ["a"], "more": 1}', 422, "batch-items"),
        ("application/json", b'{"items": [{"path": ""}]}', 422, "manifest-row"),
        ("application/json", b'{"items": [{"path": 1}]}', 422, "manifest-columns"),
        ("application/json", b'{"items": [{"file": "a"}]}', 422, "manifest-columns"),
        ("application/json", _ITEM % b'"kind": "passport"', 422, "kind-unknown"),
        ("application/json", _ITEM % b'"kind": "\\ud800"', 422, "kind-unknown"),
        ("application/json", _ITEM % b'"\\ud800": ""', 422, "manifest-columns"),
        ("application/json", _ITEM % b'"profile": "/a"', 422, "profile-unknown"),
        ("application/json", b'{"items": [{"path": "", "name": "\\udfff"}]}', 422, "manifest-row"),
        ("text/csv", b"", 422, "manifest-columns"),
        ("text/csv", b"file,kind\na.jpg,graduation\n", 422, "manifest-columns"),
        ("text/csv", b"path,kind\n,graduation\n", 422, "manifest-row"),
        ("text/csv", b"path,kind\na,b,c\n", 422, "manifest-row"),
        ("text/csv", b"path\n", 422, "batch-empty"),
        ("text/csv", "path,name\na.jpg,王\n".encode("gbk"), 422, "manifest-encoding"),
        ("text/xml", b"<a/>", 415, "media-type-wrong"),
        ("multipart/form-data; boundary=x", b"", 415, "media-type-wrong"),
    ],
)  # fmt: skip
def test_lists_that_are_none(
    service: Service, content_type: str, body: bytes, status: int, code: str
) -> None:
    answer = service.client.post(
        BATCHES,
        params={"kind": "graduation"},
        content=body,
        headers={"Content-Type": content_type},
    )
    as_problem(answer, status, code)


@pytest.mark.parametrize(
    "table",
    [
        pytest.param("path\ra.jpg\rb.jpg\r", id="an old Mac's line ends"),
        pytest.param(f"path,name\na.jpg,{'x' * 200_000}\n", id="a very long cell"),
        pytest.param('path\n"a.jpg\n', id="an open quote"),
        pytest.param("path,path\na,b\n", id="a column twice"),
    ],
)
def test_tables_that_are_odd(service: Service, table: str) -> None:
    answer = service.client.post(
        BATCHES,
        params={"kind": "graduation"},
        content=table.encode(),
        headers={"Content-Type": "text/csv"},
    )
    assert answer.status_code in {202, 422}
    if answer.status_code == 422:
        as_problem(answer, 422, answer.json()["code"])


def test_results_come_while_the_batch_runs(service: Service, places: tuple[str, ...]) -> None:
    started = start_batch(service, [places[0]] * 12).json()
    states, numbers = [], []
    with service.client.stream("GET", f"{BATCHES}/{started['id']}/results") as answer:
        assert answer.status_code == 200
        for line in answer.iter_lines():
            if line:
                numbers.append(json.loads(line)["number"])
                states.append(service.client.get(f"{BATCHES}/{started['id']}").json()["state"])
    assert states[0] == "running"
    assert sorted(numbers) == list(range(12))
    after = service.client.get(f"{BATCHES}/{started['id']}/results")
    assert [row["number"] for row in rows(after)] == numbers


def test_a_cancelled_batch_stops(service: Service, places: tuple[str, ...]) -> None:
    place = f"{BATCHES}/{start_batch(service, [places[0]] * 400).json()['id']}"
    cancelled = service.client.delete(place).json()
    assert cancelled["state"] == "cancelled"
    # What had begun may still end.
    upload = post(service.client, fresh())
    assert upload.status_code == 200
    ended = service.client.get(place).json()
    assert ended["state"] == "cancelled"
    assert ended["done"] < 400
    assert len(rows(service.client.get(f"{place}/results"))) == ended["done"]
    assert service.client.delete(place).json()["state"] == "cancelled"


def test_cancelling_what_has_ended_changes_nothing(
    service: Service, places: tuple[str, ...]
) -> None:
    begun = start_batch(service, places[:1]).json()
    finished(service.client, begun["id"])
    assert service.client.delete(f"{BATCHES}/{begun['id']}").json()["state"] == "finished"
    assert len(rows(service.client.get(f"{BATCHES}/{begun['id']}/results"))) == 1


@pytest.mark.parametrize(("method", "rest"), [("GET", ""), ("GET", "/results"), ("DELETE", "")])
def test_an_unknown_batch(service: Service, method: str, rest: str) -> None:
    answer = service.client.request(method, f"{BATCHES}/{NOWHERE}{rest}")
    as_problem(answer, 404, "batch-unknown")


# --- operation ----------------------------------------------------------------------------------


def samples_of(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Prometheus text as numbers by name and labels."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_metrics_count_what_was_judged(service: Service) -> None:
    def decisions() -> float:
        found = samples_of(service.client.get("/metrics").text)
        labels = frozenset({("kind", "graduation"), ("decision", "accepted")})
        return found.get(("photo_decisions_total", labels), 0.0)

    before = decisions()
    post(service.client, fresh())
    until(lambda: decisions() == before + 1, SLOWEST_S)
    post(service.client, fresh(REJECTED))
    answer = service.client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    found = samples_of(answer.text)
    names = {name for name, _ in found}
    assert {
        "photo_decisions_total",
        "photo_codes_total",
        "photo_queue_depth",
        "photo_queue_age_seconds",
        "photo_stage_seconds_bucket",
        "photo_http_seconds_bucket",
    } <= names
    for stage in ("queue-interactive", "decode", "checks", "total"):
        whole = found["photo_stage_seconds_bucket", frozenset({("stage", stage), ("le", "+Inf")})]
        assert whole == found["photo_stage_seconds_count", frozenset({("stage", stage)})] > 0
    labels = frozenset({("method", "POST"), ("route", VERIFICATIONS), ("status", "200")})
    assert found["photo_http_seconds_count", labels] > 0


def test_the_document_describes_the_report(service: Service) -> None:
    document = service.client.get("/openapi.json").json()
    report = document["paths"][VERIFICATIONS]["post"]["responses"]["200"]
    example = report["content"]["application/json"]["example"]
    real = post(service.client, picture(REJECTED)).json()
    assert set(example) == set(real)
    assert set(example["image"]) == set(real["image"])
    assert set(example["findings"][0]) <= set(real["findings"][0])


@pytest.fixture(scope="module")
def lonely(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A door without workers behind it, and room for one upload."""
    folder = tmp_path_factory.mktemp("lonely")
    port, url = free_address()
    with valkey(folder) as queue:
        given = {
            "PHOTO_SERVICE_PORT": str(port),
            "PHOTO_SERVICE_REDIS_URL": queue.url,
            "PHOTO_SERVICE_ROOTS": str(folder),
            "PHOTO_SERVICE_QUEUE_LIMIT": "1",
        }
        with (
            started("serve", folder / "serve.log", given) as process,
            httpx.Client(base_url=url, timeout=30) as client,
        ):
            until(lambda: answers(client, "/healthz"), SLOWEST_S, process)
            yield client


def test_without_workers_it_is_not_ready(lonely: httpx.Client) -> None:
    answer = lonely.get("/readyz")
    as_problem(answer, 503, "workers-none")
    assert int(answer.headers["retry-after"]) > 0
    assert lonely.get("/healthz").is_success


def test_waiting_ends_and_a_full_queue_turns_uploads_away(lonely: httpx.Client) -> None:
    began = time.perf_counter()
    first = post(lonely, fresh(), path="?wait=1")
    assert first.status_code == 202
    assert 1 <= time.perf_counter() - began < 2
    began = time.perf_counter()
    second = post(lonely, fresh())
    assert time.perf_counter() - began < 1
    as_problem(second, 503, "queue-full")
    assert int(second.headers["retry-after"]) > 0
    # A report to print is drawn from a fresh verdict, and waits in the same queue.
    report = lonely.get(f"{BATCHES}/{'0' * 32}/items/0/report")
    as_problem(report, 503, "queue-full")
    # Whoever was taken in can still ask.
    assert lonely.get(first.headers["location"]).status_code == 202


def test_who_reads_results_keeps_nobody_waiting(lonely: httpx.Client) -> None:
    # Nobody judges it: its readers wait for ever.
    begun = lonely.post(BATCHES, params={"kind": "graduation"}, json={"items": ["a.jpg"]}).json()
    host, port = lonely.base_url.host, lonely.base_url.port
    assert port is not None
    head = f"GET {BATCHES}/{begun['id']}/results HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    with contextlib.ExitStack() as stack:
        for _ in range(READERS):
            reader = stack.enter_context(socket.create_connection((host, port)))
            reader.sendall(head)
        # Until each has its place.
        time.sleep(1)
        began = time.perf_counter()
        assert lonely.get("/v1/profiles").status_code == 200
        assert time.perf_counter() - began < 0.5
    lonely.delete(f"{BATCHES}/{begun['id']}")


@pytest.fixture(scope="module")
def doomed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, Valkey]]:
    """A service, and a queue that it can do without for a while."""
    with (
        valkey(tmp_path_factory.mktemp("doomed")) as queue,
        running_service(tmp_path_factory, PHOTO_SERVICE_REDIS_URL=queue.url) as running,
    ):
        yield running, queue


def test_the_queue_goes_away_and_comes_back(doomed: tuple[Service, Valkey]) -> None:
    service, queue = doomed
    data = fresh()
    judged_before = post(service.client, data)
    queue.stop()
    asks: tuple[Callable[[], httpx.Response], ...] = (
        lambda: post(service.client, fresh()),
        lambda: service.client.get(judged_before.headers["content-location"]),
        lambda: start_batch(service, ["a.jpg"]),
        lambda: service.client.get(f"{BATCHES}/{NOWHERE}/results"),
        lambda: service.client.get("/readyz"),
        lambda: service.client.get("/metrics"),
    )
    for ask in asks:
        began = time.perf_counter()
        answer = ask()
        assert time.perf_counter() - began < 1
        as_problem(answer, 503, "queue-away")
        assert int(answer.headers["retry-after"]) > 0
    assert service.client.get("/healthz").is_success
    queue.start()
    until_ready(service.client, service.process)
    assert post(service.client, fresh()).status_code == 200
    # What was answered before is remembered.
    again = post(service.client, data)
    assert again.json()["timings_ms"] == judged_before.json()["timings_ms"]


def test_what_is_under_way_is_answered_before_the_end(doomed: tuple[Service, Valkey]) -> None:
    service, _ = doomed
    until_ready(service.client, service.process)
    form = (
        b'--x\r\nContent-Disposition: form-data; name="kind"\r\n\r\ngraduation\r\n'
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
        + fresh()
        + b"\r\n--x--\r\n"
    )
    half = len(form) // 2
    with raw(service, f"Content-Length: {len(form)}") as connection:
        connection.sendall(form[:half])
        # Until the service has it in hand.
        service.client.get("/healthz")
        service.process.popen.terminate()
        time.sleep(0.5)
        connection.sendall(form[half:])
        answer = whole(connection)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b'"decision":"accepted"' in answer
    service.process.stop()


class Line:
    """A TCP way to a queue that can go dead without a word, as behind a firewall."""

    def __init__(self, queue: Valkey) -> None:
        self._path = queue.url.removeprefix("unix://")
        self._opened = 0
        self._dead = 0
        self._pumps: list[asyncio.Task[None]] = []

    async def open(self) -> tuple[asyncio.Server, str]:
        """Listen; gives the queue's address at this end."""
        server = await asyncio.start_server(self._connect, "127.0.0.1")
        return server, f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    def die(self) -> None:
        """Let nothing more through the connections of today; new ones work."""
        self._dead = self._opened

    async def close(self) -> None:
        """End all connections."""
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._opened += 1
        further = await asyncio.open_unix_connection(self._path)
        for source, sink in ((reader, further[1]), (further[0], writer)):
            self._pumps.append(asyncio.create_task(self._pump(self._opened, source, sink)))

    async def _pump(
        self, number: int, source: asyncio.StreamReader, sink: asyncio.StreamWriter
    ) -> None:
        try:
            while data := await source.read(65536):
                if number > self._dead:
                    sink.write(data)
        finally:
            sink.close()


def test_a_dead_line_to_the_queue_is_noticed(tmp_path: Path) -> None:
    async def hear(replies: Replies, connection: Any, upload_id: str, seconds: float) -> None:
        heard = replies.expect(upload_id)
        await asyncio.to_thread(connection.rpush, replies.name, upload_id)
        await asyncio.wait_for(heard, seconds)

    async def scene(queue: Valkey) -> None:
        line = Line(queue)
        server, url = await line.open()
        direct, through = broker.connect(queue.url), broker.connect_async(url)
        replies = Replies(through)
        listening = asyncio.create_task(replies.listen())
        try:
            await hear(replies, direct, "first", 2)
            line.die()
            # What the queue sends on the dead line before it gives up is lost.
            await asyncio.sleep(READ_S + 0.5)
            await hear(replies, direct, "second", 8)
        finally:
            server.close()
            await line.close()
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            await through.aclose()
            direct.close()

    with valkey(tmp_path) as queue:
        asyncio.run(scene(queue))


def test_listening_ends_when_told(tmp_path: Path) -> None:
    async def scene(queue: Valkey) -> None:
        direct, connection = broker.connect(queue.url), broker.connect_async(queue.url)
        replies = Replies(connection)
        for _ in range(2):
            listening = asyncio.create_task(replies.listen())
            heard = replies.expect("first")
            await asyncio.to_thread(direct.rpush, replies.name, "first")
            await asyncio.wait_for(heard, 2)
            # The client library is at work again now, and may lose it.
            listening.cancel()
            ended, _ = await asyncio.wait({listening}, timeout=READ_S + 1)
            listening.cancel()
            assert ended
        await connection.aclose()
        direct.close()

    with valkey(tmp_path) as queue:
        asyncio.run(scene(queue))


# --- whatever the document allows -----------------------------------------------------------------


def takes_anything(operation: Any) -> bool:
    return bool(operation.body) or any(True for _ in operation.iter_parameters())


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_answers_are_as_described(
    service: Service, subtests: pytest.Subtests, mode: GenerationMode
) -> None:
    headers = dict(service.client.headers)
    document = schemathesis.openapi.from_url(f"{service.url}/openapi.json", headers=headers)
    for found in document.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        if mode is GenerationMode.NEGATIVE and not takes_anything(operation):
            continue

        @hypothesis_settings(
            max_examples=EXAMPLES,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def asked(case: Any) -> None:
            case.call_and_validate(headers=headers, timeout=SLOWEST_S, checks=DESCRIBED)

        with subtests.test(operation=operation.label):
            asked()
