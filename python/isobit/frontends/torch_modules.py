"""What hls4ml's front end for PyTorch does not read or convert, so that its firmware is another network."""

from __future__ import annotations

from typing import Any

from isobit.errors import FirmwareError

__all__ = ["check_torch_modules"]

#: By class of modules, attributes and the only value with which hls4ml 1.3.0 computes what PyTorch does
#: (converters/pytorch/convolution.py, pooling.py). It refuses groups and padding modes of convolutions itself.
_UNREAD: dict[str, dict[str, Any]] = {
    **{name: {"dilation": 1} for name in ("Conv1d", "Conv2d")},
    **{name: {"dilation": 1, "ceil_mode": False} for name in ("MaxPool1d", "MaxPool2d")},
    "AvgPool1d": {"ceil_mode": False},
    "AvgPool2d": {"ceil_mode": False, "divisor_override": None},
}
#: Modules with weights that ``ChannelsLastConverter`` turns into the order of hls4ml's kernels.
_TURNED = ("Linear", "Conv1d", "Conv2d")


def check_torch_modules(source: Any) -> None:
    """Refuse a ``ModelGraph`` of a PyTorch model that has a module with such an attribute, or weights left unturned.

    Raises
    ------
    FirmwareError
        With the module's name, and the attribute and its value.
    """
    config = source.config.config
    modules = getattr(config.get("PytorchModel"), "named_modules", None)
    conversion = config.get("HLSConfig", {}).get("Model", {}).get("ChannelsLastConversion", "off")
    for name, module in modules() if callable(modules) else ():
        if conversion == "off" and type(module).__name__ in _TURNED:
            raise FirmwareError(
                f"module {name!r} ({type(module).__name__}) has weights in PyTorch's order, which hls4ml leaves "
                "as it is with ChannelsLastConversion 'off'; its kernels read another; supported: 'full', 'internal'"
            )
        for attribute, neutral in _UNREAD.get(type(module).__name__, {}).items():
            value = getattr(module, attribute, neutral)
            if any(one != neutral for one in (value if isinstance(value, tuple) else (value,))):
                raise FirmwareError(
                    f"module {name!r} ({type(module).__name__}) has {attribute}={value!r}, which hls4ml does not read: "
                    f"its firmware is another network; supported: {neutral!r}"
                )
