"""API keys: who may do what, how often, and that a key is nowhere but with its owner."""

from __future__ import annotations

import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from photo_service import cli
from photo_service.errors import PhotoServiceError, UsageError
from photo_service.settings import Settings
from tests.service import (
    NOWHERE,
    SLOWEST_S,
    VERIFICATIONS,
    Service,
    answers,
    as_problem,
    free_address,
    picture,
    started,
    until,
    valkey,
    whole,
)
from workers import server
from workers.access import KeyRing, Role

# --- the file -----------------------------------------------------------------------------------


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    return KeyRing(tmp_path / "etc" / "keys.jsonl")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where `ring` keeps its keys."""
    return tmp_path / "etc" / "keys.jsonl"


def test_a_key_is_found_by_its_secret(ring: KeyRing) -> None:
    secret, other = ring.add("portal-1", Role.PORTAL), ring.add("staff-1", Role.STAFF)
    found = ring.find(secret)
    assert found is not None
    assert (found.name, found.role) == ("portal-1", Role.PORTAL)
    assert ring.find(other) != found
    for wrong in ("", secret[:-1], secret + "x", secret.upper(), "密钥", "\udcff" * 3):
        assert ring.find(wrong.encode("utf-8", "replace").decode()) is None


def test_the_file_holds_hashes_for_its_owner_only(ring: KeyRing, file: Path) -> None:
    secret = ring.add("portal-1", Role.PORTAL)
    assert len(secret) > 40
    written = file.read_text("utf-8")
    assert secret not in written
    assert sha256(secret.encode()).hexdigest() in written
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert ring.add("portal-2", Role.PORTAL) != secret


def test_a_withdrawn_key_is_worthless(ring: KeyRing) -> None:
    secret, kept = ring.add("a", Role.PORTAL), ring.add("b", Role.STAFF)
    ring.remove("a")
    assert ring.find(secret) is None
    assert ring.find(kept) is not None


def test_names_are_used_once(ring: KeyRing) -> None:
    ring.add("a", Role.PORTAL)
    with pytest.raises(UsageError) as taken:
        ring.add("a", Role.STAFF)
    assert taken.value.code == "key-name-taken"
    with pytest.raises(UsageError) as unknown:
        ring.remove("b")
    assert unknown.value.code == "key-unknown"
    kept = ring.keys()
    assert [key.role for key in kept] == [Role.PORTAL]


def test_several_hands_lose_no_key(ring: KeyRing, file: Path) -> None:
    other = KeyRing(file)
    names = [str(number) for number in range(100)]
    for number, name in enumerate(names):
        (ring, other)[number % 2].add(name, Role.PORTAL)
    kept = KeyRing(file).keys()
    assert [key.name for key in kept] == names


@pytest.mark.parametrize(
    "written",
    [
        "no json",
        "[]",
        '{"name": "a"}',
        '{"name": "a", "role": "king", "sha256": ""}',
        "\xff",
        pytest.param('{"name": "a", "role": "staff", "sha256": 7}', id="hash is no text"),
    ],
)
def test_a_broken_file_is_told(file: Path, ring: KeyRing, written: str) -> None:
    file.parent.mkdir()
    file.write_text(written, "latin-1")
    with pytest.raises(PhotoServiceError) as broken:
        ring.find("ps_anything")
    assert broken.value.code == "keys-unreadable"


def test_keys_on_the_command_line(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PHOTO_SERVICE_KEYS", str(file))
    assert cli.main(["--lang", "en", "keys", "list"]) == 0
    assert "no keys" in capsys.readouterr().out
    assert cli.main(["keys", "add", "portal-1", "--role", "portal"]) == 0
    secret = capsys.readouterr().out.splitlines()[-1]
    found = KeyRing(file).find(secret)
    assert found is not None
    assert cli.main(["keys", "list"]) == 0
    listed = capsys.readouterr().out
    assert "portal-1" in listed
    assert secret not in listed
    assert found.sha256 not in listed
    assert cli.main(["keys", "remove", "portal-1"]) == 0
    assert KeyRing(file).find(secret) is None
    assert cli.main(["keys", "remove", "portal-1"]) == 2
    monkeypatch.delenv("PHOTO_SERVICE_KEYS")
    assert cli.main(["keys", "list"]) == 2


# --- at the door --------------------------------------------------------------------------------


@pytest.fixture
def stranger(service: Service) -> Iterator[httpx.Client]:
    """Asks without a key."""
    with httpx.Client(base_url=service.url, timeout=30) as client:
        yield client


_UPLOADERS = frozenset({Role.PORTAL, Role.STAFF})
_PLACES = (
    ("POST", "/v1/verifications", _UPLOADERS),
    ("POST", "/v1/applications", _UPLOADERS),
    ("POST", "/v1/reports", _UPLOADERS),
    ("GET", "/v1/verifications/{verification_id}", _UPLOADERS),
    ("GET", "/v1/profiles", _UPLOADERS),
    ("GET", "/v1/profiles/{kind}", _UPLOADERS),
    ("GET", "/v1/codes", _UPLOADERS),
    ("GET", "/v1/roots", {Role.STAFF}),
    ("GET", "/v1/roots/{number}", {Role.STAFF}),
    ("GET", "/v1/batches", {Role.STAFF}),
    ("POST", "/v1/batches", {Role.STAFF}),
    ("GET", "/v1/batches/{batch_id}", {Role.STAFF}),
    ("POST", "/v1/batches/{batch_id}/again", {Role.STAFF}),
    ("GET", "/v1/batches/{batch_id}/events", {Role.STAFF}),
    ("GET", "/v1/batches/{batch_id}/results", {Role.STAFF}),
    ("GET", "/v1/batches/{batch_id}/items", {Role.STAFF}),
    ("GET", "/v1/batches/{batch_id}/items/{number}", {Role.STAFF}),
    ("GET", "/v1/batches/{batch_id}/items/{number}/picture", {Role.STAFF}),
    ("GET", "/v1/batches/{batch_id}/items/{number}/report", {Role.STAFF}),
    ("POST", "/v1/batches/{batch_id}/items/{number}/overrule", {Role.STAFF}),
    ("DELETE", "/v1/batches/{batch_id}/items/{number}/overrule", {Role.STAFF}),
    ("GET", "/v1/batches/{batch_id}/compare/{other_id}", {Role.STAFF}),
    ("GET", "/v1/batches/{batch_id}/{file}", {Role.STAFF}),
    ("DELETE", "/v1/batches/{batch_id}", {Role.STAFF}),
    ("GET", "/metrics", {Role.METRICS, Role.STAFF}),
)


@pytest.mark.parametrize(("method", "path", "allowed"), _PLACES)
def test_each_role_has_its_places(
    service: Service, stranger: httpx.Client, method: str, path: str, allowed: frozenset[Role]
) -> None:
    path = path.format(
        verification_id=NOWHERE,
        batch_id=NOWHERE,
        other_id=NOWHERE,
        kind="graduation",
        number=0,
        file="results.csv",
    )
    for role in Role:
        answer = stranger.request(method, path, headers=service.headers(role))
        if role in allowed:
            assert answer.status_code not in {401, 403}
        else:
            as_problem(answer, 403, "key-role")
    missing = stranger.request(method, path)
    as_problem(missing, 401, "key-missing")
    assert missing.headers["www-authenticate"] == "Bearer"
    wrong = stranger.request(method, path, headers={"Authorization": "Bearer ps_wrong"})
    as_problem(wrong, 401, "key-wrong")
    assert wrong.headers["www-authenticate"] == "Bearer"


def test_every_place_is_in_the_table(service: Service) -> None:
    described = {
        (method.upper(), path)
        for path, methods in service.client.get("/openapi.json").json()["paths"].items()
        for method in methods
    }
    known = {(method, path) for method, path, _ in _PLACES}
    assert described - known == {("GET", "/healthz"), ("GET", "/readyz")}


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/openapi.json"])
def test_open_places(stranger: httpx.Client, path: str) -> None:
    assert stranger.get(path).status_code == 200


def test_ways_to_show_a_key(service: Service, stranger: httpx.Client) -> None:
    secret = service.keys[Role.PORTAL]
    for headers in (
        {"Authorization": f"Bearer {secret}"},
        {"Authorization": f"bearer  {secret}"},
        {"X-API-Key": secret},
    ):
        assert stranger.get("/v1/profiles", headers=headers).status_code == 200
    for headers in (
        {"Authorization": secret},
        {"Authorization": f"Basic {secret}"},
        {"Authorization": "Bearer"},
        {"X-API-Key": ""},
    ):
        assert stranger.get("/v1/profiles", headers=headers).status_code == 401
    odd = stranger.get("/v1/profiles", headers=[(b"X-API-Key", "密钥".encode())])
    as_problem(odd, 401, "key-wrong")
    assert stranger.get("/v1/profiles", params={"key": secret}).status_code == 401


def test_who_has_no_key_is_told_before_the_body(service: Service) -> None:
    host, _, port = service.url.removeprefix("http://").partition(":")
    head = (
        f"POST {VERIFICATIONS} HTTP/1.1",
        f"Host: {host}",
        "Content-Type: multipart/form-data; boundary=x",
        "Content-Length: 1000000",
    )
    with socket.create_connection((host, int(port)), timeout=SLOWEST_S) as connection:
        connection.sendall("\r\n".join((*head, "", "")).encode())
        assert whole(connection).startswith(b"HTTP/1.1 401 ")


def test_keys_change_while_the_service_runs(service: Service, stranger: httpx.Client) -> None:
    ring = KeyRing(service.state_dir / "keys.jsonl")
    headers = {"Authorization": f"Bearer {ring.add('late', Role.PORTAL)}"}
    assert stranger.get("/v1/profiles", headers=headers).status_code == 200
    ring.remove("late")
    as_problem(stranger.get("/v1/profiles", headers=headers), 401, "key-wrong")
    assert service.client.get("/v1/profiles").status_code == 200


def test_a_broken_key_file_lets_nobody_in_and_tells_nobody_where_it_is(
    service: Service, stranger: httpx.Client
) -> None:
    file = service.state_dir / "keys.jsonl"
    written = file.read_bytes()
    try:
        file.write_bytes(written + b"{\n")
        for client in (stranger, service.client):
            answer = client.get("/v1/profiles")
            assert answer.status_code in {500, 503}
            assert str(service.state_dir) not in answer.text
            assert answer.headers["content-type"] == "application/problem+json"
    finally:
        file.write_bytes(written)
    assert service.client.get("/v1/profiles").status_code == 200


def test_a_key_is_used_so_often_and_not_more(tmp_path: Path) -> None:
    port, url = free_address()
    ring = KeyRing(tmp_path / "keys.jsonl")
    hasty, calm = ring.add("hasty", Role.PORTAL), ring.add("calm", Role.STAFF)
    with valkey(tmp_path) as queue:
        given = {
            "PHOTO_SERVICE_PORT": str(port),
            "PHOTO_SERVICE_REDIS_URL": queue.url,
            "PHOTO_SERVICE_KEYS": str(tmp_path / "keys.jsonl"),
            "PHOTO_SERVICE_RATE_LIMIT": "3",
        }
        with (
            started("serve", tmp_path / "serve.log", given) as process,
            httpx.Client(base_url=url, timeout=30) as client,
        ):
            until(lambda: answers(client, "/healthz"), SLOWEST_S, process)
            # Seven are too many even when a minute ends among them.
            told = [
                client.get("/v1/profiles", headers={"X-API-Key": hasty}, params={"lang": "en"})
                for _ in range(7)
            ]
            assert [each.status_code for each in told[:3]] == [200] * 3
            late = [each for each in told if each.status_code != 200]
            assert late
            for each in late:
                assert "3 a minute" in as_problem(each, 429, "key-rate")["detail"]
                assert 0 < int(each.headers["retry-after"]) <= 60
            assert client.get("/v1/profiles", headers={"X-API-Key": calm}).status_code == 200
            # An upload is counted before its body is read.
            client.headers["X-API-Key"] = hasty
            if late[-1].headers["retry-after"] not in {"1", "2"}:
                upload = client.post(VERIFICATIONS, files={"file": ("a.jpg", picture())})
                as_problem(upload, 429, "key-rate")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "photo.example"])
def test_without_keys_it_listens_on_this_machine_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], host: str
) -> None:
    monkeypatch.setenv("PHOTO_SERVICE_REDIS_URL", "unix:///nowhere")
    monkeypatch.delenv("PHOTO_SERVICE_KEYS", raising=False)
    assert cli.main(["--lang", "en", "serve", "--host", host]) == 2
    assert "Without API keys" in capsys.readouterr().err


def test_a_second_service_says_so(service: Service, tmp_path: Path) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "photo_service.cli", "--lang", "en", "up"],
        env={
            "PHOTO_SERVICE_PORT": service.url.rpartition(":")[2],
            "PHOTO_SERVICE_STATE_DIR": str(tmp_path),
        },
        capture_output=True,
        text=True,
        timeout=SLOWEST_S,
    )
    assert second.returncode == 2, second.stderr
    assert "is in use" in second.stderr
    with (
        pytest.raises(UsageError) as taken,
        server.embedded(Settings(tmp_path, state_dir=service.state_dir)),
    ):
        pass
    assert taken.value.code == "state-in-use"
    assert service.client.get("/readyz").status_code == 200
