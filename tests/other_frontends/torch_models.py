"""Small PyTorch networks, as hls4ml's front end reads them: every layer that it knows and isobit computes."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

import torch
from torch import nn

__all__ = ["IGNORED", "TORCH", "convert_torch"]


class _Merged(nn.Module):  # type: ignore[misc]
    """Two inputs, every merge, a concatenation."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.last = nn.Linear(5, 4), nn.Linear(3, 4), nn.Linear(8, 2)
        self.relu = nn.ReLU()

    def forward(self, a: Any, b: Any) -> Any:
        x, y = self.relu(self.first(a)), self.second(b)
        largest = torch.maximum(torch.add(x, y), torch.mul(x, y))
        return self.last(torch.cat([largest, torch.minimum(torch.sub(x, y), y)], dim=1))


class _Residual(nn.Module):  # type: ignore[misc]
    """A residual connection and two outputs of which one is read further on."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two, self.head = nn.Linear(6, 6), nn.Linear(6, 6), nn.Linear(6, 2)

    def forward(self, x: Any) -> Any:
        x = torch.relu(self.one(x))
        return self.head(torch.add(x, torch.tanh(self.two(x))))


class _Einsum(nn.Module):  # type: ignore[misc]
    """An outer product, and the scalar products of the rows of a layer with itself."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(4, 4)

    def forward(self, x: Any, y: Any) -> Any:
        x = self.first(x)
        return torch.einsum("bi,bj->bij", x, y), torch.einsum("bi,bi->b", x, x)


#: By name: the module and the shapes of its inputs.
TORCH: dict[str, Any] = {
    "mlp": lambda: (
        nn.Sequential(nn.Linear(5, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3)),
        [(5,)],
    ),
    "tables": lambda: (
        nn.Sequential(nn.Linear(5, 6), nn.Sigmoid(), nn.Linear(6, 6), nn.Tanh(), nn.Linear(6, 4), nn.Softmax(dim=-1)),
        [(5,)],
    ),
    "rectifiers": lambda: (
        nn.Sequential(
            *(nn.Linear(5, 6), nn.LeakyReLU(0.3), nn.Linear(6, 6), nn.PReLU(6), nn.Linear(6, 6)),
            *(nn.ELU(0.7), nn.Linear(6, 6), nn.Threshold(0.5, 0.0)),
        ),
        [(5,)],
    ),
    "merged": lambda: (_Merged(), [(5,), (3,)]),
    "residual": lambda: (_Residual(), [(6,)]),
    "einsum": lambda: (_Einsum(), [(4,), (5,)]),
    "convolution": lambda: (
        nn.Sequential(
            nn.Conv1d(2, 3, 3, stride=2, padding=1), nn.ReLU(), nn.MaxPool1d(2), nn.Flatten(), nn.Linear(6, 2)
        ),
        [(2, 8)],
    ),
    "sequence": lambda: (
        nn.Sequential(
            *(nn.Conv1d(3, 4, 3), nn.BatchNorm1d(4), nn.ReLU(), nn.AvgPool1d(2), nn.ConstantPad1d((2, 1), 0.0)),
            *(nn.Conv1d(4, 3, 1), nn.Tanh(), nn.MaxPool1d(3, stride=2), nn.Flatten(), nn.Linear(9, 2)),
        ),
        [(3, 12)],
    ),
    "padded": lambda: (
        nn.Sequential(
            *(nn.Conv2d(2, 4, (2, 3), stride=(1, 2), padding=(1, 2)), nn.LeakyReLU(0.3), nn.MaxPool2d(2)),
            *(nn.Upsample(scale_factor=2), nn.ConstantPad2d((0, 1, 1, 0), 0.0), nn.Conv2d(4, 2, 1), nn.Flatten()),
            nn.Linear(70, 3),
        ),
        [(2, 5, 6)],
    ),
    "image": lambda: (
        nn.Sequential(
            nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(12, 2)
        ),
        [(1, 6, 6)],
    ),
}


#: What hls4ml ignores, each in a network that isobit refuses; the attribute that the refusal names.
IGNORED: dict[str, Any] = {
    "dilation": lambda: (
        nn.Sequential(nn.Conv2d(1, 2, 2, stride=3, dilation=(1, 2)), nn.Flatten(), nn.Linear(8, 2)),
        [(1, 6, 6)],
    ),
    "divisor_override": lambda: (nn.Sequential(nn.AvgPool2d(2, divisor_override=3), nn.Flatten()), [(1, 6, 6)]),
}


#: Formats by network and layer: by default a softmax reads its table by too few fraction bits of its input.
FORMATS = {"tables": {"_4": {"result": "ap_fixed<12,4>"}}}


def build(name: str) -> tuple[Any, list[tuple[int, ...]]]:
    """The network by this name, with fixed random constants."""
    torch.manual_seed(sum(name.encode()))
    network, shapes = (TORCH | IGNORED)[name]()
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
                for values, low in (
                    (module.running_mean, -0.5),
                    (module.bias, -0.5),
                    (module.running_var, 0.5),
                    (module.weight, 0.5),
                ):
                    values.uniform_(low, low + 1)
    return network.eval(), shapes


def convert_torch(name: str, folder: Path) -> Any:
    """hls4ml's graph of the network by this name."""
    import hls4ml

    network, shapes = build(name)
    with contextlib.redirect_stdout(io.StringIO()):
        config = hls4ml.utils.config_from_pytorch_model(
            network,
            shapes if len(shapes) > 1 else shapes[0],
            granularity="name",
            backend="Vitis",
            default_precision="ap_fixed<16,6>",
        )
        for layer, slots in FORMATS.get(name, {}).items():
            config["LayerName"][layer]["Precision"] |= slots
        return hls4ml.converters.convert_from_pytorch_model(
            network, hls_config=config, backend="Vitis", output_dir=str(folder)
        )
