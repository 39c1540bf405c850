"""Train the first look for additions (`models/assets/added.onnx`) on drawn pictures.

    python training/train_added.py --data DIR --fonts FONT … --chinese FONT … [--out FILE]

DIR holds INDEX.csv as for the covering model (README.md). Pictures marked `tune` are drawn on,
those marked `check` only reported on; pictures in which the text reader reads something are left
out. Needs PyTorch and onnx beside the service itself. About 25 minutes on two free cores.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from models.runtime import Models
from models.store import ModelStore
from models.text import TextReader
from photo_service.settings import Settings
from training.added_data import FACE, GRAPHIC, IGNORE, TEXT, Painter, Person

WIDTHS = (8, 16, 48)
CROP = (32, 24)  # cells trained on at a time: a quarter of the picture
BATCH = 48
# Score of a picture: mean of its highest cells, as `models.added.picture_score`.
TOP_CELLS = 4
LONGEST = 1000


class Network(nn.Sequential):
    """Two plain and seven depthwise convolutions; three log-odds for each 8 × 8 cell."""

    def __init__(self) -> None:
        a, b, c = WIDTHS
        super().__init__(
            _Scale(),
            _convolution(3, a, 3, stride=2),
            _convolution(a, b, 3, stride=2),
            _Separable(b, b),
            _Separable(b, c, stride=2),
            *(_Separable(c, c, dilation=dilation) for dilation in (1, 2, 4, 2, 1)),
            nn.Conv2d(c, 3, 1),
        )
        nn.init.constant_(self[-1].bias, -3)  # additions are rare


class _Scale(nn.Module):
    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        return (picture - 127.5) / 64


class _Separable(nn.Module):
    def __init__(self, inward: int, outward: int, stride: int = 1, dilation: int = 1) -> None:
        super().__init__()
        self.along = _convolution(inward, inward, 3, stride, dilation, inward)
        self.across = _convolution(inward, outward, 1)
        self.adds = inward == outward and stride == 1

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        new = self.across(self.along(maps))
        return maps + new if self.adds else new


def _convolution(
    inward: int, outward: int, size: int, stride: int = 1, dilation: int = 1, groups: int = 1
) -> nn.Sequential:
    padding = dilation * (size // 2)
    return nn.Sequential(
        nn.Conv2d(inward, outward, size, stride, padding, dilation, groups, bias=False),
        nn.BatchNorm2d(outward),
        nn.ReLU(),
    )


def people(folder: Path, split: str, models: Models, reader: TextReader) -> Iterator[Person]:
    """The portraits of one split that have no lettering of their own."""
    with (folder / "INDEX.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == split]
    for row in rows:
        opened = cv2.imread(str(folder / row["file"]), cv2.IMREAD_COLOR)
        if opened is None:
            continue
        rgb = np.ascontiguousarray(opened[..., ::-1])
        factor = min(1.0, LONGEST / max(rgb.shape[:2]))
        rgb = np.asarray(cv2.resize(rgb, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA))
        faces = models.landmarks(rgb)
        if not faces or any(line.confidence > 0.6 for line in reader.lines(rgb, 640, 8)):
            continue
        mask = cv2.resize(models.submit_mask(rgb).result(), (rgb.shape[1], rgb.shape[0]))
        low, high = faces[0].points[:, :2].min(axis=0), faces[0].points[:, :2].max(axis=0)
        x, y, width, height = (float(v) for v in (*low, *(high - low)))
        yield Person(rgb, np.asarray(mask, np.float32), (x, y, width, height))


def cropped(
    picture: NDArray[np.uint8], labels: NDArray[np.uint8], rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """A quarter of a picture, mostly with an addition in it."""
    rows, columns = labels.shape[1] - CROP[0], labels.shape[2] - CROP[1]
    y, x = int(rng.integers(0, rows + 1)), int(rng.integers(0, columns + 1))
    _, ys, xs = np.nonzero(labels == 1)
    if len(ys) and rng.random() < 0.7:
        some = rng.integers(len(ys))
        y = int(np.clip(ys[some] - rng.integers(0, CROP[0]), 0, rows))
        x = int(np.clip(xs[some] - rng.integers(0, CROP[1]), 0, columns))
    part = picture[8 * y : 8 * (y + CROP[0]), 8 * x : 8 * (x + CROP[1])]
    return part, labels[:, y : y + CROP[0], x : x + CROP[1]]


def loss_of(scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Cell by cell, and of each crop as a whole."""
    weights = (labels != IGNORE).float() * torch.where(labels == 1, 3.0, 1.0)
    cells = functional.binary_cross_entropy_with_logits(
        scores, (labels == 1).float(), reduction="none"
    )
    there = (labels == 1).flatten(2).any(2)
    known = there | ~(labels > 0).flatten(2).any(2)
    whole = functional.binary_cross_entropy_with_logits(
        highest(scores)[known], there[known].float()
    )
    return 1.5 * (cells * weights).sum() / weights.sum() + 0.15 * whole


def highest(scores: torch.Tensor) -> torch.Tensor:
    """Score of each picture for each kind."""
    return scores.flatten(2).topk(TOP_CELLS, 2)[0].mean(2)


def tensor(pictures: NDArray[np.uint8]) -> torch.Tensor:
    """(n, h, w, 3) bytes → (n, 3, h, w) floats in the memory order that trains fastest."""
    plain = torch.from_numpy(pictures).permute(0, 3, 1, 2).float()
    return plain.contiguous(memory_format=torch.channels_last)


def report(network: Network, pictures: NDArray[np.uint8], labels: NDArray[np.uint8]) -> str:
    """Recall of each kind at 10, 5 and 1 % false alarms."""
    network.eval()
    with torch.no_grad():
        parts = [
            highest(network(tensor(pictures[i : i + 50]))) for i in range(0, len(pictures), 50)
        ]
    network.train()
    scores = torch.cat(parts).numpy()
    clean = ~(labels == 1).any(axis=(1, 2, 3)) & ~(labels == IGNORE).any(axis=(1, 2, 3))
    words = []
    for name, kind in (("text", TEXT), ("face", FACE), ("graphic", GRAPHIC)):
        there = (labels[:, kind] == 1).any(axis=(1, 2))
        limits = np.quantile(scores[clean, kind], (0.9, 0.95, 0.99))
        recalls = "/".join(f"{(scores[there, kind] > limit).mean():.2f}" for limit in limits)
        words.append(f"{name} {recalls}")
    return "recall at 10/5/1 % false alarms: " + ", ".join(words)


def train(
    network: Network, pictures: NDArray[np.uint8], labels: NDArray[np.uint8], passes: int
) -> Iterator[int]:
    """Train in place; yields after each pass."""
    rng = np.random.default_rng(0)
    steps = passes * (len(pictures) // BATCH)
    optimiser = torch.optim.AdamW(network.parameters(), 3e-3, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, 6e-3, total_steps=steps + 1, pct_start=0.15
    )
    for done in range(passes):
        order = rng.permutation(len(pictures))
        for start in range(0, len(order) - BATCH + 1, BATCH):
            crops = [cropped(pictures[i], labels[i], rng) for i in order[start : start + BATCH]]
            batch = tensor(np.stack([crop[0] for crop in crops]))
            wanted = torch.from_numpy(np.stack([crop[1] for crop in crops]).astype(np.int64))
            if rng.random() < 0.5:
                batch = 255 - batch
            if rng.random() < 0.3:
                batch = batch[:, torch.randperm(3)]
            if rng.random() < 0.3:
                batch, wanted = batch.flip(3), wanted.flip(3)
            optimiser.zero_grad()
            loss_of(network(batch), wanted).backward()
            optimiser.step()
            schedule.step()
        yield done + 1


def main() -> None:
    """Draw, train, report, export."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--fonts", type=Path, nargs="+", required=True)
    parser.add_argument("--chinese", type=Path, nargs="+", required=True)
    parser.add_argument("--out", type=Path, default=Path("added.onnx"))
    parser.add_argument("--pictures", type=int, default=18000)
    parser.add_argument("--passes", type=int, default=12)
    options = parser.parse_args()
    torch.manual_seed(0)
    drawn = {}
    with Models(ModelStore(Settings.from_env().models_dir)) as models:
        reader = TextReader()
        for split, count, seed in (
            ("tune", options.pictures, 1),
            ("check", options.pictures // 10, 2),
        ):
            found = tuple(people(options.data, split, models, reader))
            painter = Painter(found, options.fonts, options.chinese, seed)
            pairs = [painter.picture() for _ in range(count)]
            drawn[split] = tuple(np.stack(part) for part in zip(*pairs, strict=True))
            print(f"{split}: {len(found)} portraits, {count} pictures drawn", flush=True)
    network = Network().to(memory_format=torch.channels_last)
    for done in train(network, *drawn["tune"], options.passes):
        print(done, report(network, *drawn["check"]), flush=True)
    network.eval()  # batch norm in training mode would be exported as it is
    torch.onnx.export(
        network,
        (torch.zeros(1, 3, 480, 360),),
        str(options.out),
        input_names=["picture"],
        output_names=["added"],
        dynamic_axes={"picture": {2: "h", 3: "w"}, "added": {2: "h8", 3: "w8"}},
        opset_version=17,
        dynamo=False,
    )


if __name__ == "__main__":
    main()
