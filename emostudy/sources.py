"""Which code determines a result: the functions and classes that compute it, found from a record, as one hash."""

import ast
import dataclasses
import functools
import hashlib
import inspect
import json
import textwrap
from collections.abc import Callable
from importlib import import_module
from types import CodeType

from emostudy.provenance import describe

OWN = ("emostudy.", "__main__")  # what a reader defines in a notebook counts too


def source_hash(*roots: Callable) -> str:
    """Hash of functions and classes and of all in this package that they use, directly or not.

    Of each its syntax tree without comments and docstrings, so that explaining code makes no result stale, and neither does
    a new function beside it; of constants their value.
    """
    parts, waiting = {}, [inspect.unwrap(root) for root in roots]
    while waiting:
        thing = waiting.pop()
        name = f"{thing.__module__}.{thing.__qualname__}"
        if name not in parts:
            parts[name] = _bare_of(thing)
            for used, value in names_used(thing).items():
                if inspect.isfunction(value) or inspect.isclass(value):
                    waiting.append(value)
                else:
                    parts[f"{name} {used}"] = repr(describe(value))
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


@functools.cache
def _bare_of(thing: Callable) -> str:
    """Of one function or class; once, for a hundred records in a notebook name the same ones."""
    return bare(inspect.getsource(thing))


def bare(source: str) -> str:
    """The syntax tree of some source without comments and docstrings."""
    tree = ast.parse(textwrap.dedent(source))
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    for node in ast.walk(tree):
        if isinstance(node, documented) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return _dump(tree)


def _dump(node: object) -> str:
    """A syntax tree as text that is the same in every version of Python (`ast.dump` differs from version to version)."""
    if isinstance(node, list):
        return f"[{','.join(map(_dump, node))}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = {name: getattr(node, name, None) for name in sorted(node._fields) if name not in ("ctx", "kind")}
    told = [f"{name}={_dump(value)}" for name, value in fields.items() if value is not None and value != []]
    return f"{type(node).__name__}({','.join(told)})"


def names_used(thing: Callable) -> dict[str, object]:
    """What a function, or the functions of a class, name: things of this package, and plain constants beside them."""
    if inspect.isclass(thing):
        bases = {base.__name__: base for base in thing.__bases__}
        members = [inspect.unwrap(m) for m in vars(thing).values() if inspect.isfunction(inspect.unwrap(m))]
        found = bases | {
            k: v for member in members if member.__module__ == thing.__module__ for k, v in names_used(member).items()
        }
    else:
        found = _named(thing.__code__, thing.__globals__)
    return {name: value for name, value in found.items() if _counts(value)}


def _named(code: CodeType, scope: dict) -> dict[str, object]:
    found = {name: scope[name] for name in code.co_names if name in scope}
    for module in [name for name in code.co_names if name.startswith("emostudy.")] + [
        value.__name__ for value in found.values() if inspect.ismodule(value) and value.__name__.startswith("emostudy.")
    ]:  # imported inside the function, or used as module.name
        found |= {
            name: getattr(import_module(module), name) for name in code.co_names if hasattr(import_module(module), name)
        }
    for inner in code.co_consts:
        if isinstance(inner, CodeType):  # a function or comprehension inside it
            found |= _named(inner, scope)
    return {name: inspect.unwrap(value) if callable(value) else value for name, value in found.items()}


def _counts(value: object) -> bool:
    if inspect.isfunction(value) or inspect.isclass(value):
        return value.__module__.startswith(OWN)
    plain = (str, int, float, bool, tuple, dict, frozenset)  # a list is more likely a store than a constant
    record = dataclasses.is_dataclass(value) and type(value).__module__.startswith("emostudy.")
    return record or isinstance(value, plain)


def callables_of(value: object) -> list[Callable]:
    """The functions and classes of this package that are named anywhere in a record, but for fields that only tell."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        methods = [name for name, member in vars(type(value)).items() if inspect.isfunction(member)]
        computes = any(name == "__call__" or not name.startswith("__") for name in methods)
        told = [f.name for f in dataclasses.fields(value) if f.metadata.get("record", True)]
        parts = [c for name in told for c in callables_of(getattr(value, name))]
        return [type(value), *parts] if computes else parts
    if isinstance(value, dict | list | tuple):
        items = value.values() if isinstance(value, dict) else value
        return [found for item in items for found in callables_of(item)]
    return [value] if callable(value) and getattr(value, "__module__", "").startswith(OWN) else []
