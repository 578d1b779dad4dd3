"""Pickles read without running what they name: numpy arrays of plain numbers and texts, plain containers, nothing else.

A pickle is a program: `pickle.load` calls whatever function it names. Here a name is looked up in a short table of functions of
this module; any other name is a ValueError. Python's own unpickler in Python is used, since the one in C lets a file of a few
bytes ask for gigabytes (a memo number, a length), and numpy's own restoring of types and arrays is replaced, since it
believes shapes, fields and object pointers.
"""

import math
import os
import pickle
import re
from pathlib import Path
from typing import ClassVar

import numpy as np

CODE = re.compile(r"[?]|b1|[iu][1248]|f[248]|c(?:8|16)|[SU][1-9]\d{0,5}|O8?")  # types as numpy writes them in pickles
KEYS = (str, bytes, int, float, bool, type(None))  # hashing a deep tuple would overrun the stack
NDARRAY = object()  # stands for the name numpy.ndarray, which pickles only pass on


def load(path: str | Path) -> object:
    """What a pickle holds: dict, list, tuple, set, texts, bytes, numbers, None, and arrays (`PlainArray`, an ndarray).

    Python 2's pickles are read with latin-1. Memory needed is about that of the file, twice for its largest array.

    Raises:
        ValueError: it names anything else (the message says what), is cut off, or is no pickle.
        OSError: the file cannot be opened.
    """
    with open(path, "rb") as file:
        try:
            found = Reader(Bounded(file), encoding="latin1").load()
            check(found)
        except Exception as error:  # a hostile file may raise any
            reason = " ".join(str(error).split())[:200] or type(error).__name__
            raise ValueError(f"{Path(path).name} is not a pickle of arrays and plain containers ({reason})") from None
    return found


class PlainArray(np.ndarray):
    """An array whose state is checked before numpy takes it: the data must be as long as the shape says."""

    __slots__ = ()

    def __setstate__(self, state: tuple) -> None:
        """`state`: version, shape, type, column-major or not, and the raw bytes, or the list of objects."""
        _, shape, dtype, fortran, data = state
        kind = real_type(dtype)
        count = size_of(shape)
        if isinstance(data, str) and not kind.hasobject:
            data = data.encode("latin1")  # Python 2
        wanted = (list, count) if kind.hasobject else (bytes, count * kind.itemsize)
        if (type(data), len(data)) != wanted:
            raise ValueError(f"an array of shape {shape} does not fit its {type(data).__name__} of data")
        super().__setstate__((1, shape, kind, fortran is True or fortran == 1, data))


class Type:
    """A numpy type in the making: only its code and byte order are believed."""

    def __init__(self, code: str, *_: object) -> None:
        if not isinstance(code, str) or not CODE.fullmatch(code):
            raise ValueError(f"array type {str(code)[:40]!r} is no plain number, text or object")
        self.type = np.dtype(code)

    def __setstate__(self, state: tuple) -> None:
        """`state`: version, byte order, subtype, names, fields, size, alignment, flags; no fields are allowed."""
        _, order, *rest = state
        if order not in ("<", ">", "|", "=") or any(value is not None for value in rest[:3]):
            raise ValueError("an array type with fields")
        if order in "<>":
            self.type = self.type.newbyteorder(order)


def real_type(dtype: object) -> np.dtype:
    """numpy's type. ValueError for anything that is not a `Type`."""
    if type(dtype) is not Type:
        raise ValueError("an array without a type")
    return dtype.type


def size_of(shape: object) -> int:
    """Number of elements. ValueError unless it is a tuple of at most 32 whole numbers."""
    if type(shape) is not tuple or len(shape) > 32 or not all(type(n) is int and 0 <= n < 2**48 for n in shape):
        raise ValueError("an array whose shape is no tuple of whole numbers")
    return math.prod(shape)


def reconstruct(kind: object, shape: object, code: object) -> PlainArray:
    """The empty array that numpy's pickles start from."""
    if kind is not NDARRAY or shape != (0,):
        raise ValueError("an array that does not start empty")
    return np.empty(0, np.int8).view(PlainArray)


def from_buffer(data: object, dtype: object, shape: object, order: object = "C", axes: object = None) -> PlainArray:
    """An array of pickle protocol 5; `axes` turn it where `order` is "K"."""
    kind = real_type(dtype)
    if type(data) not in (bytes, bytearray) or kind.hasobject or size_of(shape) * kind.itemsize != len(data):
        raise ValueError(f"an array of shape {shape} does not fit its data")
    flat = np.frombuffer(data, kind) if len(data) else np.empty(0, kind)
    if order == "K" and axes is not None:
        return flat.reshape(shape).transpose(axes).view(PlainArray)
    return flat.reshape(shape, order="F" if order == "F" else "C").view(PlainArray)


def scalar(dtype: object, data: object = b"") -> object:
    """One number or text as numpy holds it."""
    kind = real_type(dtype)
    data = data.encode("latin1") if isinstance(data, str) else data
    if type(data) is not bytes or kind.hasobject or not kind.itemsize or len(data) != kind.itemsize:
        raise ValueError("a number that does not fit its type")
    return np.frombuffer(data, kind)[0]


def encode(text: object, codec: object = "") -> bytes:
    """Bytes, as Python 3 writes them in old protocols."""
    if type(text) is not str or codec not in ("latin1", "latin-1"):
        raise ValueError(f"_codecs.encode to {str(codec)[:40]!r}")
    return text.encode("latin1")


def plain_bytes(kind: type):
    """`bytes` and `bytearray` of data only: of a number they would make as many zeros."""

    def made(data: object = b"", codec: object = "latin1") -> bytes | bytearray:
        return kind(encode(data, codec) if isinstance(data, str) else check_type(data, bytes))

    return made


def plain_set(kind: type):
    """`set` and `frozenset` of a list of plain things."""
    return lambda items=(): kind(check_keys(check_type(items, list, tuple)))


def check_type(value: object, *kinds: type) -> object:
    """The value itself. ValueError where its type is none of these."""
    if type(value) not in kinds:
        raise ValueError(f"a {type(value).__name__} where a {kinds[0].__name__} must be")
    return value


def check_keys(keys: list) -> list:
    """The keys themselves. ValueError where one is not a text, a number or None."""
    for key in keys:
        if type(key) not in KEYS:
            raise ValueError(f"a {type(key).__name__} as a key")
    return keys


NAMES = {
    **{("numpy", name): value for name, value in (("ndarray", NDARRAY), ("dtype", Type))},
    **{(f"numpy.{core}.multiarray", "_reconstruct"): reconstruct for core in ("core", "_core")},
    **{(f"numpy.{core}.multiarray", "scalar"): scalar for core in ("core", "_core")},
    **{(f"numpy.{core}.numeric", "_frombuffer"): from_buffer for core in ("core", "_core")},
    ("_codecs", "encode"): encode,
}
for builtins in ("builtins", "__builtin__"):
    NAMES |= {(builtins, kind.__name__): plain_bytes(kind) for kind in (bytes, bytearray)}
    NAMES |= {(builtins, kind.__name__): plain_set(kind) for kind in (set, frozenset)}


KEYED = {  # opcode -> what runs it, its keys, and the container that they go into
    pickle.SETITEM: (pickle._Unpickler.load_setitem, lambda it: it.stack[-2:-1], lambda it: it.stack[-3]),
    pickle.SETITEMS: (pickle._Unpickler.load_setitems, lambda it: it.stack[::2], lambda it: it.metastack[-1][-1]),
    pickle.DICT: (pickle._Unpickler.load_dict, lambda it: it.stack[::2], lambda it: {}),
    pickle.ADDITEMS: (pickle._Unpickler.load_additems, lambda it: it.stack, lambda it: it.metastack[-1][-1]),
    pickle.FROZENSET: (pickle._Unpickler.load_frozenset, lambda it: it.stack, lambda it: set()),
}


def guarded(run, keys, container):
    """An opcode's function after a look at the keys and at the container."""

    def checked(reader: "Reader") -> None:
        check_type(container(reader), dict, set)
        check_keys(keys(reader))
        run(reader)

    return checked


class Reader(pickle._Unpickler):
    """Python's unpickler with a closed list of names, checked keys, and state for arrays and types only."""

    dispatch: ClassVar[dict] = dict(pickle._Unpickler.dispatch)

    def find_class(self, module: str, name: str) -> object:
        """The function of this module that stands for a name. ValueError for any other name."""
        if (module, name) not in NAMES:
            raise ValueError(f"it names {str(module)[:60]}.{str(name)[:60]}, which is not allowed")
        return NAMES[module, name]

    def get_extension(self, code: int) -> None:
        """Names by number are never looked up."""
        raise ValueError(f"it names extension {code}, which is not allowed")

    def build(self) -> None:
        """Give an array or a type its state; anything else, a function of this module above all, has none."""
        if type(self.stack[-2]) not in (PlainArray, Type):
            raise ValueError(f"it changes a {type(self.stack[-2]).__name__}")
        self.load_build()

    def new_bytearray(self) -> None:
        """Bytes that can be changed, read before memory is taken for them."""
        self.append(bytearray(self.read(int.from_bytes(self.read(8), "little"))))

    dispatch |= {pickle.BUILD[0]: build, pickle.BYTEARRAY8[0]: new_bytearray}
    dispatch |= {code[0]: guarded(*rule) for code, rule in KEYED.items()}


class Bounded:
    """A file that gives no more than it has: a length beyond its end is an error before memory is taken."""

    def __init__(self, file) -> None:
        self.file, self.size = file, os.fstat(file.fileno()).st_size

    def read(self, number: int) -> bytes:
        """Exactly so many bytes."""
        if not 0 <= number <= self.size - self.file.tell():
            raise ValueError("cut off")
        return self.file.read(number)

    def readline(self) -> bytes:
        """Up to the next line feed."""
        return self.file.readline()


def check(found: object) -> None:
    """ValueError where anything in it is not plain: names that were looked up and never called, types without an array."""
    plain = (*KEYS, complex, bytearray, np.ndarray, PlainArray, dict, list, tuple, set, frozenset)
    seen, left = set(), [found]
    while left:
        value = left.pop()
        if type(value) not in plain and not isinstance(value, np.generic):
            raise ValueError(f"it holds a {type(value).__name__}")
        if id(value) in seen or not isinstance(value, (dict, list, tuple, np.ndarray)):
            continue
        seen.add(id(value))
        if isinstance(value, dict):
            left += value.values()
        elif not isinstance(value, np.ndarray):
            left += value
        elif value.dtype == object:
            left += value.ravel().tolist()
