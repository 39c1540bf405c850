"""Where pictures of batches may lie: below the operator's roots, and nowhere else.

A root is a folder or a URL that fsspec knows. A place is a path or a URL below one of them; what a
caller names is never opened unless `Places.locate` found it there.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec

from photo_service.errors import FileUnreadableError, UsageError
from photo_service.profile import Profile
from photo_service.settings import Settings

PICTURES = (".jpg", ".jpeg", ".png")
ARCHIVES = (".zip",)


def extensions(profile: Profile) -> tuple[str, ...]:
    """How names of files end that a profile can judge."""
    archives = any(line.check.topic == "archive" for line in profile.lines)
    return ARCHIVES if archives else PICTURES


class Places:
    """The roots and what lies below them. Opens no picture, only reads and lists.

    Args:
        settings: with ``roots``.
    """

    def __init__(self, settings: Settings) -> None:
        self._roots = settings.roots
        self._most = settings.max_file_bytes

    def locate(self, place: str) -> str:
        """A place below one of the roots, as a full path or URL.

        Raises:
            UsageError: ``path-outside``: it is not below any root.
        """
        for root in self._roots:
            found = _below(place, root)
            if found is not None:
                return found
        raise UsageError("path-outside")

    def read(self, place: str) -> bytes:
        """The bytes of a file.

        Raises:
            UsageError: ``path-outside``.
            FileUnreadableError: it cannot be read, or is too large.
        """
        full = self.locate(place)
        try:
            with fsspec.open(full, "rb") as stream:
                data: bytes = stream.read(self._most + 1)
        except Exception as error:
            raise _unreadable(place, error) from error
        if len(data) > self._most:
            raise FileUnreadableError("path-huge", file=place, limit=self._most >> 20)
        return data

    # --- looking around ------------------------------------------------------------------------

    def roots(self) -> list[dict[str, Any]]:
        """Number and name of each root; where it is stays with the operator."""
        return [
            {"number": number, "name": root.rstrip("/").rpartition("/")[2]}
            for number, root in enumerate(self._roots)
        ]

    def look(self, number: int, folder: str) -> dict[str, Any]:
        """What lies in a folder: names of folders, and how many files.

        Args:
            number: of the root.
            folder: below it; ``""`` is the root itself.

        Raises:
            UsageError: ``root-unknown``, ``path-outside``.
            FileUnreadableError: it cannot be listed.
        """
        system, full = self._folder(number, folder)
        try:
            listed = system.ls(full, detail=True)
        except Exception as error:
            raise _unreadable(folder, error) from error
        shown = [entry for entry in listed if _shown(entry["name"])]
        names = [_name(each["name"]) for each in shown if each["type"] == "directory"]
        return {
            "number": number,
            "folder": folder,
            "folders": sorted(names),
            "files": len(shown) - len(names),
        }

    def below(self, number: int, folder: str, endings: tuple[str, ...]) -> Iterator[str]:
        """Places of all files below a folder whose names end so, in order.

        Hidden ones are left out, links are not followed into folders, and files that links
        find outside the roots are left out.

        Raises:
            UsageError: ``root-unknown``, ``path-outside``.
            FileUnreadableError: it cannot be listed.
        """
        system, full = self._folder(number, folder)
        base = self._folder(number, "")[1]
        try:
            for _, folders, files in system.walk(full, detail=True, on_error="raise"):
                for name in [name for name in folders if not _shown(name)]:
                    del folders[name]
                for name, entry in sorted(files.items()):
                    if _shown(name) and name.lower().endswith(endings):
                        place = self._place(number, entry["name"][len(base) :].lstrip("/"))
                        if not entry.get("islink") or self._inside(place):
                            yield place
        except OSError as error:
            raise _unreadable(folder, error) from error

    def _folder(self, number: int, folder: str) -> tuple[Any, str]:
        """A folder's file system, and its path there."""
        if not 0 <= number < len(self._roots):
            raise UsageError("root-unknown", number=number)
        root = self._roots[number]
        found = _below(_join(root, folder) if "://" in root else folder, root)
        if folder and found is None:
            raise UsageError("path-outside")
        system, path = fsspec.core.url_to_fs(found or root)
        return system, path.rstrip("/")

    def _place(self, number: int, path: str) -> str:
        """A file below a root as batches name it: as short as `locate` finds it again."""
        folders = [n for n, root in enumerate(self._roots) if "://" not in root]
        # A relative place is one below the first folder.
        return path if folders[:1] == [number] else _join(self._roots[number], path)

    def _inside(self, place: str) -> bool:
        try:
            self.locate(place)
        except UsageError:
            return False
        return True


def _join(root: str, path: str) -> str:
    return f"{root.rstrip('/')}/{path}"


def _below(place: str, root: str) -> str | None:
    return _below_url(place, root) if "://" in root else _below_folder(place, root)


def _below_url(place: str, root: str) -> str | None:
    start = root.rstrip("/") + "/"
    # No ``..``, no second protocol chained on.
    plain = ".." not in place and "::" not in place
    return place if plain and place.startswith(start) else None


def _below_folder(place: str, root: str) -> str | None:
    if "://" in place:
        return None
    folder = Path(root).resolve()
    try:
        full = (folder / place).resolve()
    except (OSError, RuntimeError, ValueError):
        return None
    return str(full) if full.is_relative_to(folder) and _is_text(place) else None


def _name(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]


def _shown(path: str) -> bool:
    """Whether staff see a file or folder: it is not hidden, and its name is text."""
    name = _name(path)
    return not name.startswith(".") and _is_text(name)


def _is_text(name: str) -> bool:
    """Whether a name can be kept in results; bytes that are no UTF-8 cannot."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _unreadable(place: str, error: Exception) -> FileUnreadableError:
    kinds = {
        FileNotFoundError: "path-missing",
        PermissionError: "path-forbidden",
        IsADirectoryError: "path-directory",
    }
    for kind, code in kinds.items():
        if isinstance(error, kind):
            return FileUnreadableError(code, file=place)
    why = getattr(error, "strerror", None) or type(error).__name__
    return FileUnreadableError("path-unreadable", file=place, why=why)
