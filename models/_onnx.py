"""ONNX Runtime sessions as this project uses them: one thread, quiet, errors with a remedy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from models.store import ModelStoreError


def open_session(path: Path, *, keep_memory: bool = True) -> Any:
    """An inference session on one thread.

    Args:
        path: the model file.
        keep_memory: keep working memory between runs; off for models that few pictures need.

    Raises:
        ModelStoreError: ``model-unusable``.
    """
    import onnxruntime  # costs 0.1 s: only those who use a model pay

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.enable_cpu_mem_arena = keep_memory
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors share no base class
        raise ModelStoreError("model-unusable", file=path, reason=error) from error
