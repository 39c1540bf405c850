"""Response curves: each measured quantity over the strength of the defect it is for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import matplotlib as mpl
import numpy as np

mpl.use("Agg")

from matplotlib import pyplot as plt

COLUMNS = 4


def draw(curves: Mapping[str, tuple[str, Mapping[float, list[float]]]], out: Path) -> Path:
    """Median and 5th to 95th percentile of each curve, all on one sheet.

    Args:
        curves: name of the defect → name of the check and its values by strength.
        out: folder; made if missing.

    Returns:
        The sheet, ``curves.png``.
    """
    out.mkdir(parents=True, exist_ok=True)
    rows = math.ceil(len(curves) / COLUMNS)
    figure, axes = plt.subplots(rows, COLUMNS, figsize=(4 * COLUMNS, 2.6 * rows), squeeze=False)
    for axis in axes.flat[len(curves) :]:
        axis.axis("off")
    for axis, (name, (check, values)) in zip(axes.flat, curves.items(), strict=False):
        strengths = [s for s, found in values.items() if found]
        spread = np.array([np.percentile(values[s], (5, 50, 95)) for s in strengths])
        axis.set_title(name, fontsize=9)
        axis.set_ylabel(check, fontsize=8)
        axis.tick_params(labelsize=8)
        if strengths:
            axis.fill_between(strengths, spread[:, 0], spread[:, 2], alpha=0.25)
            axis.plot(strengths, spread[:, 1], marker="o", markersize=3)
    figure.tight_layout()
    sheet = out / "curves.png"
    figure.savefig(sheet, dpi=80)
    plt.close(figure)
    return sheet
