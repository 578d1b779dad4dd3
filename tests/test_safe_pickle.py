"""Pickles that would run something, take all memory or hold other things than arrays and plain containers."""

import collections
import contextlib
import os
import pickle
import resource
import struct
import subprocess
import sys

import numpy as np
import pytest

from emostudy.corpora import safe_pickle
from emostudy.corpora.safe_pickle import load


class Runs:
    """Pickled, it calls a function when it is read."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def written(tmp_path, data: bytes):
    path = tmp_path / "data.pkl"
    path.write_bytes(data)
    return path


def text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value)) + value.encode()


GLOBAL_OS = b"cos\nsystem\n"


def hostile(mark) -> dict[str, bytes]:
    """Pickles that would make the file `mark` if they were believed."""
    touch = f"touch {mark}"
    call = GLOBAL_OS + text(touch) + b"\x85R"  # os.system(touch)
    dump = pickle.dumps
    array = np.array([Runs(os.system, touch)], dtype=object)
    dtype = b"cnumpy\ndtype\n" + text("O8") + b"\x89\x88\x87R"
    return {
        "reduce": dump(Runs(os.system, touch)),
        "reduce, protocol 0": dump(Runs(os.system, touch), 0),
        "popen": dump(Runs(subprocess.Popen, touch, -1, None, None, None, None, None, True, True)),
        "eval": dump(Runs(eval, f"open({str(mark)!r}, 'w')")),
        "exec": dump(Runs(exec, f"open({str(mark)!r}, 'w')")),
        "open": dump(Runs(open, str(mark), "w")),
        "import": dump(Runs(__import__, "os")),
        "nested in dict": dump({"train": {"text": [1, (2, Runs(os.system, touch))]}}),
        "inside an object array": dump({"train": array}),
        "stack global": b"\x80\x04" + b"\x8c\x02os" + b"\x8c\x06system" + b"\x93" + text(touch) + b"\x85R.",
        "dotted name": b"\x80\x04" + b"\x8c\x05numpy" + b"\x8c\x0fctypeslib.os" + b"\x93.",
        "name through numpy": b"cnumpy.testing\nrunstring\n" + text(f"open({str(mark)!r}, 'w')") + b"}\x86R.",
        "inst": b"(" + text(touch) + b"ios\nsystem\n.",
        "obj": b"(" + GLOBAL_OS + text(touch) + b"o.",
        "newobj": b"\x80\x02csubprocess\nPopen\n" + text(touch) + b"\x85\x81.",
        "memo": GLOBAL_OS + b"q\x00" + b"0h\x00" + text(touch) + b"\x85R.",
        "memo, later": b"]q\x05" + call + b"q\x06ah\x05.",
        "after a stop": b"N" + call + b"0.",
        "extension": b"\x80\x02\x82\x01" + text(touch) + b"\x85R.",
        "persistent": b"Pos.system\n.",
        "build on a function": b"cnumpy.core.multiarray\nscalar\nN}" + text("__defaults__") + call + b"s\x86b.",
        "build on a looked up name": b"cnumpy\ndtype\n}" + text("__init__") + call + b"sb.",
        "numpy load": b"cnumpy\nload\n" + text(str(mark)) + b"\x85R.",
        "scalar of objects": b"cnumpy.core.multiarray\nscalar\n" + dtype + call + b"\x86R.",
        "codecs": b"c_codecs\ndecode\n" + text("x") + text("rot13") + b"\x86R.",
        "copyreg": dump(collections.OrderedDict(a=Runs(os.system, touch))),
        "truncated after the call": dump(Runs(os.system, touch))[:-1],
    }


@pytest.mark.parametrize("name", hostile("mark"))
def test_a_hostile_pickle_is_refused_and_touches_nothing(tmp_path, name):
    mark = tmp_path / "mark"
    path = written(tmp_path, hostile(mark)[name])
    with pytest.raises(ValueError, match=r"data.pkl is not a pickle of arrays and plain containers"):
        load(path)
    assert not mark.exists()


def test_what_is_hostile_here_would_run_in_pickle(tmp_path):
    """The guard's test is worth something: Python's own loader does what these files say."""
    mark = tmp_path / "mark"
    for name in ("reduce", "stack global", "obj", "memo", "memo, later", "inside an object array", "scalar of objects"):
        data = hostile(mark)[name]
        with contextlib.suppress(Exception):  # some fail after they have run
            pickle.loads(data)
        assert mark.exists(), name
        mark.unlink()


def test_the_name_that_is_not_allowed_is_told(tmp_path):
    with pytest.raises(ValueError, match=r"it names (posix|nt|os)\.system, which is not allowed"):
        load(written(tmp_path, hostile(tmp_path / "mark")["reduce"]))


@pytest.mark.parametrize(
    "data", [b"", b"\x89HDF", b"text", b"\x80\x04.", b"\x80\xff.", b"]" * 5, b"K\x01K\x02", bytes(range(256))]
)
def test_what_is_no_pickle_is_told(tmp_path, data):
    with pytest.raises(ValueError, match="not a pickle of arrays"):
        load(written(tmp_path, data))


def test_every_cut_of_a_good_file_is_refused(tmp_path):
    data = pickle.dumps({"a": np.arange(6.0).reshape(2, 3), "b": [b"x", "y", 1.5]})
    for end in range(len(data)):
        with pytest.raises(ValueError):
            load(written(tmp_path, data[:end]))


RECONSTRUCT = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n"
FLOAT = (
    b"cnumpy\ndtype\n"
    + text("f8")
    + b"\x89\x88\x87R(K\x03"
    + text("<")
    + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
)
OBJECT = b"cnumpy\ndtype\n" + text("O8") + b"\x89\x88\x87R"
EMPTY = RECONSTRUCT + b"K\x00\x85c_codecs\nencode\n" + text("b") + text("latin1") + b"\x86R\x87R"
HUGE = b"\x8a\x06" + (2**44).to_bytes(6, "little")
DEEP = 200_000
LARGE = {
    "shape in reconstruct": RECONSTRUCT + HUGE + b"\x85" + text("b") + b"\x87R.",
    "shape in the state": EMPTY + b"(K\x01" + HUGE + b"\x85" + FLOAT + b"\x89C\x08" + bytes(8) + b"tb.",
    "shape of an object array": EMPTY + b"(K\x01" + HUGE + b"\x85" + OBJECT + b"\x89]tb.",
    "negative shape": EMPTY + b"(K\x01J\xff\xff\xff\xff\x85" + OBJECT + b"\x89]tb.",
    "ndarray itself": b"cnumpy\nndarray\n" + HUGE + b"\x85\x85R.",
    "ndarray by newobj": b"\x80\x02cnumpy\nndarray\n" + HUGE + b"\x85\x85\x81.",
    "ndarray from a buffer": b"cnumpy.core.numeric\n_frombuffer\n(C\x08"
    + bytes(8)
    + FLOAT
    + HUGE
    + b"\x85"
    + text("C")
    + b"tR.",
    "text as wide as memory": b"cnumpy\ndtype\n" + text("S99999999999") + b"\x89\x88\x87R.",
    "memo number": b"Nr\xf0\xff\xff\xff.",
    "bytes": b"\x8e" + struct.pack("<Q", 2**40) + b"x.",
    "bytearray": b"\x80\x05\x96" + struct.pack("<Q", 2**36) + b"x.",
    "bytearray of a number": b"cbuiltins\nbytearray\n" + HUGE + b"\x85R.",
    "bytes of a number": b"cbuiltins\nbytes\n" + HUGE + b"\x85R.",
    "range": b"cbuiltins\nlist\ncbuiltins\nrange\n" + HUGE + b"\x85R\x85R.",
    "frame": b"\x80\x04\x95" + struct.pack("<Q", 2**40) + b"N.",
    "tuple as a key": b"}" + b")" + b"\x85" * DEEP + b"Ns.",
    "tuple in a set": b"\x80\x04\x8f(" + b")" + b"\x85" * DEEP + b"\x90.",
    "tuple in a frozenset": b"\x80\x04(" + b")" + b"\x85" * DEEP + b"\x91.",
    "tuple to set()": b"cbuiltins\nset\n]" + b")" + b"\x85" * DEEP + b"a\x85R.",
}
# Fields in a type would let raw bytes pass for pointers to objects.
FIELDS = b"cnumpy\ndtype\n" + text("V8") + b"\x89\x88\x87R."
WITH_FIELDS = (
    b"cnumpy\ndtype\n" + text("f8") + b"\x89\x88\x87R(K\x03" + text("<") + b"N" + text("a") + b"\x85}K\x08K\x01K\x00tb."
)


READ = """
import sys
from emostudy.corpora.safe_pickle import load
for path in sys.argv[1:]:
    try:
        load(path)
        print("read")
    except ValueError as error:
        print(error, flush=True)
"""


def test_a_few_bytes_cannot_ask_for_gigabytes(tmp_path):
    """In a process that may take 2 GB: what goes wrong must be a ValueError, not the end of the process."""
    paths = [tmp_path / f"{number}.pkl" for number in range(len(LARGE))]
    for path, data in zip(paths, LARGE.values(), strict=True):
        path.write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-c", READ, *map(str, paths)],
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30)),
        check=False,
    )
    told = dict(zip(LARGE, done.stdout.splitlines(), strict=False))
    assert done.returncode == 0 and len(told) == len(LARGE), (len(told), done.stderr[-300:])
    assert {name for name, line in told.items() if line == "read"} == {
        "memo number"
    }  # the memo is a dict: no harm in it
    assert not [line for line in told.values() if "MemoryError" in line or "allocate" in line]


ONE = EMPTY + b"(K\x01K\x01\x85%b\x89C\x08" + bytes(8) + b"tb"  # an array of one element of a type


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (ONE.replace(b"%b", WITH_FIELDS[:-1]) + b".", "an array type with fields"),
        (ONE.replace(b"%b", FIELDS[:-1]) + b".", "'V8' is no plain number"),
        (ONE.replace(b"%b", FIELDS[:-1].replace(b"V8", b"M8")) + b".", "'M8' is no plain number"),
        (b"c_codecs\nencode\n}" + text("__defaults__") + b"Nsb0N.", "it changes a function"),
        (b"]}" + text("x") + b"Nsb.", "it changes a list"),
        (ONE.replace(b"%b", FLOAT) + b"K\x00K\x05s.", "a PlainArray where a dict must be"),
        (ONE.replace(b"%b", FLOAT) + b"(K\x00K\x05u.", "a PlainArray where a dict must be"),
    ],
)
def test_what_would_change_more_than_it_should_is_refused(tmp_path, data, reason):
    with pytest.raises(ValueError, match=reason):
        load(written(tmp_path, data))


def test_the_array_of_these_tests_is_a_good_one(tmp_path):
    assert load(written(tmp_path, ONE.replace(b"%b", FLOAT) + b".")).tolist() == [0.0]


def test_a_thousandfold_nested_list_is_read_and_a_tower_of_shared_ones_is_quick(tmp_path):
    assert load(written(tmp_path, b"]" * 3000 + b"a" * 2999 + b".")) is not None
    tower = b"]" + b"".join(b"q" + bytes([n]) + b"0](h" + bytes([n]) + b"h" + bytes([n]) + b"e" for n in range(60))
    assert len(load(written(tmp_path, tower + b"."))) == 2


def test_names_are_refused_where_they_are_not_called(tmp_path):
    with pytest.raises(ValueError, match="it holds a function"):
        load(written(tmp_path, b"c_codecs\nencode\n."))
    with pytest.raises(ValueError, match="it holds a Type"):
        load(written(tmp_path, b"]" + FLOAT + b"a."))


ARRAYS = {
    "floats": np.arange(24, dtype=np.float32).reshape(2, 3, 4),
    "column-major": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "turned": np.arange(24).reshape(2, 3, 4).transpose(1, 0, 2),
    "big endian": np.arange(3, dtype=">i4"),
    "bool": np.array([True, False]),
    "nothing": np.zeros((0, 5)),
    "bytes": np.array([b"abc", b"d"]),
    "words": np.array(["anger", "h\u00e4"]),
    "no dimension": np.array(3.5),
    "-inf": np.array([-np.inf, np.nan, 1.0]),
}


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_come_back_as_they_were(tmp_path, name, protocol):
    array = ARRAYS[name]
    back = np.asarray(load(written(tmp_path, pickle.dumps(array, protocol))))
    assert type(back) is np.ndarray and back.dtype.newbyteorder("=") == array.dtype.newbyteorder("=")
    np.testing.assert_array_equal(back, array)


@pytest.mark.parametrize("protocol", range(6))
def test_plain_containers_come_back_as_they_were(tmp_path, protocol):
    value = {
        "a": [1, 2.5, None, True, "\u00e4", b"\x00\xff"],
        "b": (1, (2, [3])),
        "c": {"x", "y"},
        "d": frozenset([1]),
        5: {},
    }
    value |= {"e": bytearray(b"ab"), "f": np.float32(0.5), "g": np.int64(7), "h": 10**30, "i": b""}
    assert load(written(tmp_path, pickle.dumps(value, protocol))) == value


@pytest.mark.parametrize("protocol", range(6))
def test_object_arrays_hold_plain_things(tmp_path, protocol):
    array = np.empty(3, dtype=object)
    array[:] = ["a", [1, 2], np.arange(2)]
    back = load(written(tmp_path, pickle.dumps({"id": array}, protocol)))["id"]
    assert back[0] == "a" and back[1] == [1, 2] and back[2].tolist() == [0, 1]


@pytest.mark.parametrize("protocol", [2, 4])
def test_names_of_both_numpy_1_and_2_are_known(tmp_path, protocol):
    data = pickle.dumps(ARRAYS["floats"], protocol)
    other = data.replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
    if protocol == 4:  # lengths stand before names: of the name itself and of the frame
        other = other.replace(b"\x8c\x16numpy.core", b"\x8c\x15numpy.core")
        other = other[:3] + struct.pack("<Q", struct.unpack("<Q", data[3:11])[0] - 1) + other[11:]
    assert other != data
    np.testing.assert_array_equal(load(written(tmp_path, other)), ARRAYS["floats"])


def test_a_pickle_of_python_2_is_read(tmp_path):
    data = EMPTY.replace(b"c_codecs\nencode\n" + text("b") + text("latin1") + b"\x86R", b"U\x01b")
    raw = struct.pack("<2d", 1.5, -2.0)
    data += b"(K\x01K\x02\x85" + FLOAT + b"\x89U" + bytes([len(raw)]) + raw + b"tb."
    assert load(written(tmp_path, data)).tolist() == [1.5, -2.0]


def test_a_missing_file_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "nothing.pkl")


def test_the_table_of_names_is_short():
    assert {module.split(".")[0] for module, _ in safe_pickle.NAMES} == {"numpy", "_codecs", "builtins", "__builtin__"}
    assert len(safe_pickle.NAMES) == 17
