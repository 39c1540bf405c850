"""Environment → frozen `Settings`. The only reader of ``os.environ``."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from photo_service.errors import UsageError

MEGAPIXEL = 1_000_000
MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator may set; every field has one environment variable.

    Attributes:
        models_dir: where pulled models live (``PHOTO_SERVICE_MODELS_DIR``).
        models_source: folder to take models from instead of a package index, for machines
            without a network (``PHOTO_SERVICE_MODELS_SOURCE``).
        max_file_bytes: larger files are refused before decoding, whatever the profile
            (``PHOTO_SERVICE_MAX_FILE_BYTES``).
        max_pixels: larger pictures are refused from their header (``PHOTO_SERVICE_MAX_PIXELS``).
        language: default language of messages, ``zh`` or ``en`` (``PHOTO_SERVICE_LANG``).
        font: a font file with Chinese glyphs for overlays (``PHOTO_SERVICE_FONT``).
        log_file: where the command line notes its own faults (``PHOTO_SERVICE_LOG``).
        debug: show tracebacks on the terminal (``PHOTO_SERVICE_DEBUG``, any text).
        profiles_dir: rule files that take the place of shipped ones of the same name, or add to
            them (``PHOTO_SERVICE_PROFILES_DIR``).
        redis_url: the queue's Redis or Valkey: ``redis://``, ``rediss://`` (TLS) or ``unix://``
            (``PHOTO_SERVICE_REDIS_URL``). ``up`` starts one of its own when this is not set.
        host: address the service listens on (``PHOTO_SERVICE_HOST``).
        port: port the service listens on (``PHOTO_SERVICE_PORT``).
        workers: worker processes of ``up`` and ``worker`` (``PHOTO_SERVICE_WORKERS``).
        wait_s: how long an upload waits for its report before it is told to come back
            (``PHOTO_SERVICE_WAIT``).
        queue_limit: uploads waiting before further ones are turned away
            (``PHOTO_SERVICE_QUEUE_LIMIT``).
        job_limit_s: a picture that takes longer is ended with its worker
            (``PHOTO_SERVICE_JOB_LIMIT``).
        worker_jobs: a worker is replaced after so many pictures (``PHOTO_SERVICE_WORKER_JOBS``).
        worker_memory: a worker that holds more bytes is replaced, in MiB in the environment
            (``PHOTO_SERVICE_WORKER_MEMORY``).
        result_ttl_s: how long reports of uploads are kept (``PHOTO_SERVICE_RESULT_TTL``).
        batch_ttl_s: how long batches and their results are kept (``PHOTO_SERVICE_BATCH_TTL``).
        roots: folders and fsspec URLs that batches may read, separated by ``;``
            (``PHOTO_SERVICE_ROOTS``).
        keys_file: the file of hashed API keys (``PHOTO_SERVICE_KEYS``).
        rate_limit: requests a key may make in a minute (``PHOTO_SERVICE_RATE_LIMIT``).
        state_dir: where the embedded queue keeps its data (``PHOTO_SERVICE_STATE_DIR``).
        otlp_endpoint: where OpenTelemetry spans go, if anywhere
            (``OTEL_EXPORTER_OTLP_ENDPOINT``).
    """

    models_dir: Path
    models_source: Path | None = None
    max_file_bytes: int = 32 * MEBIBYTE
    max_pixels: int = 50 * MEGAPIXEL
    language: str = "zh"
    font: Path | None = None
    log_file: Path | None = None
    debug: bool = False
    profiles_dir: Path | None = None
    redis_url: str = field(default="", repr=False)
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    wait_s: int = 10
    queue_limit: int = 64
    job_limit_s: int = 30
    worker_jobs: int = 5000
    worker_memory: int = 1536 * MEBIBYTE
    result_ttl_s: int = 3600
    batch_ttl_s: int = 3 * 24 * 3600
    roots: tuple[str, ...] = ()
    keys_file: Path | None = None
    rate_limit: int = 1200
    state_dir: Path = Path()
    otlp_endpoint: str = ""

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read the environment.

        Raises:
            UsageError: a variable is set to something that is no such value; names it.
        """
        env = os.environ if environ is None else environ
        language = env.get("PHOTO_SERVICE_LANG", "zh")
        if language not in ("zh", "en"):
            raise UsageError("setting-bad", name="PHOTO_SERVICE_LANG", wanted="zh | en")
        return cls(
            models_dir=Path(env.get("PHOTO_SERVICE_MODELS_DIR") or _default_models_dir(env)),
            models_source=_path(env, "PHOTO_SERVICE_MODELS_SOURCE"),
            max_file_bytes=_positive(env, "PHOTO_SERVICE_MAX_FILE_BYTES", 32 * MEBIBYTE),
            max_pixels=_positive(env, "PHOTO_SERVICE_MAX_PIXELS", 50 * MEGAPIXEL),
            language=language,
            font=_path(env, "PHOTO_SERVICE_FONT"),
            log_file=_path(env, "PHOTO_SERVICE_LOG") or _default_log_file(env),
            debug=bool(env.get("PHOTO_SERVICE_DEBUG")),
            profiles_dir=_path(env, "PHOTO_SERVICE_PROFILES_DIR"),
            redis_url=env.get("PHOTO_SERVICE_REDIS_URL", ""),
            host=env.get("PHOTO_SERVICE_HOST") or "127.0.0.1",
            port=_positive(env, "PHOTO_SERVICE_PORT", 8000),
            workers=_positive(env, "PHOTO_SERVICE_WORKERS", os.cpu_count() or 1),
            wait_s=_positive(env, "PHOTO_SERVICE_WAIT", 10),
            queue_limit=_positive(env, "PHOTO_SERVICE_QUEUE_LIMIT", 64),
            job_limit_s=_positive(env, "PHOTO_SERVICE_JOB_LIMIT", 30),
            worker_jobs=_positive(env, "PHOTO_SERVICE_WORKER_JOBS", 5000),
            worker_memory=_positive(env, "PHOTO_SERVICE_WORKER_MEMORY", 1536) * MEBIBYTE,
            result_ttl_s=_positive(env, "PHOTO_SERVICE_RESULT_TTL", 3600),
            batch_ttl_s=_positive(env, "PHOTO_SERVICE_BATCH_TTL", 3 * 24 * 3600),
            roots=_roots(env),
            keys_file=_path(env, "PHOTO_SERVICE_KEYS"),
            rate_limit=_positive(env, "PHOTO_SERVICE_RATE_LIMIT", 1200),
            state_dir=_path(env, "PHOTO_SERVICE_STATE_DIR") or _default_state_dir(env),
            otlp_endpoint=env.get("OTEL_EXPORTER_OTLP_ENDPOINT", ""),
        )


def _default_models_dir(env: Mapping[str, str]) -> Path:
    # A virtual environment owns its models, so that removing it removes everything.
    if sys.prefix != sys.base_prefix:
        return Path(sys.prefix) / "share" / "photo-service" / "models"
    base = env.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "photo-service" / "models"


def _default_state_dir(env: Mapping[str, str]) -> Path:
    base = env.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "photo-service"


def _default_log_file(env: Mapping[str, str]) -> Path:
    return _default_state_dir(env) / "faults.log"


def _roots(env: Mapping[str, str]) -> tuple[str, ...]:
    roots = tuple(r for r in env.get("PHOTO_SERVICE_ROOTS", "").split(";") if r)
    for root in roots:
        if "://" not in root and not Path(root).is_absolute():
            raise UsageError(
                "setting-bad", name="PHOTO_SERVICE_ROOTS", wanted="/folder;s3://bucket/…"
            )
    return roots


def _path(env: Mapping[str, str], name: str) -> Path | None:
    value = env.get(name)
    return Path(value) if value else None


def _positive(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name)
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise UsageError("setting-bad", name=name, wanted="1, 2, 3 …")
    return int(text)
