"""Who judges the pictures of a batch: processes on this machine, or the workers of the queue.

Both take pictures in any order and lose none: one that ends its process twice is set aside for
review, and so is one that takes too long.
"""

from __future__ import annotations

import itertools
import multiprocessing
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from pebble import ProcessExpired, ProcessPool

from photo_service.commands.check import read_bytes
from photo_service.context import Context
from photo_service.errors import PhotoServiceError
from photo_service.profile import Profile, parse
from photo_service.rows import error_of
from photo_service.service import set_aside, verify, warm_up
from photo_service.settings import Settings
from workers import broker, watchdog
from workers.desk import Desk, Upload

# ``{"report": …}``, or ``{"error": …}`` for a picture that could not be looked at.
Answer = dict[str, Any]

# Pictures under way for each process, so that none waits for the next.
AHEAD = 2
TRIES = 2
# Pictures in the queue at once: enough for several machines, little to keep in its memory.
WINDOW = 64
REPLY_S = 2.0


@dataclass(frozen=True, slots=True)
class Task:
    """One picture to judge; crosses process borders.

    Attributes:
        path: what the results call it.
        file: where it is.
        rules: text of the rules, and ``rules_name`` their name.
        id: the caller's own mark.
        reference: file of a photo of the same person.
        name, number, type: what the candidate entered.
    """

    path: str
    file: Path
    rules: bytes = field(repr=False)
    rules_name: str
    id: str = ""
    reference: Path | None = None
    name: str = field(default="", repr=False)
    number: str = field(default="", repr=False)
    type: str = ""

    @property
    def profile(self) -> Profile:
        """The rules."""
        return parse(self.rules, self.rules_name)

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes it the same picture in a later run."""
        return self.path, self.profile.kind, self.id

    def read(self) -> tuple[bytes, Context]:
        """The picture's bytes and what is known of it.

        Raises:
            FileUnreadableError: it or its reference cannot be read.
        """
        reference = None if self.reference is None else read_bytes(str(self.reference))
        context = Context(
            expect_name=self.name,
            expect_number=self.number,
            expect_type=self.type,
            reference=reference,
        )
        return read_bytes(str(self.file)), context

    def row(self, answer: Answer) -> dict[str, Any]:
        """The result row."""
        file = str(self.file.absolute())
        about = {"path": self.path, "file": file, "kind": self.profile.kind, "id": self.id}
        return {**about, **answer}


Runner = Callable[[Iterable[Task]], Iterator[tuple[Task, Answer]]]


def judge(task: Task, settings: Settings, language: str) -> Answer:
    """Judge in this process."""
    try:
        data, context = task.read()
    except PhotoServiceError as error:
        return {"error": error_of(error, language)}
    report = verify(
        data,
        task.profile.kind,
        profile=task.profile,
        name=task.path,
        context=context,
        settings=settings,
        tick=watchdog.again,
    )
    return {"report": report.to_dict(language)}


# --- this machine --------------------------------------------------------------------------------


def local(settings: Settings, language: str, jobs: int) -> Runner:
    """Judge in ``jobs`` processes of this machine."""

    def run(tasks: Iterable[Task]) -> Iterator[tuple[Task, Answer]]:
        pool = ProcessPool(
            max_workers=jobs,
            max_tasks=settings.worker_jobs,
            initializer=_start,
            initargs=(settings,),
            context=multiprocessing.get_context("spawn"),
        )
        try:
            yield from _each(pool, iter(tasks), settings, language, AHEAD * jobs)
            pool.close()  # type: ignore[no-untyped-call]
        finally:
            pool.stop()  # type: ignore[no-untyped-call]
            pool.join()

    return run


def _start(settings: Settings) -> None:
    # Ctrl+C is for the parent, which stops its children.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warm_up(settings)


def _judge_in_time(task: Task, settings: Settings, language: str) -> Answer:
    """Judge in a process of the pool, which ends when a picture takes too long."""
    with watchdog.silent(settings.job_limit_s):
        return judge(task, settings, language)


def _each(
    pool: ProcessPool, waiting: Iterator[Task], settings: Settings, language: str, most: int
) -> Iterator[tuple[Task, Answer]]:
    under_way: dict[Future[Answer], tuple[Task, int]] = {}

    def start(task: Task, tries: int) -> None:
        future = pool.schedule(_judge_in_time, args=(task, settings, language))
        under_way[future] = task, tries

    for task in itertools.islice(waiting, most):
        start(task, 1)
    while under_way:
        done, _ = wait(under_way, return_when=FIRST_COMPLETED)
        for future in done:
            task, tries = under_way.pop(future)
            try:
                answer = future.result()
            except ProcessExpired:
                if tries < TRIES:
                    start(task, tries + 1)
                    continue
                aside = set_aside(None, task.profile, "service-crashed", name=task.path)
                answer = {"report": aside.to_dict(language)}
            yield task, answer
            for following in itertools.islice(waiting, 1):
                start(following, 1)


# --- the queue -----------------------------------------------------------------------------------


def queued(settings: Settings, language: str) -> Runner:
    """Leave the work to the workers of the queue; bytes go there, no paths.

    Raises:
        QueueAwayError: no queue is set.
    """
    if not settings.redis_url:
        raise broker.QueueAwayError("queue-unset")
    desk = Desk(broker.connect(settings.redis_url, patient=True), settings, broker.BATCH)

    def run(tasks: Iterable[Task]) -> Iterator[tuple[Task, Answer]]:
        waiting, queue = iter(tasks), _Queued(desk, settings, language)
        while True:
            for task in itertools.islice(waiting, max(WINDOW - queue.size, 0)):
                yield from queue.submit(task)
            if not queue.size:
                return
            yield from queue.collect()

    return run


class _Queued:
    """Pictures in the queue and who asked for them."""

    def __init__(self, desk: Desk, settings: Settings, language: str) -> None:
        self._desk = desk
        self._settings = settings
        self._language = language
        self._replies = f"photo:replies:{uuid4().hex}"
        # Equal pictures share an id.
        self._tasks: dict[str, list[Task]] = {}

    @property
    def size(self) -> int:
        """How many are under way."""
        return len(self._tasks)

    def submit(self, task: Task) -> Iterator[tuple[Task, Answer]]:
        """Put one into the queue; gives its answer if there is one already."""
        try:
            data, context = task.read()
        except PhotoServiceError as error:
            yield task, {"error": error_of(error, self._language)}
            return
        if len(data) > self._settings.max_file_bytes:
            # What no worker would open is not carried there.
            yield task, judge(task, self._settings, self._language)
            return
        upload = Upload(data, task.profile, self._language, task.path, context)
        report = self._desk.submit(upload, self._replies)
        if report is not None:
            yield self._answered(task, report)
        else:
            self._tasks.setdefault(upload.id, []).append(task)

    def collect(self) -> Iterator[tuple[Task, Answer]]:
        """Wait for the next answer, and look after those that are late."""
        reply = self._desk.next_reply(self._replies, REPLY_S)
        for upload_id in list(self._tasks) if reply is None else [reply]:
            pending = self._desk.knows(upload_id)
            report = self._desk.report(upload_id)
            if report is not None:
                for task in self._tasks.pop(upload_id, []):
                    yield self._answered(task, report)
            elif not pending:
                # It waited longer than uploads are kept.
                for task in self._tasks.pop(upload_id, []):
                    yield from self.submit(task)

    def _answered(self, task: Task, report: dict[str, Any]) -> tuple[Task, Answer]:
        return task, {"report": {**report, "image": {**report["image"], "name": task.path}}}
