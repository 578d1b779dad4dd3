"""What an encoder of text was pretrained for: told by its files or its name, and kept in the record."""

import json
from dataclasses import replace

import pytest
import toys

from emostudy import experiments
from emostudy import predictions as preds
from emostudy.recipes.sentences import pretrained_text
from emostudy.recipes.text import FOLLOWING, IN_ORDER, SENTENCES, TOKENS, UNTOLD, pretrained_bert, pretraining_of
from emostudy.systems import matrix

CONFIGS = {
    "masked tokens": ({"architectures": ["RobertaForMaskedLM"]}, TOKENS),
    "tokens and order": ({"architectures": ["AlbertForPreTraining"]}, IN_ORDER),
    "saved for masked tokens, but it may have learned more": ({"architectures": ["BertForMaskedLM"]}, UNTOLD),
    "another kind": ({"architectures": ["ElectraForPreTraining"]}, UNTOLD),
    "the bare model": ({"architectures": ["BertModel"]}, UNTOLD),
    "no architecture": ({"architectures": None}, UNTOLD),
}


@pytest.mark.parametrize("config, told", CONFIGS.values(), ids=CONFIGS)
def test_a_folder_tells_by_the_model_that_it_names(config, told, tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert pretraining_of(str(tmp_path)) == told


def test_a_folder_of_sentence_transformers_was_pretrained_on_sentences_whatever_its_model(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"architectures": ["BertForMaskedLM"]}))
    (tmp_path / "modules.json").write_text('[{"type": "sentence_transformers.models.Transformer"}]')
    assert pretraining_of(str(tmp_path)) == SENTENCES


def test_hub_names_tell_it_where_they_are_known(tmp_path):
    names = ["bert-base-uncased", "albert-base-v2", "roberta-base", "sentence-transformers/all-MiniLM-L6-v2", "mine"]
    assert [pretraining_of(name) for name in names] == [FOLLOWING, IN_ORDER, TOKENS, SENTENCES, UNTOLD]
    assert pretraining_of(str(tmp_path)) == UNTOLD == ""
    (tmp_path / "bert-base-uncased").mkdir()
    assert pretraining_of(str(tmp_path / "bert-base-uncased")) == FOLLOWING
    assert {
        one.pretraining for one in (*pretrained_text("bert-base-uncased"), pretrained_bert("bert-base-uncased"))
    } == {FOLLOWING}
    rows = matrix(tmp_path).set_index("name").weights
    assert (
        rows["text_bert-base-uncased"] == f"bert-base-uncased, pretrained on {FOLLOWING}"
        and rows["text_bert"] == "from scratch"
    )


def test_the_record_says_it_and_a_record_that_is_read_back_says_it_as_it_is_told_now(tmp_path):
    def ask(recipe):
        found = experiments.run(toys.corpus(), (recipe,), ["random"], toys.QUICK, tmp_path, jobs=1)
        return preds.read_records(tmp_path, [found.run_id.iloc[0]])[0]

    before = ask(toys.SVM)
    changed = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "predictions").iterdir()}
    after = ask(replace(toys.SVM, pretraining=TOKENS, reading="read otherwise", title="another title"))
    assert "pretraining" not in before and after["pretraining"] == TOKENS
    told = {"pretraining": TOKENS, "reading": "read otherwise", "title": "another title"}
    assert after == before | told  # run_id, seconds, environment: nothing was trained
    assert {path.name: path.stat().st_mtime_ns for path in (tmp_path / "predictions").iterdir()} == changed
    assert ask(toys.SVM) == before  # what is no longer told is gone


def test_what_is_told_as_before_is_not_written_again(tmp_path):
    study = (toys.corpus(), (toys.SVM,), ["random"], toys.QUICK, tmp_path)
    experiments.run(*study, jobs=1)
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in (tmp_path / "runs").iterdir()}
    experiments.run(*study, jobs=1)
    assert {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in before} == before
