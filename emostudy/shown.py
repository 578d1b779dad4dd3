"""What a notebook shows beside tables and figures of results: a picture with its alt text, a small table, a network's layers."""

import importlib.metadata
import platform
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import torch
from IPython.display import Markdown
from torch import nn

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


def layers(model: nn.Module, shape: tuple[int, ...]) -> pd.DataFrame:
    """A network's layers for one example of this shape: what comes out of each, and its parameters."""
    rows, hooks = [], []
    for name, module in model.named_modules():
        if not list(module.children()):
            hooks.append(module.register_forward_hook(lambda m, _, out, name=name: rows.append(_layer(name, m, out))))
    model.eval()(torch.zeros(1, *shape))
    for hook in hooks:
        hook.remove()
    total = sum(parameter.numel() for parameter in model.parameters())
    return frame([*rows, {"layer": "all", "what": type(model).__name__, "output": "", "parameters": total}])


def _layer(name: str, module: nn.Module, output) -> dict:
    output = output[0] if isinstance(output, tuple) else output
    parameters = sum(parameter.numel() for parameter in module.parameters())
    return {
        "layer": name,
        "what": type(module).__name__,
        "output": " x ".join(map(str, output.shape[1:])),
        "parameters": parameters,
    }


def versions() -> Markdown:
    """Versions of Python and the libraries that compute the results, as a line."""
    found = [f"{name} {importlib.metadata.version(name)}" for name in LIBRARIES]
    return Markdown(f"Python {platform.python_version()}, " + ", ".join(found))
