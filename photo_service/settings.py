"""Environment → frozen `Settings`. The only reader of ``os.environ``."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
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
    """

    models_dir: Path
    models_source: Path | None = None
    max_file_bytes: int = 32 * MEBIBYTE
    max_pixels: int = 50 * MEGAPIXEL
    language: str = "zh"
    font: Path | None = None
    log_file: Path | None = None
    debug: bool = False

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
        )


def _default_models_dir(env: Mapping[str, str]) -> Path:
    # A virtual environment owns its models, so that removing it removes everything.
    if sys.prefix != sys.base_prefix:
        return Path(sys.prefix) / "share" / "photo-service" / "models"
    base = env.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "photo-service" / "models"


def _default_log_file(env: Mapping[str, str]) -> Path:
    base = env.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "photo-service" / "faults.log"


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
