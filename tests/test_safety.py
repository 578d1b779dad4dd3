"""Nothing that comes from outside is run: weights are safetensors, no pickle is loaded, no code beside a model is imported."""

import ast
import json
import os
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

import emostudy
from emostudy.features.fitted import LearnedWordPiece, PretrainedTokens
from emostudy.models.text import pretrained, small_bert
from emostudy.recipes.text import PretrainedBert, local_folder, pretrained_bert

PACKAGE = Path(emostudy.__file__).parent
SENTENCES = np.array([f"{word} I am {word} today" for word in ("angry", "afraid", "glad")])
UNSAFE = {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal"}
BUILTINS = {"eval", "exec", "compile", "__import__"}
METHODS = {"read_pickle", "to_pickle", "unsafe_load", "full_load", "system", "popen"}
OWN_IMPORTS = {"safe_pickle.py": {"pickle"}}  # an unpickler that builds nothing but arrays and plain containers
OWN = {"remake.py": {"exec", "compile"}}  # runs cells of this repository's notebooks, as papermill does


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """A tiny BERT and its tokeniser, whole."""
    folder = tmp_path_factory.mktemp("weights") / "tiny"
    pieces = LearnedWordPiece().learn(np.concatenate([SENTENCES] * 2)).get_vocab()
    torch.manual_seed(0)
    small_bert(len(pieces), width=32, layers=1).save_pretrained(folder)
    transformers.BertTokenizerFast(vocab=pieces, model_max_length=64).save_pretrained(folder)
    return folder


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    """As on a machine without network: a hub name is told at once."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)


@pytest.fixture
def folder(good, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where `pwned` would appear
    return Path(shutil.copytree(good, tmp_path / "tiny"))


class Touch:
    """Makes a file when it is unpickled."""

    def __reduce__(self):
        return os.system, ("touch pwned",)


def only_a_pickle(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    torch.save({"x": Touch()}, folder / "pytorch_model.bin")


def pickle_named_safetensors(folder: Path) -> None:
    torch.save({"x": Touch()}, folder / "model.safetensors")


def content(name: str, value: bytes):
    return lambda folder: (folder / name).write_bytes(value)


def cut(name: str, size: int):
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:size])


def facts(name: str = "config.json", **changed):
    """Change facts in a json file; `evil.py` beside it would leave a trace if anything imported it."""

    def change(folder: Path) -> None:
        known = json.loads((folder / name).read_text("utf-8"))
        (folder / name).write_text(json.dumps(known | changed), "utf-8")
        code = "open('pwned', 'w')\nclass Model: pass\nclass Config: pass\nclass Tokens: pass\n"
        (folder / "evil.py").write_text(code)

    return change


def tensors(change):
    """Change the dictionary of weights."""

    def changed(folder: Path) -> None:
        save_file(change(load_file(folder / "model.safetensors")), folder / "model.safetensors", {"format": "pt"})

    return changed


REMOTE = {"AutoModel": "evil.Model", "AutoConfig": "evil.Config"}
MODELS = {
    "only a pickle": only_a_pickle,
    "a pickle by another name": pickle_named_safetensors,
    "no weights": lambda folder: (folder / "model.safetensors").unlink(),
    **{f"cut to {size}": cut("model.safetensors", size) for size in (0, 4, 8, 100, 9000)},
    "random": content("model.safetensors", bytes(range(256)) * 4),
    "a header larger than the file": content("model.safetensors", struct.pack("<Q", 2**62) + b"{}"),
    "a folder": lambda folder: [(folder / "model.safetensors").unlink(), (folder / "model.safetensors").mkdir()],
    "none of the weights": tensors(lambda weights: {"x": torch.zeros(3)}),
    "one weight less": tensors(lambda weights: dict(list(weights.items())[1:])),
    "another width": facts(hidden_size=64),
    "more layers": facts(num_hidden_layers=4),
    "another vocabulary": facts(vocab_size=3),
    "a negative width": facts(hidden_size=-1),
    "a width in words": facts(hidden_size="wide"),
    "heads that do not fit": facts(num_attention_heads=5),
    "an unknown kind": facts(model_type="evil"),
    "no kind": facts(model_type=3),
    "another kind": facts(model_type="t5"),
    "an unknown function": facts(hidden_act="os.system"),
    "an unknown type": facts(dtype="evil"),
    "code of its own": facts(model_type="evil", auto_map=REMOTE),
    "a kernel of the hub": facts(_attn_implementation="kernels-community/evil"),
    "no config": lambda folder: (folder / "config.json").unlink(),
    **{f"config {value!r}": content("config.json", value) for value in (b"", b"{", b"[]", b"3", b"{}", b"\xff\xfe\0")},
}
TOKENISERS = {
    "none": lambda folder: [path.unlink() for path in folder.glob("*token*")],
    "cut": cut("tokenizer.json", 300),
    **{
        f"tokenizer.json {value!r}": content("tokenizer.json", value)
        for value in (b"", b"{", b"[]", b"{}", b"\xff\xfe\0")
    },
    **{f"settings {value!r}": content("tokenizer_config.json", value) for value in (b"{", b"[]", b"\xff\xfe\0")},
    "no padding": facts("tokenizer_config.json", pad_token=None),
    "padding that is not 0": facts("tokenizer_config.json", pad_token="[SEP]"),
}
NAMES = [
    "no/such",
    "/no/such",
    "no-such-model",
    "a b",
    "../..",
    "a/b/c",
    "\0",
    "~nobody-of-this-name",
    "x" * 300,
    "-x",
    "{x}",
    "a\nb",
]
NAMES += ["https://example.org/model", "C:\\model", "é", "$(touch pwned)", "__import__('os').system('touch pwned')"]


def one_line(error: pytest.ExceptionInfo) -> str:
    assert "\n" not in str(error.value) and "Traceback" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("kind", MODELS)
def test_weights_that_are_not_whole_are_refused_and_nothing_is_run(kind, folder):
    MODELS[kind](folder)
    with pytest.raises(ValueError) as error:
        pretrained_bert(str(folder)).learner.build({"text": 5}, 3)
    assert "safetensors" in one_line(error) and not Path("pwned").exists()


@pytest.mark.parametrize("kind", TOKENISERS)
def test_a_tokeniser_that_is_not_whole_is_refused(kind, folder):
    TOKENISERS[kind](folder)
    with pytest.raises(ValueError) as error:
        PretrainedTokens(str(folder))(SENTENCES)
    assert str(folder) in one_line(error) and not Path("pwned").exists()


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name[:20]))
def test_weights_that_are_nowhere_are_told_in_one_line(name, tmp_path, monkeypatch):
    (tmp_path / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a" / "b")
    for load in (
        lambda: pretrained_bert(name).learner.build({"text": 5}, 3),
        lambda: PretrainedTokens(name)(SENTENCES),
    ):
        with pytest.raises(ValueError, match="safetensors") as error:
            load()
        assert one_line(error)
    assert not os.listdir()


@pytest.mark.parametrize("changed", [{"auto_map": REMOTE}, {"auto_map": {"AutoModel": "evil.Model"}}])
def test_code_beside_a_known_model_is_not_run(changed, folder):
    facts(**changed)(folder)
    assert type(pretrained("AutoModel", str(folder))) is transformers.BertModel
    assert not Path("pwned").exists()


@pytest.mark.parametrize(
    "changed", [{"auto_map": {"AutoTokenizer": ["evil.Tokens", "evil.Tokens"]}}, {"tokenizer_class": "Evil"}]
)
def test_code_beside_a_tokeniser_is_not_run(changed, folder):
    facts("tokenizer_config.json", **changed)(folder)
    assert PretrainedTokens(str(folder))(SENTENCES)(SENTENCES).shape == (3, 128)
    assert not Path("pwned").exists()


def test_whole_weights_are_loaded_whole(folder):
    model = pretrained_bert(str(folder)).learner.build({"text": 5}, 3)
    saved = load_file(folder / "model.safetensors")
    loaded = model.encoder.state_dict()
    assert all(torch.equal(loaded[name], value) for name, value in saved.items())
    assert local_folder(str(folder)) == folder and local_folder("bert-base-uncased") is None


def test_a_tokeniser_of_another_model_is_refused(folder):
    with pytest.raises(ValueError, match=r"the tokeniser has 999 pieces, the model knows .*; take both from one place"):
        PretrainedBert(str(folder))({"text": 999}, 3)


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_module_can_run_what_it_reads(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
            assert not (UNSAFE - OWN_IMPORTS.get(path.name, set())) & {
                part for name in names for part in name.split(".")
            }, ast.unparse(node)
        if isinstance(node, ast.Call) and ast.unparse(node.func) not in OWN.get(path.name, ()):
            check_call(node)


def check_call(node: ast.Call) -> None:
    """No call that runs text or unpickles; those that can be told not to are told so."""
    line, called = ast.unparse(node), ast.unparse(node.func)
    given = {word.arg: ast.unparse(word.value) for word in node.keywords}
    last = called.rpartition(".")[2]
    assert called not in BUILTINS and last not in METHODS, line
    fixed = all(isinstance(given, ast.Constant) for given in node.args)
    assert last not in ("eval", "query") or fixed, line  # of a table; that of a model has no argument
    assert called not in ("joblib.load", "yaml.load", "yaml.load_all", "torch.hub.load"), line
    assert called != "torch.load" or given.get("weights_only") == "True", line
    if called.startswith(("np.", "numpy.")) and last in ("load", "save", "read_array"):
        assert given.get("allow_pickle") == "False", line
    assert last != "from_pretrained" or given.get("trust_remote_code") == "False", line
    assert given.get("shell", "False") == "False", line


UNSAFE_LINES = [
    *("eval(x)", "exec(x)", "__import__(x)", "os.system(x)", "subprocess.run(x, shell=True)", "table.eval(x)"),
    *(
        "torch.load(x)",
        "torch.load(x, weights_only=False)",
        "np.load(x)",
        "np.load(x, allow_pickle=True)",
        "np.save(x, y)",
    ),
    *("yaml.load(x)", "pd.read_pickle(x)", "joblib.load(x)", "Model.from_pretrained(x)"),
    "Model.from_pretrained(x, trust_remote_code=True)",
]


@pytest.mark.parametrize("line", UNSAFE_LINES)
def test_the_check_itself_finds_what_is_unsafe(line):
    with pytest.raises(AssertionError):
        check_call(ast.parse(line).body[0].value)
