"""Train the head / eyes / mouth probes on labelled pictures and write `covering.onnx`.

    python training/train_covering.py --data DIR --assets DIR [--out FILE]

DIR holds INDEX.csv (see README.md). The backbone is taken from the shipped model file, so that
torch and the ImageNet weights are not needed. Pictures marked `tune` train the probes and
choose their strength by cross-validation over persons; pictures marked `check` are only
reported on. Seeded: the same pictures and packages give scores that agree to rounding.
"""

from __future__ import annotations

import argparse
import collections
import hashlib
import multiprocessing
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from covering_data import Copy, Item, copies, eye_centres, read_items

from models.covering import align_crop

Floats = NDArray[np.float32]
Box = tuple[int, int, int, int]

SHIPPED = Path(__file__).resolve().parent.parent / "models" / "assets" / "covering.onnx"
TASKS = ("head", "eyes", "mouth")
FOLDS = 5
STRENGTHS = (0.0003, 0.001, 0.003)
TRAIN_KINDS = [
    "plain", "backdrop", "studio", "eyes", "eyes", "mouth", "mouth", "glasses", "clutter",
    "swap", "head",
]  # fmt: skip
# real coverings are few: more copies of each
COVERED_KINDS = ["plain", "backdrop", "studio", "swap"]
CHECK_KINDS = ["studio", "studio", "eyes", "eyes", "mouth", "mouth", "glasses", "head"]
# drawn hats teach little about real ones: they may not outweigh them
DRAWN_HAT_WEIGHT = 0.3
# clear glasses are the likeliest false alarm for eyes, real dark lenses the rarest example
EYE_WEIGHTS = {"glasses": 2.0, "sunglasses": 3.0}
# bareheaded people of groups with few pictures count up to this much more: without it braids,
# short and curly hair of Black people score nearer to hats than other hair
LARGEST_GROUP_WEIGHT = 4.0
MAPS = {"middle": (112, 14, 14), "last": (192, 7, 7)}


def _grid(rows: tuple[int, ...], columns: tuple[int, ...], high: int, wide: int) -> list[Box]:
    return [(r, r + high, c, c + wide) for r in rows for c in columns]


# Boxes (row from, to, column from, to) of each map whose means a probe sees. Eyes lie at rows
# 8.4 and 4.2 of the two maps, the mouth at about 11.6 and 5.8.
BOXES: dict[str, dict[str, list[Box]]] = {
    "head": {
        "middle": _grid((0, 3, 6), (1, 5, 9), 4, 4),
        "last": [(0, 4, 0, 7), (3, 7, 0, 7), (1, 4, 2, 5), (0, 2, 1, 6), (2, 4, 1, 6)],
    },
    "eyes": {"middle": [*_grid((6, 8), (3, 5, 7, 9), 2, 2), (6, 10, 3, 11)], "last": []},
    "mouth": {
        "middle": [*_grid((9, 11), (4, 6, 8), 3, 2), (9, 14, 4, 10)],
        "last": [(4, 7, 2, 5), (5, 7, 1, 6)],
    },
}


@dataclass(slots=True)
class Row:
    """A copy's place in the tables and what the probes see of it."""

    item: Item
    kind: str
    labels: dict[str, int | None]
    seen: dict[str, Floats]


def fold_of(group: str) -> int:
    """The fold of a person, the same in every run."""
    return zlib.crc32(group.encode()) % FOLDS


def bare_backbone(path: Path) -> onnx.ModelProto:
    """The backbone of a model file: everything but the probes, with both maps as outputs."""
    model = onnx.load(str(path))
    graph = model.graph
    for part in (graph.node, graph.initializer):
        kept = [entry for entry in part if not entry.name.startswith("probe_")]
        del part[:]
        part.extend(kept)
    del graph.output[:]
    graph.output.extend(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", *shape])
        for name, shape in MAPS.items()
    )
    return model


def with_probes(
    backbone: onnx.ModelProto, probes: dict[str, tuple[Floats, float]]
) -> onnx.ModelProto:
    """Append the probes: box means are linear, so each is one weight a map cell."""
    model = onnx.ModelProto()
    model.CopyFrom(backbone)
    graph = model.graph
    del graph.output[:]
    terms = []
    for name, shape in MAPS.items():
        weights = np.zeros((len(TASKS), *shape), np.float32)
        for number, task in enumerate(TASKS):
            vector, start = probes[task][0], 0
            for map_name in MAPS:
                channels = MAPS[map_name][0]
                for r0, r1, c0, c1 in BOXES[task][map_name]:
                    part = vector[start : start + channels] / ((r1 - r0) * (c1 - c0))
                    start += channels
                    if map_name == name:
                        weights[number, :, r0:r1, c0:c1] += part[:, None, None]
        flat = weights.reshape(len(TASKS), -1).T
        graph.initializer.append(
            numpy_helper.from_array(np.ascontiguousarray(flat), f"probe_weights_{name}")
        )
        graph.node.extend(
            [
                helper.make_node("Flatten", [name], [f"{name}_flat"], f"probe_flat_{name}"),
                helper.make_node(
                    "MatMul",
                    [f"{name}_flat", f"probe_weights_{name}"],
                    [f"{name}_logits"],
                    f"probe_{name}",
                ),
            ]
        )
        terms.append(f"{name}_logits")
    bias = np.array([probes[task][1] for task in TASKS], np.float32)
    graph.initializer.append(numpy_helper.from_array(bias, "probe_bias"))
    graph.node.append(helper.make_node("Add", terms, ["logits_unbiased"], "probe_sum"))
    graph.node.append(
        helper.make_node("Add", ["logits_unbiased", "probe_bias"], ["logits"], "probe_logits")
    )
    graph.output.append(
        helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", len(TASKS)])
    )
    del model.metadata_props[:]
    helper.set_model_props(
        model,
        {
            "licence": "backbone EfficientNet-Lite0, Apache-2.0; cut and quantised here",
            "outputs": "logits: " + ", ".join(TASKS),
        },
    )
    onnx.checker.check_model(model)
    return model


def session_of(model: bytes) -> onnxruntime.InferenceSession:
    """A one-thread session."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


_session: onnxruntime.InferenceSession
_items: list[Item]


def _start(model: bytes, items: list[Item]) -> None:
    global _session, _items
    cv2.setNumThreads(1)
    _session, _items = session_of(model), items


def _rows(number: int) -> list[tuple[str, dict[str, int | None], dict[str, Floats]]]:
    item = _items[number]
    training = item.split == "tune"
    fold = fold_of(item.group)
    # fabrics and hats are borrowed inside one fold, so that no fold is tested on its own hats
    lenders = [
        other
        for other in _items
        if other.split == "tune"
        and other.group != item.group
        and (not training or fold_of(other.group) == fold)
    ]
    kinds = list(TRAIN_KINDS if training else CHECK_KINDS)
    if training and 1 in item.labels.values():
        kinds += COVERED_KINDS
    original = Copy(item, "orig", item.rgb, eye_centres(item.points), dict(item.labels))
    out = []
    for copy in [original, *copies(item, lenders, kinds)]:
        (lx, ly), (rx, ry) = copy.eyes
        crop = align_crop(copy.rgb, (float(lx), float(ly)), (float(rx), float(ry)))
        maps = dict(zip(MAPS, _session.run(list(MAPS), {"crops": crop[None]}), strict=True))
        seen = {
            task: np.concatenate(
                [
                    maps[name][0, :, r0:r1, c0:c1].mean((1, 2))
                    for name in MAPS
                    for r0, r1, c0, c1 in BOXES[task][name]
                ]
            )
            for task in TASKS
        }
        out.append((copy.kind, copy.labels, seen))
    return out


def fit(x: Floats, y: NDArray[np.int8], weight: Floats, strength: float) -> tuple[Floats, float]:
    """Balanced logistic regression on standardised input; the scaling is folded back."""
    mean, spread = x.mean(0), x.std(0) + 1e-6
    balance = np.where(y == 1, 0.5 / weight[y == 1].sum(), 0.5 / weight[y == 0].sum())
    model = LogisticRegression(C=strength, max_iter=300, tol=1e-3)
    model.fit((x - mean) / spread, y, sample_weight=weight * balance * len(y))
    vector = (model.coef_[0] / spread).astype(np.float32)
    return vector, float(model.intercept_[0] - (mean * vector).sum())


def auc(y: Any, scores: Any) -> float:
    """Area under the curve, or NaN where one class is missing."""
    return float(roc_auc_score(y, scores)) if len(set(y)) == 2 else float("nan")


def weights(rows: list[Row], task: str) -> Floats:
    """How much each copy counts in training, before the classes are balanced."""
    if task == "eyes":
        return np.array([EYE_WEIGHTS.get(row.item.category, 1.0) for row in rows], np.float32)
    if task != "head":
        return np.ones(len(rows), np.float32)
    free = [row for row in rows if row.labels["head"] == 0 and row.item.split == "tune"]
    size = collections.Counter(row.item.people for row in free)
    largest = max(size.values())
    out = []
    for row in rows:
        weight = DRAWN_HAT_WEIGHT if row.kind == "head" else 1.0
        if row.labels["head"] == 0 and size[row.item.people]:
            weight *= min(LARGEST_GROUP_WEIGHT, largest / size[row.item.people])
        out.append(weight)
    return np.array(out, np.float32)


def train(rows: list[Row], task: str) -> tuple[tuple[Floats, float], Floats]:
    """Choose the strength by persons' folds; return the probe and the out-of-fold scores."""
    x = np.stack([row.seen[task] for row in rows])
    raw = [row.labels[task] for row in rows]
    y = np.array([-1 if label is None else label for label in raw], np.int8)
    tune = np.array([row.item.split == "tune" for row in rows])
    fold = np.array([fold_of(row.item.group) for row in rows])
    weight = weights(rows, task)
    real = np.array([row.kind != "head" for row in rows])
    best, best_auc, held_out = STRENGTHS[0], -1.0, np.zeros(len(rows), np.float32)
    for strength in STRENGTHS:
        scores = np.zeros(len(rows), np.float32)
        for number in range(FOLDS):
            use = tune & (fold != number) & (y >= 0)
            vector, bias = fit(x[use], y[use], weight[use], strength)
            there = tune & (fold == number)
            scores[there] = x[there] @ vector + bias
        use = tune & (y >= 0) & real
        value = auc(y[use], scores[use])
        print(f"{task}: C = {strength}: cross-validated AUC on tune {value:.4f}")
        if value > best_auc:
            best, best_auc, held_out = strength, value, scores
    use = tune & (y >= 0)
    probe = fit(x[use], y[use], weight[use], best)
    held_out[~tune] = x[~tune] @ probe[0] + probe[1]
    return probe, held_out


def report(rows: list[Row], task: str, scores: Floats) -> None:
    """Print how the scores part covered from free, on tune (out of fold) and check."""
    for split in ("tune", "check"):
        chosen = [(r, float(s)) for r, s in zip(rows, scores, strict=True) if r.item.split == split]
        known = [(r, s) for r, s in chosen if r.labels[task] is not None]
        real = [(r, s) for r, s in known if r.kind == "orig"]
        free = [s for r, s in real if r.labels[task] == 0]
        plain = [
            s
            for r, s in known
            if r.labels[task] == 0
            and r.kind in ("orig", "studio", "glasses")
            and r.item.category in ("portrait_plain_bg", "glasses")
        ]
        hits = [s for r, s in real if r.labels[task] == 1]
        drawn = [s for r, s in known if r.kind == task]
        pairs = [(r.labels[task], s) for r, s in real]
        print(f"\n## {task}, {split}: AUC {auc(*zip(*pairs, strict=True)):.4f}")
        print(f"real covered {len(hits)}, drawn {len(drawn)}, free {len(free)}, plain {len(plain)}")
        print("| threshold | real found | drawn found | free wrong | plain portraits wrong |")
        print("|---|---|---|---|---|")
        for threshold in np.arange(-3, 4.01, 0.5):
            cells = [
                f"{np.mean(np.array(part) >= threshold):.3f}" if part else "-"
                for part in (hits, drawn, free, plain)
            ]
            print(f"| {threshold:+.1f} | " + " | ".join(cells) + " |")
        people: dict[str, list[float]] = {}
        for r, s in real:
            if r.labels[task] == 0:
                people.setdefault(r.item.people, []).append(s)
        print("highest scores of free pictures by group:")
        for name, values in sorted(people.items()):
            top = ", ".join(f"{v:+.1f}" for v in sorted(values)[::-1][:4])
            print(f"  {name} (n={len(values)}): {top}")
        wrong = sorted((s for s in free), reverse=True)[:1]
        missed = sorted(hits)[:5]
        print(f"highest free {wrong}, lowest covered {[round(s, 2) for s in missed]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with INDEX.csv")
    parser.add_argument("--assets", type=Path, required=True, help="landmarker and segmenter")
    parser.add_argument("--backbone", type=Path, default=SHIPPED, help="model file to build on")
    parser.add_argument("--out", type=Path, default=SHIPPED)
    parser.add_argument("--scores", type=Path, help="also write every copy's scores (CSV)")
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()

    backbone = bare_backbone(args.backbone)
    items = read_items(args.data, args.assets)
    print(f"{len(items)} pictures with a face and a label")
    # not fork: the libraries' threads do not survive it
    context = multiprocessing.get_context("spawn")
    rows: list[Row] = []
    with context.Pool(args.jobs, _start, (backbone.SerializeToString(), items)) as pool:
        for item, made in zip(items, pool.imap(_rows, range(len(items)), 4), strict=True):
            rows += [Row(item, *entry) for entry in made]
    print(f"{len(rows)} copies")

    probes, scores = {}, {}
    for task in TASKS:
        probes[task], scores[task] = train(rows, task)
    for task in TASKS:
        report(rows, task, scores[task])
    if args.scores:
        lines = [
            "file,split,category,people,kind,head,eyes,mouth,head_label,eyes_label,mouth_label"
        ]
        for i, row in enumerate(rows):
            item = row.item
            values = [f"{scores[task][i]:.3f}" for task in TASKS]
            labels = ["" if row.labels[t] is None else str(row.labels[t]) for t in TASKS]
            cells = [item.file, item.split, item.category, item.people, row.kind]
            lines.append(",".join(cells + values + labels))
        args.scores.write_text("\n".join(lines) + "\n", encoding="utf-8")
    model = with_probes(backbone, probes)
    onnx.save(model, str(args.out))
    digest = hashlib.sha256(args.out.read_bytes()).hexdigest()
    print(f"\n{args.out}: {args.out.stat().st_size} bytes, sha256 {digest}")


if __name__ == "__main__":
    main()
