"""What determines a result, as hashes; and where a result came from, as a record."""

import dataclasses
import hashlib
import json
import os
import platform
import subprocess
from functools import cache
from importlib import metadata

from emostudy.paths import ROOT

PACKAGES = ("numpy", "scipy", "pandas", "scikit-learn", "torch", "torchvision", "transformers", "librosa", "av")


def describe(value: object) -> object:
    """A record as plain JSON: dataclasses by field, functions by module and name, the rest by what it is.

    Fields that only tell (`metadata={"record": False}`) and fields at their default are left out, so that a field added
    later changes no record.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {
            f.name: getattr(value, f.name) for f in dataclasses.fields(value) if _determines(f, getattr(value, f.name))
        }
        return {"type": type(value).__name__} | {name: describe(item) for name, item in fields.items()}
    if isinstance(value, dict):
        return {str(key): describe(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [describe(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted(map(describe, value), key=repr)  # a set's own order differs from process to process
    if callable(value):
        return f"{value.__module__}.{value.__qualname__}"
    return value


def _determines(field: dataclasses.Field, value: object) -> bool:
    default = field.default_factory() if field.default_factory is not dataclasses.MISSING else field.default
    return field.metadata.get("record", True) and (default is dataclasses.MISSING or value != default)


def hash_of(*parts: object) -> str:
    """Sixteen hexadecimal digits from anything that `describe` can write as JSON."""
    return hashlib.sha256(json.dumps(describe(parts), sort_keys=True, default=str).encode()).hexdigest()[:16]


@cache
def environment() -> dict:
    """Versions, commit, processor and threads: recorded beside a result, never part of its identity."""
    import torch

    return {
        "python": platform.python_version(),
        "versions": {package: metadata.version(package) for package in PACKAGES},
        "commit": _commit(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
    }


def _commit() -> str:
    """The commit, with "-dirty" where the code was not committed as it was run."""
    try:
        head = _git("rev-parse", "HEAD").stdout.strip()
        changed = _git("diff", "--quiet", "HEAD", "--", "emostudy", "notebooks", "requirements.txt").returncode
    except OSError:  # a machine without git
        return "unknown: no git"
    return head + ("-dirty" if changed else "") if head else "not a git checkout"


def _git(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
