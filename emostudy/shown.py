"""What a notebook shows beside tables and figures of results: a picture with its alt text, a small table, a network's layers."""

import importlib.metadata
import platform
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import torch
from IPython.display import Markdown
from torch import nn

DEEPEST = 4  # parts of the name of a layer that has a row of its own, "encoder.encoder.layer.0"
LIBRARIES = ("torch", "transformers", "librosa", "scikit-learn", "pandas")


@dataclass(frozen=True)
class Picture:
    """A figure on the page, with its alt text."""

    path: Path
    alt: str
    width: int = 720

    def _repr_mimebundle_(self, include=None, exclude=None) -> tuple[dict, dict]:
        data = {"image/png": self.path.read_bytes(), "text/plain": self.alt}
        return data, {"image/png": {"alt": self.alt, "width": self.width}}


def frame(rows) -> pd.DataFrame:
    """A small table to be shown: one dictionary per row, the first column as its index."""
    table = pd.DataFrame(list(rows))
    return table.set_index(table.columns[0])


def layers(model: nn.Module, shape: tuple[int, ...], dtype: torch.dtype | type = torch.float32) -> pd.DataFrame:
    """A network's layers for one example of this shape: what comes out of each when it first runs, and its parameters.

    One row per layer; one that runs again and again says how often: "LSTMCell, 40 times". A block deep inside is one row.

    Args:
        dtype: of the example; `int` for a network that reads token numbers.
    """
    found, hooks = {}, []  # name -> (module, what came out at each run)
    for name, module in model.named_modules():
        parts = name.count(".") + 1
        if parts == DEEPEST or (parts < DEEPEST and not list(module.children())):
            keep = found.setdefault(name, (module, []))[1].append
            hooks.append(module.register_forward_hook(lambda _, __, out, keep=keep: keep(out)))
    model.eval()(torch.ones(1, *shape, dtype=dtype))
    for hook in hooks:
        hook.remove()
    rows = [_layer(name, module, outputs) for name, (module, outputs) in found.items() if outputs]
    return frame([*rows, {"layer": "all", "what": type(model).__name__, "output": "", "parameters": _size(model)}])


def _layer(name: str, module: nn.Module, outputs: list) -> dict:
    first = outputs[0][0] if isinstance(outputs[0], tuple) else outputs[0]
    return {
        "layer": name,
        "what": type(module).__name__ + (f", {len(outputs)} times" if outputs[1:] else ""),
        "output": " x ".join(map(str, first.shape[1:])),
        "parameters": _size(module),
    }


def _size(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def versions() -> Markdown:
    """Versions of Python and the libraries that compute the results, as a line."""
    found = [f"{name} {importlib.metadata.version(name)}" for name in LIBRARIES]
    return Markdown(f"Python {platform.python_version()}, " + ", ".join(found))
