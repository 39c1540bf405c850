"""All models of one process: opened once, used side by side, closed in time."""

from __future__ import annotations

import atexit
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from types import TracebackType
from typing import Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from models import _mediapipe
from models.added import AddedFinder, AddedMaps
from models.covering import CoveringModel, CoveringScores
from models.face import DetectedFace, FaceDetector, FaceLandmarker, FaceLandmarks
from models.segmentation import PersonSegmenter
from models.store import ModelStore
from models.text import Spelling, TextBox, TextLine, TextReader
from models.text import digests as text_digests

FACE_LANDMARKER = "face_landmarker"
PERSON_SEGMENTER = "selfie_segmentation"
FACE_DETECTOR = "face_detection_full_range"
COVERING = "covering"
ADDED = "added"

# What is opened, and runs, in the helper thread.
_FACES = ("_segmenter", "_detector", "_covering", "_finder")
_TEXT = ("_reader",)

T = TypeVar("T")

_open_models: weakref.WeakSet[Models] = weakref.WeakSet()


class Models:
    """Owns the models and the one helper thread that runs some of them beside the others.

    The landmarker runs in the caller's thread (one at a time); the segmenter and the face detector
    in the helper thread. Asked in the order `submit_mask`, `submit_faces`, `landmarks`, all three
    take about as long as the slowest on two cores. Each model is checked (its whole sha256) and
    opened when first asked for, or all at once by `open`.

    Not to be carried over a fork: open the models in the process that uses them.

    Args:
        store: where the model files are.
    """

    def __init__(self, store: ModelStore) -> None:
        self.store = store
        self._landmarker_lock = threading.Lock()
        self._helper = ThreadPoolExecutor(1, thread_name_prefix="models")
        self._side_by_side = True
        self._closed = False
        _open_models.add(self)

    @classmethod
    def open(cls, store: ModelStore) -> Self:
        """Open the models of portraits now, so that the first is as quick as the next.

        The text reader, which few portraits need, is opened by the first one that does.

        Raises:
            ModelStoreError: ``model-missing``, ``model-altered``, ``model-unusable``,
                ``system-library-missing``.
        """
        models = cls(store)
        try:
            models.prepare(faces=True, text=False)
        except BaseException:
            models.close()
            raise
        return models

    def prepare(self, *, faces: bool, text: bool) -> None:
        """Open these models now unless they are open.

        Args:
            faces: those that look for people and what covers or was added to them.
            text: the text reader.

        Raises:
            ModelStoreError: as `open`.
        """
        names = (*(_FACES if faces else ()), *(_TEXT if text else ()))
        closed = [name for name in names if name not in self.__dict__]
        # A report names every model, so that all must be there.
        text_digests()
        helper = self._helper.submit(lambda: [getattr(self, n) for n in closed]) if closed else None
        if faces:
            self._landmarker  # noqa: B018 - opens it
        if helper is not None:
            helper.result()

    def side_by_side(self, wanted: bool) -> None:
        """Whether models answer in the helper thread from now on, or in the caller's.

        The helper saves time where a core is free; where none is, threads only get in each
        other's way.
        """
        if wanted != self._side_by_side:
            # Nothing may be under way: a model's native object serves one thread at a time.
            self._helper.submit(lambda: None).result()
            self._side_by_side = wanted

    @property
    def digests(self) -> Mapping[str, str]:
        """Name → sha256 of every model there is; those of the store are checked before opening."""
        return {**self.store.digests(), **text_digests()}

    @cached_property
    def _landmarker(self) -> FaceLandmarker:
        return FaceLandmarker(self.store.verify(FACE_LANDMARKER))

    @cached_property
    def _segmenter(self) -> PersonSegmenter:
        return PersonSegmenter(self.store.verify(PERSON_SEGMENTER))

    @cached_property
    def _detector(self) -> FaceDetector:
        return FaceDetector(self.store.verify(FACE_DETECTOR))

    @cached_property
    def _finder(self) -> AddedFinder:
        return AddedFinder(self.store.verify(ADDED))

    @cached_property
    def _reader(self) -> TextReader:
        return TextReader()

    @cached_property
    def _covering(self) -> CoveringModel:
        return CoveringModel(self.store.verify(COVERING))

    def landmarks(self, rgb: NDArray[np.uint8]) -> tuple[FaceLandmarks, ...]:
        """Faces with landmarks, the largest first; see `FaceLandmarker.detect`.

        Raises:
            ModelStoreError: as `open`, when the model is opened by this call.
        """
        self._refuse_if_closed()
        with self._landmarker_lock:
            return self._landmarker.detect(rgb)

    def submit_covering(
        self,
        rgb: NDArray[np.uint8],
        left_eye: tuple[float, float],
        right_eye: tuple[float, float],
    ) -> Future[CoveringScores]:
        """Whether head, eyes or mouth are covered, soon; see `CoveringModel.scores`."""
        self._refuse_if_closed()
        return self._later(lambda: self._covering.scores(rgb, left_eye, right_eye))

    def submit_mask(self, rgb: NDArray[np.uint8]) -> Future[NDArray[np.float32]]:
        """The person mask, soon; see `PersonSegmenter.mask`. Errors come with the result."""
        self._refuse_if_closed()
        return self._later(lambda: self._segmenter.mask(rgb))

    def submit_faces(self, rgb: NDArray[np.uint8]) -> Future[tuple[DetectedFace, ...]]:
        """All faces, small ones too, soon; see `FaceDetector.detect`."""
        self._refuse_if_closed()
        return self._later(lambda: self._detector.detect(rgb))

    def submit_added(self, rgb: NDArray[np.uint8]) -> Future[AddedMaps]:
        """Where something may have been added, soon; see `AddedFinder.look`."""
        self._refuse_if_closed()
        return self._later(lambda: self._finder.look(rgb))

    def submit_text(
        self,
        rgb: NDArray[np.uint8],
        places: Sequence[tuple[float, float, float, float]],
        most: int,
    ) -> Future[tuple[TextLine, ...]]:
        """What is written in some places, soon; see `TextReader.lines_near`."""
        self._refuse_if_closed()
        return self._later(lambda: self._reader.lines_near(rgb, places, most))

    def text_boxes(self, rgb: NDArray[np.uint8], long_side: int) -> tuple[TextBox, ...]:
        """Where text seems to be; see `TextReader.boxes`."""
        self._refuse_if_closed()
        return self._later(lambda: self._reader.boxes(rgb, long_side)).result()

    def spell(
        self, rgb: NDArray[np.uint8], boxes: Sequence[TextBox], alphabet: str = ""
    ) -> tuple[Spelling, ...]:
        """The characters in each box one by one; see `TextReader.spell`."""
        self._refuse_if_closed()
        return self._later(
            lambda: tuple(self._reader.spell(rgb, box, alphabet) for box in boxes)
        ).result()

    def close(self) -> None:
        """Finish what is under way and free all models; a second call does nothing."""
        if self._closed:
            return
        self._closed = True
        self._helper.shutdown(wait=True, cancel_futures=True)
        with self._landmarker_lock, _mediapipe.quiet():
            for name in ("_landmarker", *_FACES, *_TEXT):
                if model := self.__dict__.pop(name, None):
                    model.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _later(self, work: Callable[[], T]) -> Future[T]:
        if self._side_by_side:
            return self._helper.submit(work)
        future: Future[T] = Future()
        try:
            future.set_result(work())
        except Exception as error:  # noqa: BLE001 - it comes with the result, as from the helper
            future.set_exception(error)
        return future

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise RuntimeError("these models are closed")


def _close_all() -> None:
    for models in list(_open_models):
        models.close()


# MediaPipe closes its tasks on threads of its own, which the interpreter stops before it runs
# atexit's functions; threading's own list runs earlier, the last entry first.
_at_exit: Callable[[Callable[[], None]], object] = getattr(
    threading, "_register_atexit", atexit.register
)
_at_exit(_close_all)
