"""The service under load, as ratios within one run: python -m benchmarks.load [--quick].

Starts ``photo-service up`` on this machine with its own queue and sends pictures of 480 × 640, each
with other bytes so that none is remembered. Only loopback addresses are used.

* sequential: round trip against ``verify()`` in this process;
* workers: throughput of two against one, all saturated;
* overhead: what the queue adds to each job, saturated;
* steady: an open loop at 70 % of capacity;
* flood: an open loop at 300 %;
* beside a batch: the sequential round trip while a batch runs.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from photo_service.service import verify

PORTRAIT = (Path(__file__).parent.parent / "samples" / "accepted-blue.jpg").read_bytes()
PORT = 18642
URL = f"http://127.0.0.1:{PORT}"
_numbers = itertools.count()


def picture() -> bytes:
    """The portrait with other bytes after its end."""
    return PORTRAIT + b"%d-%d" % (os.getpid(), next(_numbers))


@contextmanager
def service(workers: int, root: Path) -> Iterator[subprocess.Popen[bytes]]:
    with tempfile.TemporaryDirectory() as state:
        given = {
            "PHOTO_SERVICE_STATE_DIR": state,
            "PHOTO_SERVICE_PORT": str(PORT),
            "PHOTO_SERVICE_WORKERS": str(workers),
            "PHOTO_SERVICE_ROOTS": str(root),
        }
        running = subprocess.Popen(
            (sys.executable, "-m", "photo_service.cli", "up"),
            env={**os.environ, **given},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            until = time.monotonic() + 60
            while not ready(workers):
                assert time.monotonic() < until, "the service did not start"
                time.sleep(0.2)
            yield running
        finally:
            running.send_signal(signal.SIGTERM)
            running.wait(60)


def ready(workers: int) -> bool:
    try:
        answer = httpx.get(f"{URL}/readyz")
    except httpx.TransportError:
        return False
    return answer.is_success and answer.json()["workers"] == workers


@asynccontextmanager
async def client() -> AsyncIterator[httpx.AsyncClient]:
    limits = httpx.Limits(max_connections=400, max_keepalive_connections=400)
    async with httpx.AsyncClient(base_url=URL, timeout=30, limits=limits) as opened:
        yield opened


async def send(to: httpx.AsyncClient) -> tuple[int, float]:
    """Status and seconds of one upload."""
    started = time.perf_counter()
    try:
        answer = await to.post(
            "/v1/verifications",
            files={"file": ("photo.jpg", picture())},
            data={"kind": "graduation"},
        )
        status = answer.status_code
    except httpx.TransportError:
        status = 0
    return status, time.perf_counter() - started


@dataclass
class Answers:
    """Statuses and times of many uploads."""

    seconds: dict[int, list[float]] = field(default_factory=dict)

    def add(self, status: int, seconds: float) -> None:
        self.seconds.setdefault(status, []).append(seconds)

    def quantile(self, status: int, share: float) -> float:
        """Milliseconds."""
        ordered = sorted(self.seconds.get(status, [float("nan")]))
        return 1e3 * ordered[min(int(share * len(ordered)), len(ordered) - 1)]

    def counts(self) -> dict[int, int]:
        return dict(Counter({status: len(times) for status, times in self.seconds.items()}))


async def sequential(count: int) -> Answers:
    answers = Answers()
    async with client() as to:
        for _ in range(5):
            await send(to)
        for _ in range(count):
            answers.add(*await send(to))
    return answers


async def saturated(seconds: float, at_once: int = 8) -> float:
    """Reports a second with ``at_once`` uploads always under way."""
    done, until = 0, time.perf_counter() + seconds

    async def keep_sending(to: httpx.AsyncClient) -> None:
        nonlocal done
        while time.perf_counter() < until:
            status, _ = await send(to)
            done += status == 200

    async with client() as to:
        started = time.perf_counter()
        await asyncio.gather(*(keep_sending(to) for _ in range(at_once)))
        return done / (time.perf_counter() - started)


async def open_loop(rate: float, seconds: float) -> Answers:
    """Uploads that come at their times, whatever became of those before."""
    answers, under_way = Answers(), set[asyncio.Task[None]]()

    async def one(to: httpx.AsyncClient) -> None:
        answers.add(*await send(to))

    async with client() as to:
        started = time.perf_counter()
        for number in range(int(rate * seconds)):
            await asyncio.sleep(max(started + number / rate - time.perf_counter(), 0))
            task = asyncio.create_task(one(to))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        await asyncio.gather(*under_way)
    return answers


def memory(process: subprocess.Popen[bytes]) -> float:
    """Resident MiB of a process and its children."""
    whole = psutil.Process(process.pid)
    sizes: list[int] = [p.memory_info().rss for p in (whole, *whole.children(recursive=True))]
    return sum(sizes) / (1 << 20)


def alone(count: int) -> list[float]:
    for _ in range(10):
        verify(picture())
    times = []
    for _ in range(count):
        started = time.perf_counter()
        verify(picture())
        times.append(1e3 * (time.perf_counter() - started))
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a fifth of the time")
    parser.add_argument("--batch", type=int, default=1000, help="pictures of the batch")
    given = parser.parse_args()
    short = 0.2 if given.quick else 1.0
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for number in range(given.batch):
            (root / f"{number}.jpg").write_bytes(picture())
        base = alone(int(100 * short) + 10)
        verify_ms = statistics.median(base)
        print(f"verify() in this process: median {verify_ms:.1f} ms")
        with service(1, root):
            one = asyncio.run(saturated(20 * short))
        with service(2, root) as process:
            measure(process, root, one, verify_ms, short)


def measure(
    process: subprocess.Popen[bytes], root: Path, one: float, verify_ms: float, short: float
) -> None:
    trip = asyncio.run(sequential(int(200 * short) + 20))
    median, p99 = trip.quantile(200, 0.5), trip.quantile(200, 0.99)
    print(f"sequential: median {median:.1f} ms = verify() + {median - verify_ms:.1f}; "
          f"p99 {p99:.1f} ms = {p99 / median:.2f} × median")  # fmt: skip
    two = asyncio.run(saturated(20 * short))
    print(f"saturated: 1 worker {one:.1f}/s, 2 workers {two:.1f}/s = {two / one:.2f} ×; "
          f"1 worker: {1e3 / one - verify_ms:.1f} ms a job over verify()")  # fmt: skip
    steady = asyncio.run(open_loop(0.7 * two, 120 * short))
    print(f"70 % of capacity, {120 * short:.0f} s: {steady.counts()}, "
          f"median {steady.quantile(200, 0.5):.0f} ms, "
          f"p99 {steady.quantile(200, 0.99):.0f} ms")  # fmt: skip
    before = memory(process)
    flood = asyncio.run(open_loop(3 * two, 30 * short))
    print(f"300 % of capacity, {30 * short:.0f} s: {flood.counts()}, accepted max "
          f"{flood.quantile(200, 1) / 1e3:.1f} s, 503 median {flood.quantile(503, 0.5):.0f} ms "
          f"p99 {flood.quantile(503, 0.99):.0f} ms; "
          f"memory {before:.0f} → {memory(process):.0f} MiB")  # fmt: skip
    names = sorted(file.name for file in root.iterdir())
    begun = httpx.post(
        f"{URL}/v1/batches", params={"kind": "graduation"}, json={"items": names}, timeout=30
    ).json()
    place = f"{URL}/v1/batches/{begun['id']}"
    time.sleep(2)
    beside = asyncio.run(sequential(int(100 * short) + 10))
    progress = httpx.get(place).json()
    slowed = beside.quantile(200, 0.5)
    print(f"beside a batch of {len(names)} ({progress['done']} done, {progress['state']}): "
          f"median {slowed:.1f} ms = {slowed / median:.2f} ×")  # fmt: skip
    httpx.delete(place)


if __name__ == "__main__":
    main()
