"""``up``, ``serve`` and ``worker``: start the service, all of it or its parts."""

from __future__ import annotations

import argparse
import contextlib
import ipaddress
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from dataclasses import replace

import api
from models.store import ModelStore
from photo_service import profile as profiles
from photo_service.commands.models import as_model_error
from photo_service.errors import UsageError
from photo_service.messages import Messages
from photo_service.settings import Settings
from workers import logs, server, tracing
from workers.broker import QueueAwayError
from workers.pool import Pool, stop_on_signals

# An API process that ended by itself is started again after this.
PAUSE_S = 1.0
_SLOWEST_START_S = 60.0


def run_up(arguments: argparse.Namespace, settings: Settings, text: Messages) -> int:
    """Everything on one machine, until SIGTERM or SIGINT."""
    settings = _asked(arguments, settings)
    _look_before(settings)
    with contextlib.ExitStack() as stack:
        if not settings.redis_url:
            url = stack.enter_context(server.embedded(settings))
            settings = replace(settings, redis_url=url)
        logs.start("pool")
        tracing.start(settings)
        _say(text.ui("up_starting"))
        pool, door = Pool(settings, settings.workers), _Door(settings)

        def stop(*_: object) -> None:
            # First the door, whose requests still need the workers.
            threading.Thread(target=_stop_both, args=(door, pool)).start()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        door.start()
        threading.Thread(target=_tell_ready, args=(settings, pool, text), daemon=True).start()
        pool.run()
        door.stop()
    _say(text.ui("up_stopped"))
    return 0


def run_serve(arguments: argparse.Namespace, settings: Settings, text: Messages) -> int:
    """The HTTP service alone."""
    settings = _asked(arguments, settings)
    _look_before(settings, queue=True)
    api.run(settings)
    return 0


def run_worker(arguments: argparse.Namespace, settings: Settings, text: Messages) -> int:
    """Workers alone."""
    settings = _asked(arguments, settings)
    if not settings.redis_url:
        raise QueueAwayError("queue-unset")
    _look_for_rules_and_models(settings)
    logs.start("pool")
    tracing.start(settings)
    pool = Pool(settings, settings.workers)
    stop_on_signals(pool)
    pool.run()
    return 0


class _Door:
    """The API as a process of its own, started again if it ends by itself."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._context = multiprocessing.get_context("spawn")
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep, daemon=True)
        self._lock = threading.Lock()
        self._process: multiprocessing.process.BaseProcess | None = None

    def start(self) -> None:
        """Open."""
        self._thread.start()

    def stop(self) -> None:
        """Answer what was asked, then close."""
        self._ended.set()
        with self._lock:
            process = self._process
        if process is not None and process.is_alive():
            process.terminate()
        self._thread.join()

    def _keep(self) -> None:
        while not self._ended.is_set():
            with self._lock:
                process = self._context.Process(
                    target=api.run, args=(self._settings,), kwargs={"parent": os.getpid()}
                )
                process.start()
                self._process = process
            process.join()
            self._ended.wait(PAUSE_S)


def _stop_both(door: _Door, pool: Pool) -> None:
    door.stop()
    pool.stop()


def _asked(arguments: argparse.Namespace, settings: Settings) -> Settings:
    """Settings with what the command line says."""
    names = ("host", "port", "workers")
    given = {n: getattr(arguments, n) for n in names if getattr(arguments, n, None) is not None}
    for name in ("port", "workers"):
        if name in given and given[name] < 1:
            raise UsageError("argument-value-missing", name=f"--{name}", prog="photo-service")
    return replace(settings, **given)


def _look_before(settings: Settings, *, queue: bool = False) -> None:
    """What would fail later in another process is better said now."""
    if queue and not settings.redis_url:
        raise QueueAwayError("queue-unset")
    if settings.keys_file is None and not _is_local(settings.host):
        raise UsageError("keys-needed", host=settings.host)
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise UsageError("port-in-use", host=settings.host, port=settings.port) from error
    _look_for_rules_and_models(settings)


def _look_for_rules_and_models(settings: Settings) -> None:
    for profile in profiles.names(settings.profiles_dir):
        profiles.find(profile, settings.profiles_dir)
    with as_model_error():
        store = ModelStore(settings.models_dir, settings.models_source)
        for asset in store.assets:
            store.verify(asset.name)


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _tell_ready(settings: Settings, pool: Pool, text: Messages) -> None:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    until = time.monotonic() + _SLOWEST_START_S
    while time.monotonic() < until:
        with contextlib.suppress(urllib.error.URLError, OSError):
            urllib.request.urlopen(f"http://{host}:{settings.port}/readyz", timeout=2)
            break
        time.sleep(0.1)
    else:
        return
    _say(text.ui("up_ready", host=host, port=settings.port, workers=len(pool.pids)))
    if settings.keys_file is None:
        _say(text.ui("up_open"))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
