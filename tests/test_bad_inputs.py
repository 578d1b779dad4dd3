"""What a user may type or find in a folder, wrongly: one line that says what to do, or a file named and left out. Never a traceback."""

import ast
import errno
import io
import json
import os
import struct
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
import soundfile
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from papermill.translators import PythonTranslator

from emostudy import corpora, study
from emostudy.cli import main
from emostudy.corpora import emosynth, load, ravdess, read_card
from emostudy.corpora.emosynth.dialogue import draw_clips
from emostudy.corpora.emosynth.media import write_clip
from emostudy.corpora.emosynth.tables import load_tables
from emostudy.execution import defaults, execute
from emostudy.features.action_units import action_units
from emostudy.features.extract import extract
from emostudy.features.faces import face_crops
from emostudy.features.media import BadMedia, duration, read_audio, read_frames
from emostudy.parameters import parse_parameter
from emostudy.paths import write_atomically
from emostudy.recipes.speech import SPEECH

quick = settings(
    deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
LONG = "x" * 5000
NAMES = [
    "../../etc",
    "/etc",
    "",
    ".",
    "~",
    "\0",
    "a\nb",
    LONG,
    "😀",
    "emosynth ",
    "ravdess/..",
    "EMOSYNTH",
    "{corpus}",
    "$HOME",
]
OPTIONS = {
    "--corpus": [*NAMES, "-x", "--", "emosynth\0", "ravdess;ls", "../ravdess"],
    "--profile": [*NAMES, "../..", "class/..", "paper\n", "'class'"],
    "--only": [
        "../x",
        "/etc",
        "\0",
        "a" * 9999,
        "99",
        "-1",
        "03,../x",
        "0b11",
        "03\0",
        "²",
        "03_speech_lstm/../00",
        "*",
    ],
    "--seeds": [
        "x",
        "-1",
        "=-1,0",
        "1e3",
        "9" * 5000,
        "4294967296",
        "0x10",
        "1.5",
        "\0",
        "1,,2;3",
        "NaN",
        "0,0",
        "[0]",
    ],
    "--jobs": ["0", "-1", "1.5", "x", "", "9" * 5000, "1e2", "99999999999", "\n", "257", "None", "2,2"],
    "--protocols": ["randm", "x", "../x", "", "random,random", "random,x", "\0", "Official"],
    "--device": [
        "gpu",
        "",
        "cpu:x",
        "cpu:0",
        "cuda:-1",
        "cuda:",
        "mps:/etc",
        "../cpu",
        "cuda:999",
        "cuda:99",
        "\0",
        "CPU",
    ],
    "--data-dir": ["no/such", "/dev/null", "a\nb", "../no-such", "{x}", "😀", "-", LONG],
    "-p": [
        *("x=1", "x=__import__('os').system('touch pwned')", "__class__=1", "__builtins__={}", "é=1", "import=1"),
        *("corpus=ravdess", 'corpus="../.."', "results_dir=/", "data_dir=/etc", "jobs=3", "seeds=[1]", "device=cuda"),
        *("=1", "a b=1", "x;y=1", "1a=2", "a.b=1", "\0=1", "x", "", "text_weights", "-x=1", "𝟙=1", LONG),
        *("text_weights=1", "text_weights=NaN", "text_weights=1e999", "text_weights=[1]", "text_weights=null"),
        *(
            'text_weights={"a": 1}',
            "text_weights=true",
            r'text_weights="\ud800"',
            "text_weights=" + "[" * 500 + "]" * 500,
        ),
    ],
}
LINES = [
    *([], ["rum"], [""], ["\0"], ["--version"], ["-m"], ["r"], ["run", "x"], ["run", "-q"], ["run", "--corpu", "x"]),
    *(
        ["run", "--jobs"],
        ["run", "-p"],
        ["run", "--results-dir"],
        ["run", "--only=--x"],
        ["corpora", "x"],
        ["corpora", "--jobs", "1"],
    ),
    *(["corpora", "--data-dir", name] for name in ("no/such", "/dev/null", "a\nb", "\0", LONG)),
]
ASKED = [
    ["run", name + value] if value[:1] == "=" else ["run", name, value] for name in OPTIONS for value in OPTIONS[name]
]


def one_line(captured) -> str:
    """What was told on stderr: one line of the program's own, and no traceback anywhere."""
    assert captured.err.startswith("emostudy: ") and captured.err.count("\n") == 1, captured.err
    assert "Traceback" not in captured.err + captured.out
    return captured.err


@pytest.fixture
def no_run(monkeypatch):
    """What is refused never gets as far as a notebook."""

    def ran(*args, **options):
        raise AssertionError("it was not refused")

    monkeypatch.setattr(study, "run_steps", ran)


@pytest.fixture
def sandbox(tmp_path, monkeypatch):
    """A home and a working folder of this test's own."""
    for name in ("home", "work"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path


def test_there_are_many_of_them():
    lists = [ASKED, LINES, NOTEBOOKS, CARDS, UNITS_TABLES, SOUNDS, FILMS, CACHES]
    assert len({repr(one) for some in lists for one in some}) >= 330


def shown(line: list[str]) -> str:
    return ascii(" ".join(line)[:40])


@pytest.mark.parametrize("line", [*ASKED, *LINES], ids=shown)
def test_a_wrong_command_is_one_line_and_leaves_nothing(line, sandbox, no_run, capfd):
    assert main([*line, *(["--results-dir", "out"] if "run" in line[:1] and len(line) > 2 else [])]) == 2
    told = one_line(capfd.readouterr())
    assert len(told) < 6000
    assert sorted(path.name for path in sandbox.rglob("*")) == ["home", "work"]


@settings(quick, max_examples=60)
@given(st.sampled_from([*OPTIONS, "--frobnicate"]), st.text(min_size=1, max_size=30))
def test_any_text_for_any_option_is_refused_or_understood(option, text):
    """The run itself is replaced: what gets there was understood."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(study, "run", lambda *args, **options: [])
        assert main(["run", option, text]) in (0, 2)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=8,
)
CODE = [
    *(
        "'",
        '"',
        "'''",
        '"""',
        "\\",
        '\\"',
        "\n",
        "\r\n",
        "\0",
        "\x85",
        "\u2028",
        "{x}",
        "%s",
        "# x",
        "\x1b[31m",
        "\ufeff",
    ),
    *('"); import os; os.system("touch pwned"); ("', "'''\nopen('pwned', 'w')\n'''", '"""\nopen("pwned", "w")\n"""'),
    *(
        "\\\nopen('pwned', 'w')",
        "\nopen('pwned', 'w')\n",
        "__import__('os').system('touch pwned')",
        "!touch pwned",
        "%%bash\ntouch pwned",
    ),
]


@settings(quick, max_examples=300)
@given(VALUES)
def test_papermill_writes_a_value_as_that_value(value):
    assert injected(value) == value


@pytest.mark.parametrize("text", CODE, ids=ascii)
def test_papermill_writes_code_as_a_string(text):
    assert injected(text) == text and injected([{text: text}]) == [{text: text}]


def injected(value: object) -> object:
    """What the cell that papermill writes assigns; it holds one assignment of a literal and nothing else."""
    name, value = parse_parameter(f"x={json.dumps(value)}")
    (assignment,) = ast.parse(PythonTranslator.codify({name: value})).body
    assert isinstance(assignment, ast.Assign) and assignment.targets[0].id == "x"
    return ast.literal_eval(assignment.value)


def write_notebook(path: Path, *cells: str, parameters: str = "texts = []") -> Path:
    tagged = nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})
    nbformat.write(nbformat.v4.new_notebook(cells=[tagged, *map(nbformat.v4.new_code_cell, cells)]), path)
    return path


def test_values_arrive_in_a_kernel_as_they_are_and_are_not_run(tmp_path):
    source = write_notebook(tmp_path / "a.ipynb", "import json\njson.dump(texts, open('texts.json', 'w'))")
    assert execute(source, tmp_path / "out.ipynb", {"texts": CODE}) == ""
    assert json.loads((tmp_path / "texts.json").read_text()) == CODE
    assert sorted(os.listdir(tmp_path)) == ["a.ipynb", "out.ipynb", "texts.json"]


def notebook(cells: object, **changed) -> bytes:
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5} | changed).encode()


NOTEBOOKS = [
    *(b"", b"{", b"[]", b"{}", b"null", b"3", b'"x"', b"\xff\xfe\0\1", notebook([]).decode().encode("utf-16")),
    *(b"\xef\xbb\xbf" + notebook([]), notebook([], nbformat=5), notebook([], nbformat="4"), notebook([], nbformat=-1)),
    *(notebook(None), notebook(["x"]), notebook([{}]), notebook([{"cell_type": "x"}]), notebook([], metadata="x")),
    *(b'{"nbformat": 4, "nbformat_minor": 5, "cells": []}', b'{"nbformat": 4}'),
]


@pytest.mark.parametrize("content", NOTEBOOKS, ids=range(len(NOTEBOOKS)))
def test_a_broken_notebook_is_one_line(content, sandbox, monkeypatch, capfd):
    (sandbox / "00_study_map.ipynb").write_bytes(content)
    monkeypatch.setitem(study.run.__kwdefaults__, "notebooks_dir", sandbox)
    assert main(["run", "--only", "00", "--results-dir", "out"]) == 2
    assert "00_study_map.ipynb" in one_line(capfd.readouterr())
    assert not os.listdir()


def test_the_defaults_of_a_notebook_are_read_and_never_run(tmp_path):
    source = write_notebook(tmp_path / "a.ipynb", parameters=f"a = open({str(tmp_path / 'pwned')!r}, 'w')\nb = 1")
    assert defaults(source) == {"a": None, "b": 1}
    assert os.listdir(tmp_path) == ["a.ipynb"]


def test_a_kernel_that_dies_is_one_line(sandbox, monkeypatch, capfd):
    shared = (Path(study.__file__).parents[1] / "notebooks" / "00_study_map.ipynb").read_text("utf-8")
    broken = nbformat.reads(shared, as_version=4)
    broken.cells[2:] = [nbformat.v4.new_code_cell("import os\nos._exit(1)")]
    nbformat.write(broken, sandbox / "00_study_map.ipynb")
    monkeypatch.setitem(study.run.__kwdefaults__, "notebooks_dir", sandbox)
    assert main(["run", "--only", "00", "--profile", "smoke", "--results-dir", "out"]) == 1
    told = capfd.readouterr()
    assert "emostudy: 00_study_map failed in DeadKernelError" in told.err and "Traceback" not in told.err + told.out


GOOD_CARD = yaml.safe_load((corpora.CARDS / "ravdess.yaml").read_text("utf-8"))
WRONG_KEYS = [
    *(
        {key: wrong}
        for key in ("title", "citation", "licence", "address", "cluster")
        for wrong in (None, 3, [], "", " ")
    ),
    *(
        {key: wrong}
        for key in ("modalities", "known_faults")
        for wrong in (None, 3, "face", [], [3], [None], {"face": 1})
    ),
    *({"folders": wrong} for wrong in (None, 3, "ravdess", [3], [["ravdess"]], {"ravdess": 1})),
    *(
        {"folders": [wrong]}
        for wrong in ("../../x", "/etc", "a/../../b", "", ".", "..", "C:\\x", "..\\x", "\\\\host\\x", "a/..")
    ),
    *(
        {key: wrong}
        for key in ("num_clips", "once_folds", "spoilt_folds")
        for wrong in (0, -2, 1.5, True, "2", [2], {})
    ),
    *(
        {"augmented": wrong}
        for wrong in ([], 2, {"face": 0}, {"face": True}, {"face": "2"}, {"face": None}, {"smell": 2})
    ),
    *({"speaker_folds": wrong} for wrong in (3, "01", ["01"], [[1, 2]], [[None]], [{"01": 2}], {"01": ["02"]})),
]
CARDS = [
    *(yaml.safe_dump(GOOD_CARD | changed).encode() for changed in WRONG_KEYS),
    *(
        b"",
        b"[]",
        b"3",
        b"title",
        b"a: b: c",
        b"{",
        b"[" * 9999,
        b"\xff\xfe\0",
        b"\0",
        b"a: \x01",
        b"*x",
        b"a: &a [*b]",
    ),
    b"!!python/object/apply:os.system ['touch pwned']",
    b"title: !!python/object/apply:subprocess.check_call [[touch, pwned]]",
    b"title: !!python/name:os.system",
    b"title: !!python/object/new:type {args: [x, !!python/tuple [], {}]}",
    b"title: !!python/module:antigravity",
    b"title: !evil x",
]


@pytest.mark.parametrize("content", CARDS, ids=range(len(CARDS)))
def test_a_wrong_card_is_one_line_and_runs_nothing(content, sandbox, monkeypatch, capfd):
    (sandbox / "mine.yaml").write_bytes(content)
    monkeypatch.setattr(corpora.catalogue, "CARDS", sandbox)
    uncached = corpora.cards.__wrapped__
    for module in (corpora, corpora.catalogue):
        monkeypatch.setattr(module, "cards", uncached)
    assert main(["corpora"]) == 2
    told = one_line(capfd.readouterr())
    assert "card mine.yaml" in told and "mend it" in told
    assert not os.listdir()


@pytest.mark.parametrize("name", ["my-corpus", "a.b", "1st", "a b", "..", "os.path"])
def test_a_card_has_the_name_of_a_module(name, tmp_path):
    path = tmp_path / f"{name}.yaml"
    path.write_text(yaml.safe_dump(GOOD_CARD))
    with pytest.raises(ValueError, match="its name must be the module's"):
        read_card(path)


@settings(quick, max_examples=100)
@given(changed=st.dictionaries(st.sampled_from(sorted(GOOD_CARD)), VALUES, min_size=1))
def test_any_card_is_read_or_refused(changed, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(GOOD_CARD | changed), "utf-8")
    try:
        assert all(not Path(folder).is_absolute() for folder in read_card(path).get("folders", []))
    except ValueError as error:
        assert str(error).startswith("card mine.yaml")


ACTOR = Path("ravdess", "Audio_Speech_Actors_01-24", "Actor_01")
PERFORMANCES = [f"01-{emotion:02}-01-01-01-01" for emotion in range(1, 9)]
NOISE = np.random.default_rng(0).normal(0, 0.1, 4000).astype(np.float32)


@pytest.fixture
def data(tmp_path, empty_cache):
    """One actor's eight clips, each another emotion."""
    folder = tmp_path / "data"
    (folder / ACTOR).mkdir(parents=True)
    for number, performance in enumerate(PERFORMANCES):
        soundfile.write(folder / ACTOR / f"03-{performance}.wav", NOISE + number / 100, 16000)
    return folder


def changed(at: int, form: str, value: int) -> bytes:
    """A sound file whose header says something else."""
    content = bytearray(WAV)
    struct.pack_into(form, content, at, value)
    return bytes(content)


def encoded(wave: np.ndarray, rate: int = 16000, form: str = "WAV", subtype: str | None = None) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, wave, rate, format=form, subtype=subtype)
    return file.getvalue()


def flac(num_samples: int | None = None, rate: int | None = None) -> bytes:
    """A .flac whose header states another length or rate."""
    content = bytearray(encoded(NOISE, form="FLAC"))
    facts = int.from_bytes(content[18:26], "big")
    if num_samples is not None:
        facts = facts >> 36 << 36 | num_samples
    if rate is not None:
        facts = facts & ~(0xFFFFF << 44) | rate << 44
    content[18:26] = facts.to_bytes(8, "big")
    return bytes(content)


WAV = encoded(NOISE)
SOUNDS = {
    **{f"cut to {size}": WAV[:size] for size in (0, 1, 12, 43, 44, 45, 4000)},
    **{f"{rate} Hz": changed(24, "<I", rate) for rate in (0, 1, 7, 999, 10**6, 2**31, 2**32 - 1)},
    **{f"{number} channels": changed(22, "<H", number) for number in (0, 65535)},
    **{f"{number} bits": changed(34, "<H", number) for number in (0, 65535)},
    **{f"format {number}": changed(20, "<H", number) for number in (0, 2, 17, 65535)},
    **{f"data {number}": changed(40, "<I", number) for number in (0, 1)},
    **{f"flac of {number}": flac(number) for number in (0, 1, 10**6, 2**33, 2**36 - 1)},
    **{f"flac at {rate} Hz": flac(rate=rate) for rate in (0, 1, 8, 2**20 - 1)},
    "longer than it is": changed(4, "<I", 2**31),
    "no samples": encoded(NOISE[:0]),
    "one sample": encoded(NOISE[:1]),
    "silent": encoded(0 * NOISE),
    "not numbers": encoded(np.full(99, np.nan), subtype="FLOAT"),
    "infinite": encoded(np.where(np.arange(99) == 5, np.inf, NOISE[:99]), subtype="FLOAT"),
    "too loud for 32 bits": encoded(1e300 * NOISE.astype(float), subtype="DOUBLE"),
    "text": b"dear listener, this is no sound\n" * 40,
    "random": np.random.default_rng(1).bytes(2000),
    "list of files": b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n",
    "picture": b"\x89PNG\r\n\x1a\n" + bytes(200),
}
NO_FILES = {
    "folder": lambda path: path.mkdir(),
    "link to itself": lambda path: path.symlink_to(path),
    "link to nowhere": lambda path: path.symlink_to("nowhere"),
    "endless": lambda path: path.symlink_to("/dev/zero"),
    "pipe": os.mkfifo,
}
STRANGE_NAMES = [
    "a\nb.wav",
    "#.wav",
    "😀.wav",
    "-rf.wav",
    "$(touch pwned).wav",
    "x" * 240 + ".wav",
    " .wav",
    "03-01-01-01-01-01-1٣.wav",
]


@pytest.mark.parametrize("kind", SOUNDS)
def test_a_bad_sound_in_a_corpus_is_named_and_left_out(kind, data):
    bad = data / ACTOR / "03-01-08-02-01-01-01.wav"
    bad.write_bytes(SOUNDS[kind])
    extracted = extract(load("ravdess", data), SPEECH[0].features["speech"], progress=False)
    assert len(extracted.clip_ids) == len(PERFORMANCES)
    assert extracted.left_out.file.tolist() == [bad.name] and 0 < len(extracted.left_out.reason[0]) < 80


@pytest.mark.parametrize("kind", NO_FILES)
def test_what_is_no_file_is_named_and_left_out(kind, data):
    NO_FILES[kind](data / ACTOR / "03-01-08-02-01-01-01.wav")
    corpus = load("ravdess", data)
    assert len(corpus) == len(PERFORMANCES)
    assert corpus.left_out.values.tolist() == [["03-01-08-02-01-01-01.wav", "not a file"]]


def test_a_file_that_may_not_be_read_is_left_out(data, monkeypatch):
    opened = Path.open

    def refuse(path, *args, **options):
        if path.name == "03-01-08-02-01-01-01.wav":
            raise PermissionError(13, "Permission denied")
        return opened(path, *args, **options)

    (data / ACTOR / "03-01-08-02-01-01-01.wav").write_bytes(WAV)
    monkeypatch.setattr(Path, "open", refuse)  # whoever runs as root may read everything
    assert load("ravdess", data).left_out.reason.tolist() == ["Permission denied"]


@pytest.mark.parametrize("name", STRANGE_NAMES, ids=ascii)
def test_a_strange_name_is_left_out(name, data):
    (data / ACTOR / name).write_bytes(WAV)
    left_out = load("ravdess", data).left_out
    assert left_out.values.tolist() == [[name, "name breaks the convention MM-CC-EE-II-SS-RR-AA"]]


def test_a_folder_that_is_not_utf8_is_left_out(data):
    folder = os.path.join(os.fsencode(data / "ravdess"), b"Actor_\xff")
    os.mkdir(folder)
    Path(os.fsdecode(folder), "03-01-08-02-01-01-01.wav").write_bytes(WAV)
    Path(os.fsdecode(folder), os.fsdecode(b"\xff.wav")).write_bytes(WAV)
    left_out = load("ravdess", data).left_out
    assert left_out.file.tolist() == ["03-01-08-02-01-01-01.wav", r"\udcff.wav"]
    assert left_out.reason[0] == "a path that is not UTF-8" and left_out.to_csv().encode()


@pytest.mark.parametrize("name", ["a#b", "a.csv", "é 😀", "a\nb", "{x}", "$HOME", "~"])
def test_a_data_folder_may_have_any_name(name, data):
    data = data.rename(data.with_name(name))
    units_table(data, *(f"01-{performance}" for performance in PERFORMANCES))
    corpus = load("ravdess", data)
    assert len(corpus) == len(PERFORMANCES) and corpus.left_out.empty and corpus.fingerprint()


FRAMES = np.random.default_rng(2).integers(0, 255, (15, 96, 96, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def film(tmp_path_factory) -> bytes:
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    write_clip(path, FRAMES, np.tile(NOISE, 4))
    return path.read_bytes()


FILMS = {
    **{
        f"cut to {share}": lambda film, share=share: film[: int(share * len(film))]
        for share in (0, 1e-5, 1e-3, 0.1, 0.5, 0.9)
    },
    "random": lambda film: np.random.default_rng(3).bytes(5000),
    "zeros behind the start": lambda film: film[:40] + bytes(len(film) - 40),
    "no index": lambda film: film[: film.find(b"moov") - 4],
    "no tracks": lambda film: film.replace(b"trak", b"free"),
    "unknown codecs": lambda film: film.replace(b"mp4v", b"evil").replace(b"mp4a", b"evil").replace(b"esds", b"free"),
    "list of files": lambda film: b"ffconcat version 1.0\nfile /etc/passwd\n",
    "session": lambda film: b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
    "text": lambda film: b"this is no film\n" * 99,
}


@pytest.mark.parametrize("kind", FILMS)
def test_a_bad_film_is_bad_media(kind, film, tmp_path):
    path = tmp_path / "x.mp4"
    path.write_bytes(FILMS[kind](film))
    for read in (read_audio, face_crops, lambda path: read_frames(path, [0.3])):
        with pytest.raises(BadMedia):
            read(path)


@settings(quick, max_examples=60)
@given(
    where=st.floats(0, 1),
    content=st.binary(min_size=1, max_size=12),
    kind=st.sampled_from(["mp4", "moov", "wav", "flac"]),
)
def test_any_damage_to_media_is_bad_media_or_does_no_harm(where, content, kind, film, tmp_path):
    whole = {"wav": WAV, "flac": encoded(NOISE, form="FLAC")}.get(kind, film)
    first = film.find(b"moov") if kind == "moov" else 0  # most of a film is pictures; what can mislead is the index
    at = first + int(where * (len(whole) - first))
    path = tmp_path / f"x.{'mp4' if kind == 'moov' else kind}"
    path.write_bytes(whole[:at] + content + whole[at + len(content) :])
    for read in (read_audio, duration, lambda path: read_frames(path, [0.3])):
        try:
            read(path)
        except BadMedia as error:
            assert len(str(error)) < 80


@pytest.mark.parametrize(
    "path", ["x" * 300 + ".wav", "a\0b.wav", "", ".", "/", "/dev/null", "/proc/self/mem/x.mp4", "no.wav"], ids=ascii
)
def test_a_path_that_leads_nowhere_is_bad_media(path):
    for read in (read_audio, duration, lambda path: read_frames(path, [0.3])):
        with pytest.raises(BadMedia, match=r"^missing file$"):
            read(path)


def units_table(folder: Path, *keys: str) -> Path:
    path = folder / "ravdess_av_features" / "action_units.csv"
    path.parent.mkdir()
    pd.DataFrame(0.5, index=pd.Index(keys, name="clip"), columns=ravdess.UNITS).to_csv(path)
    return path


HEAD, ROW = ",".join(["clip", *ravdess.UNITS]), ",0.5" * 35
TABLE = f"{HEAD}\n" + "".join(f"01-{performance}{ROW}\n" for performance in PERFORMANCES)
UNITS_TABLES = {
    "empty": b"",
    "blank": b"\n\n\n",
    "no clip": TABLE.replace("clip,", "file,").encode(),
    "a unit less": TABLE.replace("AU45_c", "x").encode(),
    "a unit more": TABLE.replace("AU45_c", "AU45_c,AU99_r").encode(),
    "a unit twice": TABLE.replace("AU02_r", "AU01_r").encode(),
    "clip twice": TABLE.encode() + f"01-{PERFORMANCES[0]}{ROW}\n".encode(),
    "performance twice": TABLE.encode() + f"02-{PERFORMANCES[0]}{ROW}\n".encode(),
    "utf-16": TABLE.encode("utf-16"),
    "latin-1": TABLE.encode() + "\xe9".encode("latin-1"),
    "zeros": bytes(1000),
    "open quote": TABLE.encode() + b'"',
    "a long row": TABLE.encode() + b"x" + b",1" * 99 + b"\n",
    "pickle": b"\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\x00.",
    "random": np.random.default_rng(4).bytes(3000),
    "page": b"<!doctype html><title>404</title>",
}


@pytest.mark.parametrize("kind", UNITS_TABLES)
def test_a_bad_table_of_action_units_is_refused_with_the_remedy(kind, data):
    units_table(data).write_bytes(UNITS_TABLES[kind])
    with pytest.raises(
        ValueError, match=r"^action_units\.csv is not OpenFace's table .*: get it again or take it away$"
    ):
        load("ravdess", data)


@pytest.mark.parametrize(
    "cell", ["", "nan", "inf", "-1", "5.1", "x", "=1+1", "1e999", "#REF!", "\0", "1,5", "9" * 5000], ids=ascii
)
def test_a_bad_cell_of_action_units_leaves_its_clip_out(cell, data):
    table = units_table(data, *(f"01-{performance}" for performance in PERFORMANCES))
    lines = table.read_text().splitlines()
    lines[3] = lines[3].replace("0.5", f'"{cell}"', 1)
    table.write_text("\n".join(lines))
    clips = load("ravdess", data).clips
    for performance, row in zip(clips.clip_id, clips.action_units, strict=True):
        if performance == PERFORMANCES[2]:
            with pytest.raises(BadMedia, match="missing or outside 0 to 5"):
                action_units(row, float("nan"), float("nan"))
        else:
            assert action_units(row, float("nan"), float("nan")).shape == (35,)


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"], ids=["plain", "BOM"])
def test_a_table_with_a_byte_order_mark_is_read(start, data):
    units_table(data).write_bytes(start + TABLE.encode())
    assert load("ravdess", data).clips.action_units.notna().all()


CACHES = [
    *(
        (name, content)
        for name in ("clips.csv", "transcripts.csv")
        for content in (b"", b"\xff\xfe", b"x,y\n1,2\n", bytes(99), None)
    ),
    *(("version.txt", content) for content in (b"", b"\xff\xfe", b"old", None)),
    *(
        (name, wrong)
        for name, wrong in (
            ("clips.csv", ("fear", "evil")),
            ("clips.csv", ("p01d01t01", "")),
            ("clips.csv", ("start", "x")),
        )
    ),
    ("transcripts.csv", ("p01d01t01", "p01d01t02")),
]


@pytest.mark.parametrize(("name", "change"), CACHES, ids=range(len(CACHES)))
def test_a_broken_cache_is_made_again(name, change, empty_cache, monkeypatch):
    """Only the tables are made here; what rendering adds is made up, for it takes seconds."""
    made = []

    def render_all(folder, profile, seed, jobs):
        made.append(profile)
        clips = draw_clips(profile, load_tables(), np.random.default_rng(seed))
        return clips.assign(skin=0.5, text="I am here", start=0.0, end=1.0, content="ab")

    monkeypatch.setattr(emosynth.generate, "render_all", render_all)
    whole = emosynth.load(None, "smoke").clips
    path = empty_cache / "emosynth" / "smoke_seed0" / name
    if change is None:
        path.unlink()
    else:
        path.write_bytes(change if isinstance(change, bytes) else path.read_bytes().replace(*map(str.encode, change)))
    assert emosynth.load(None, "smoke").clips.equals(whole)
    assert made == ["smoke"] * 2
    emosynth.load(None, "smoke")
    assert len(made) == 2


@pytest.mark.parametrize(
    "folder", ["file", "file/x", "/dev/null/x", "/proc/nothere", "x" * 300], ids=lambda name: name[:16]
)
def test_a_results_folder_that_cannot_be_is_one_line(folder, sandbox, no_run, capfd):
    Path("file").write_text("a file where a folder should be")
    assert main(["run", "--only", "00", "--results-dir", folder]) == 2
    said = one_line(capfd.readouterr())  # a long path is cut
    assert folder.split("/")[-2 if folder.endswith("/x") else -1][:60] in said
    assert os.listdir() == ["file"]


@pytest.mark.parametrize("number", ["ENOSPC", "EROFS", "EACCES", "EDQUOT"])
def test_a_full_disk_is_one_line_and_leaves_the_old_file(number, sandbox, monkeypatch, capfd):
    def refuse(*args, **options):
        raise OSError(getattr(errno, number), os.strerror(getattr(errno, number)))

    Path("old.csv").write_text("old")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "replace", refuse)
        with pytest.raises(OSError, match=os.strerror(getattr(errno, number))), write_atomically("old.csv") as path:
            path.write_text("new")
    assert os.listdir() == ["old.csv"] and Path("old.csv").read_text() == "old"
    monkeypatch.setattr(Path, "mkdir", refuse)
    assert main(["run", "--only", "00", "--results-dir", "out"]) == 2
    assert os.strerror(getattr(errno, number)) in one_line(capfd.readouterr())
