"""Workers that die, hang, grow or lose their queue: real processes, a real Valkey."""

from __future__ import annotations

import contextlib
import io
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from PIL import Image
from rq import Retry

from photo_service.profile import resolve
from photo_service.service import verify
from photo_service.settings import Settings
from tests.conftest import SAMPLES
from tests.service import (
    Valkey,
    answers,
    running_service,
    started,
    until,
    until_ready,
    valkey,
)
from workers import broker, meters
from workers.batches import Batches
from workers.desk import Desk, Upload
from workers.lists import Item
from workers.worker import WarmWorker

PORTRAIT = (SAMPLES / "accepted-blue.jpg").read_bytes()


class Site:
    """A queue, its workers, and what a test needs of both."""

    def __init__(self, server: Valkey, folder: Path, process: Any, settings: Settings) -> None:
        self.server = server
        self.folder = folder
        self.process = process
        self.settings = settings
        self.connection = broker.connect(server.url, patient=True)
        self.desk = Desk(self.connection, settings)
        self.batches = Batches(self.connection, settings)

    @property
    def pids(self) -> set[int]:
        return {w.pid for w in WarmWorker.all(connection=self.connection) if w.pid}

    def wait_for_workers(self, count: int, seconds: float = 60) -> None:
        until(lambda: len(self.pids) >= count, seconds, self.process)

    def busy(self, job_id: str) -> int:
        """Process id of the worker that runs a job, 0 if none does."""
        for worker in WarmWorker.all(connection=self.connection):
            if worker.get_current_job_id() == job_id and worker.pid:
                return int(worker.pid)
        return 0

    def order(self, function: str, *args: Any, job_id: str, **options: Any) -> None:
        broker.queue(broker.BATCH, self.connection).enqueue_call(
            f"tests.hazards.{function}", args, job_id=job_id, result_ttl=0, **options
        )


@contextlib.contextmanager
def site(tmp_path: Path, **environment: str) -> Iterator[Site]:
    root = tmp_path / "pictures"
    root.mkdir()
    with valkey(tmp_path) as server:
        given = {
            "PHOTO_SERVICE_REDIS_URL": server.url,
            "PHOTO_SERVICE_ROOTS": str(root),
            "PHOTO_SERVICE_WORKERS": "2",
            **environment,
        }
        settings = replace(Settings.from_env(), redis_url=server.url, roots=(str(root),))
        with started("worker", tmp_path / "worker.log", given) as process:
            running = Site(server, root, process, settings)
            running.wait_for_workers(int(given["PHOTO_SERVICE_WORKERS"]))
            yield running


def slow_picture(seed: int) -> bytes:
    """A picture that takes a second to judge and is refused by no header check."""
    noise = np.random.default_rng(seed).integers(0, 255, (5000, 7000), np.uint8)
    out = io.BytesIO()
    Image.fromarray(noise).convert("RGB").save(out, "PNG", compress_level=0)
    return out.getvalue()


def small_picture(number: int) -> bytes:
    """A picture that is judged in no time; each number gives other bytes."""
    return PORTRAIT + number.to_bytes(4)


def kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def upload(data: bytes) -> Upload:
    return Upload(data, resolve("graduation"), name="made.png")


def test_a_killed_worker_costs_one_try_and_a_twice_killed_picture_is_set_aside(
    tmp_path: Path,
) -> None:
    with site(tmp_path, PHOTO_SERVICE_MAX_FILE_BYTES=str(200 << 20)) as running:
        picture = upload(slow_picture(1))
        running.desk.submit(picture)
        until(lambda: running.busy(picture.id), 20, running.process)
        kill(running.busy(picture.id))
        started_at = time.monotonic()
        until(lambda: running.desk.report(picture.id), 30, running.process)
        assert time.monotonic() - started_at < 15
        report = running.desk.report(picture.id)
        assert report is not None
        assert "service-crashed" not in {f["code"] for f in report["findings"]}
        assert not running.desk.knows(picture.id), "its bytes are forgotten"

        again = upload(slow_picture(2))
        running.desk.submit(again)
        killed = {0}
        for _ in range(2):
            until(lambda: running.busy(again.id) not in killed, 30, running.process)
            victim = running.busy(again.id)
            kill(victim)
            killed.add(victim)
        until(lambda: running.desk.report(again.id), 20, running.process)
        report = running.desk.report(again.id)
        assert report is not None
        assert report["decision"] == "review"
        assert [f["code"] for f in report["findings"]] == ["service-crashed"]
        assert not running.desk.knows(again.id)


def test_a_batch_goes_on_past_a_picture_that_kills_its_worker(tmp_path: Path) -> None:
    with site(tmp_path) as running:
        marks = tmp_path / "marks"
        for number in range(4):
            (running.folder / f"{number}.jpg").write_bytes(small_picture(number))
        running.order("die", str(marks), job_id="deadly", retry=Retry(1))
        items = [Item(f"{n}.jpg") for n in range(4)]
        batch = running.batches.create(items, resolve("graduation"), {}, "en")
        until(lambda: progress(running, batch)["state"] == "finished", 60, running.process)
        assert progress(running, batch)["counts"]["accepted"] == 4
        until(lambda: marks.read_text() == "xx", 60, running.process)
        until(lambda: len(running.pids) == 2, 60, running.process)
        assert marks.read_text() == "xx", "tried twice, no more"


def test_a_hung_worker_is_ended_and_replaced(tmp_path: Path) -> None:
    limit = 3
    with site(tmp_path, PHOTO_SERVICE_WORKERS="1") as running:
        before = running.pids
        running.order("hang_in_native_code", 600, job_id="hung", timeout=limit)
        until(lambda: running.busy("hung"), 20, running.process)
        hung_since = time.monotonic()
        (pid,) = before
        until(lambda: not alive(pid), limit + 20, running.process)
        assert time.monotonic() - hung_since < limit + 5
        until(lambda: running.pids - before, 60, running.process)
        picture = upload(PORTRAIT)
        running.desk.submit(picture)
        until(lambda: running.desk.report(picture.id), 30, running.process)
        assert running.connection.hget(meters.KEY, "restart|hung")


def test_workers_leave_when_they_are_spent(tmp_path: Path) -> None:
    environment = {
        "PHOTO_SERVICE_WORKERS": "1",
        "PHOTO_SERVICE_WORKER_JOBS": "3",
        "PHOTO_SERVICE_WORKER_MEMORY": "1200",
    }
    marks = tmp_path / "marks"
    with site(tmp_path, **environment) as running:
        for number in range(6):
            running.order("note", str(marks), job_id=f"n{number}")
        until(lambda: marks.exists() and len(marks.read_text().split()) == 6, 60, running.process)
        assert sorted(Counter(marks.read_text().split()).values()) == [3, 3]


def test_one_worker_leaves_batches_alone_while_uploads_come(tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    with site(tmp_path) as running:
        running.connection.set(broker.UPLOADS_COME, 1, ex=300)
        for number in range(12):
            running.order("note", str(marks), job_id=f"n{number}")
        until(lambda: marks.exists() and len(marks.read_text().split()) == 12, 60, running.process)
        (worker,) = set(marks.read_text().split())
        running.connection.delete(broker.UPLOADS_COME)
        kill(int(worker))
        running.order("note", str(marks), job_id="last")
        until(lambda: len(marks.read_text().split()) == 13, 60, running.process)


def test_a_grown_worker_leaves(tmp_path: Path) -> None:
    with site(tmp_path, PHOTO_SERVICE_WORKERS="1", PHOTO_SERVICE_WORKER_MEMORY="900") as running:
        before = running.pids
        running.order("grow", 800, job_id="growth")
        until(lambda: running.pids - before, 60, running.process)
        assert int(running.connection.hget(meters.KEY, "restart|recycled")) == 1


def progress(running: Site, batch: dict[str, Any]) -> dict[str, Any]:
    found = running.batches.progress(batch["id"])
    assert found is not None
    return found


def test_a_batch_outlasts_a_queue_that_is_away(tmp_path: Path) -> None:
    with site(tmp_path) as running:
        count = 30
        for number in range(count):
            (running.folder / f"{number}.jpg").write_bytes(small_picture(number))
        items = [Item(f"{n}.jpg") for n in range(count)]
        batch = running.batches.create(items, resolve("graduation"), {}, "en")
        until(lambda: progress(running, batch)["done"] > 3, 60, running.process)
        running.server.stop()
        time.sleep(6)
        running.server.start()
        until(lambda: progress(running, batch)["state"] == "finished", 60, running.process)
        rows = list(running.batches.results.rows(batch["id"]))
        assert sorted(row["number"] for row in rows) == list(range(count))
        assert {row["report"]["decision"] for row in rows} == {"accepted"}


def test_chaos_loses_nothing_and_does_nothing_twice(tmp_path: Path) -> None:
    """200 pictures while workers are killed every 2 s and the queue is killed and started once."""
    chance = random.Random(7)
    count = 200
    with site(tmp_path) as running:
        for number in range(count):
            # Most are refused at once: the queue is what is tried here.
            data = small_picture(number) if number % 10 == 0 else b"no picture"
            (running.folder / f"{number}.jpg").write_bytes(data + number.to_bytes(4))
        over = threading.Event()

        def kill_workers() -> None:
            while not over.wait(2):
                with contextlib.suppress(Exception):
                    kill(chance.choice(sorted(running.pids)))

        chaos = threading.Thread(target=kill_workers)
        items = [Item(f"{n}.jpg") for n in range(count)]
        batch = running.batches.create(items, resolve("graduation"), {}, "en")
        chaos.start()
        try:
            until(lambda: progress(running, batch)["done"] > count // 4, 120, running.process)
            running.server.kill()
            time.sleep(1)
            running.server.start()
            until(lambda: progress(running, batch)["state"] == "finished", 120, running.process)
        finally:
            over.set()
            chaos.join()
        rows = list(running.batches.results.rows(batch["id"]))
        assert sorted(row["number"] for row in rows) == list(range(count))
        assert progress(running, batch)["done"] == count
        assert sum(progress(running, batch)["counts"].values()) == count
        alone = {n: verify(small_picture(n) + n.to_bytes(4)).decision for n in (0, 10)}
        for row in rows:
            codes = {f["code"] for f in row["report"]["findings"]}
            if row["number"] in alone and "service-crashed" not in codes:
                assert row["report"]["decision"] == alone[row["number"]]


def test_the_embedded_queue_is_started_again(tmp_path_factory: pytest.TempPathFactory) -> None:
    with running_service(tmp_path_factory, keys=False) as service:
        (queue,) = [
            child
            for child in psutil.Process(service.process.popen.pid).children()
            if "valkey" in child.name()
        ]
        queue.kill()
        until(lambda: not answers(service.client, "/readyz"), 20, service.process)
        until_ready(service.client, service.process)
        answer = service.client.post(
            "/v1/verifications",
            files={"file": ("photo.jpg", small_picture(77))},
            data={"kind": "graduation"},
        )
        assert answer.json()["decision"] == "accepted"
