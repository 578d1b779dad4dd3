"""What determines a result, as hashes; and where a result came from, as a record."""

import ast
import dataclasses
import hashlib
import inspect
import json
import os
import platform
import subprocess
from functools import cache
from importlib import import_module, metadata, util

from emostudy.paths import ROOT

PACKAGES = ("numpy", "scipy", "pandas", "scikit-learn", "torch", "torchvision", "transformers", "librosa", "av")


@cache
def code_hash(module: str) -> str:
    """Hash of a module's syntax tree without comments and docstrings: explaining code makes no result stale."""
    tree = ast.parse(inspect.getsource(import_module(module)))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()[:16]


def describe(value: object) -> object:
    """A record as plain JSON: dataclasses by field, functions by module and name, the rest by what it is."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value) if f.metadata.get("record", True)}
        return {"type": type(value).__name__} | {name: describe(item) for name, item in fields.items()}
    if isinstance(value, dict):
        return {str(key): describe(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [describe(item) for item in value]
    if callable(value):
        return f"{value.__module__}.{value.__qualname__}"
    return value


def modules_of(value: object) -> set[str]:
    """The modules of this package in which the functions named anywhere in a record are defined."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [modules_of(getattr(value, field.name)) for field in dataclasses.fields(value)]
        return {type(value).__module__}.union(*fields)
    if isinstance(value, dict):
        return set().union(*(modules_of(item) for item in value.values()))
    if isinstance(value, list | tuple):
        return set().union(*(modules_of(item) for item in value))
    module = getattr(value, "__module__", "") if callable(value) else ""
    return {module} if module.startswith("emostudy.") else set()


def with_imports(modules: set[str]) -> set[str]:
    """These modules and all of this package that they import, directly or not."""
    found, waiting = set(), set(modules)
    while waiting:
        name = waiting.pop()
        found.add(name)
        waiting |= imports_of(name) - found
    return found


@cache
def imports_of(module: str) -> frozenset[str]:
    """The modules of this package that a module's source names in an import, at its top or inside a function.

    Read from the source: what a loaded package holds depends on what else the process has imported.
    """
    names = set()
    for node in ast.walk(ast.parse(inspect.getsource(import_module(module)))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(name for name in names if name.startswith("emostudy.") and _is_module(name))


def _is_module(name: str) -> bool:
    try:
        return util.find_spec(name) is not None
    except ModuleNotFoundError:  # a function or class in a module
        return False


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
    try:
        git = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    except OSError:  # a machine without git
        return "unknown: no git"
    return git.stdout.strip() or "not a git checkout"
