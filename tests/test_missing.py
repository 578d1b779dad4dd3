"""Clips that lack a modality: what joins several is told of them, everything else leaves them out."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
import toys
from test_batched import head_recipe

from emostudy import corruptions, experiments, missing, robustness, stamps, status
from emostudy.corpora import load
from emostudy.features.extract import extract
from emostudy.features.fitted import padded_sentence_vectors, standardised
from emostudy.predictions import columns_of, read_records
from emostudy.provenance import describe, hash_of
from emostudy.recipes import Recipe
from emostudy.recipes.films_and_voices import END_TO_END
from emostudy.recipes.fusion import concatenation, concatenations, lacking_concatenation
from emostudy.recipes.heads import WAYS
from emostudy.tasks import told_to
from emostudy.training import Network

PROTOCOL = ["speaker_independent"]


def lacking(column: str = "seen", every: int = 4):
    """A corpus of which every so many clips have nothing in a column, and one speaker's all but one."""
    corpus = toys.corpus()
    clips, number = corpus.clips.copy(), np.arange(len(corpus))
    clips.loc[(number % every == 0) | ((clips.speaker == "s03") & (number % 9 > 1)), column] = np.nan
    return replace(corpus, clips=clips)


def run(corpus, recipe, folder):
    return experiments.run(corpus, (recipe,), PROTOCOL, toys.QUICK, folder, jobs=1)


def planned(corpus, recipe):
    inputs = {name: extract(corpus, feature) for name, feature in recipe.features.items()}
    by_hash = {hash_of(recipe.features[name]): values for name, values in inputs.items()}
    runs = experiments.plan(corpus, (recipe,), PROTOCOL, toys.QUICK, by_hash, [0])
    return runs, missing.inputs_of(runs[0].recipe, by_hash)


def test_a_head_reads_clips_that_lack_a_modality_and_others_leave_them_out(tmp_path):
    corpus = lacking()
    without = set(corpus.clips.clip_id[corpus.clips.seen.isna()])
    made, by_face = run(corpus, head_recipe(), tmp_path), run(corpus, toys.SVM, tmp_path)
    tested = set(made.clip_id[made.part == "test"])
    assert tested & without and tested - without
    assert len(by_face) and not set(by_face.clip_id) & without
    records = read_records(tmp_path, list(made.run_id.unique()))
    assert [sum(record["num_clips"].values()) for record in records] == [len(corpus)] * 2  # in train too
    assert "OfThoseThere" in str(records[0]["record"])


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_what_a_head_says_of_a_clip_without_a_face_is_what_it_says_when_the_face_is_hidden(way):
    corpus = lacking()
    (one, *_), inputs = planned(corpus, head_recipe(way.build, epochs=2))
    parts, labels = told_to(one, corpus, corpus.clips.set_index("clip_id", drop=False), inputs)
    fitted = one.recipe.learner.fit(one.recipe, parts, labels, 3, 0)
    gone = np.isnan(parts["test"]["face"]).any(1)
    assert gone.any() and not gone.all()
    hidden = fitted.predict(parts["test"] | {"face": np.zeros_like(parts["test"]["face"])}, without=("face",))
    assert np.isfinite(fitted.test).all()
    assert np.allclose(fitted.test[gone], hidden[gone], atol=1e-6)
    assert not np.allclose(fitted.test[~gone], hidden[~gone], atol=1e-3)


def test_a_corpus_in_which_nothing_is_missing_is_learned_as_before():
    corpus, recipe = toys.corpus(), head_recipe()
    runs, inputs = planned(corpus, recipe)
    assert all(one.recipe is recipe for one in runs)
    assert planned(lacking(), recipe)[0][0].run_id != runs[0].run_id
    assert missing.usable(recipe, inputs) == set(corpus.clips.clip_id)


def concatenating() -> Recipe:
    """System M's network on the toy inputs, as its own recipe builds it."""
    learner = Network(concatenation, epochs=2, batch=8, lr=1e-3)
    return replace(head_recipe(), name="m", learner=learner, lacking=lacking_concatenation)


def test_system_ms_network_learns_from_clips_that_lack_a_modality(tmp_path):
    corpus = lacking()
    without = set(corpus.clips.clip_id[corpus.clips.seen.isna()])
    made = run(corpus, concatenating(), tmp_path)
    tested = set(made.clip_id[made.part == "test"])
    assert tested & without and tested - without and np.isfinite(made[columns_of(toys.EMOTIONS)].to_numpy()).all()
    (record, *_) = read_records(tmp_path, list(made.run_id.unique()))
    assert "lacking_concatenation" in str(record["record"]) and sum(record["num_clips"].values()) == len(corpus)
    (whole, *_), _ = planned(toys.corpus(), concatenating())
    assert "lacking" not in str(describe(whole.recipe))


@pytest.mark.parametrize(
    "recipe", [*concatenations(load("emosynth", profile="smoke")), END_TO_END], ids=lambda r: "+".join(r.modalities)
)
def test_what_stands_in_the_place_of_a_missing_input_cannot_reach_a_network(recipe):
    shapes = (
        {"face": (8, 3, 32, 32), "speech": (64, 20)} if recipe is END_TO_END else dict.fromkeys(recipe.features, (6,))
    )
    torch.manual_seed(0)
    network = recipe.lacking(dict.fromkeys(shapes, 6), 3).eval()
    inputs = [10 * torch.rand(4, *shape) for shape in shapes.values()]
    whole = recipe.learner.build(dict.fromkeys(shapes, 6), 3).eval()
    whole.load_state_dict({name.removeprefix("network."): value for name, value in network.state_dict().items()})
    assert torch.allclose(network(*inputs), whole(*inputs), atol=1e-6)  # nothing is missing: the same
    told = network(torch.full_like(inputs[0], torch.nan), *inputs[1:])
    part = inputs[0].clone()
    part[0] = torch.nan
    assert torch.isfinite(told).all() and not torch.allclose(told, network(*inputs), atol=1e-4)
    assert torch.allclose(network(part, *inputs[1:])[:1], told[:1], atol=1e-6)
    assert torch.allclose(network(part, *inputs[1:])[1:], network(*inputs)[1:], atol=1e-6)
    if recipe is not END_TO_END:  # a missing modality's numbers are 0: not even its own offsets are left
        torch.nn.init.constant_(network.branches[0][0].bias, 9.0)
        assert torch.allclose(network(torch.full_like(inputs[0], torch.nan), *inputs[1:]), told, atol=1e-6)


def test_status_knows_what_was_learned_from_clips_that_lack_something(tmp_path, monkeypatch):
    corpus, folder = lacking(), tmp_path / "toy" / "smoke"
    made = run(corpus, concatenating(), folder)
    monkeypatch.setattr(status, "reopen", lambda folder: corpus)
    monkeypatch.setattr(status, "fingerprint", lambda folder, data_dir: "")
    monkeypatch.setattr("emostudy.recipes.fusion.concatenations", lambda corpus: (concatenating(),))
    stamps.write(
        folder, "06_feature_fusion", {"corpus": "c", "runs": sorted(set(made.run_id)), "reads": [], "files": {}}
    )
    (line,) = [one for one in status.of_recipes(folder) if one.name.startswith("m (")]
    assert (line.state, line.why) == ("fresh", f"{made.run_id.nunique()} runs")


def test_by_speaker_and_other_learners_want_all_modalities():
    corpus = lacking()
    both = set(corpus.clips.clip_id[corpus.clips.seen.notna()])
    for recipe in (replace(head_recipe(), by_speaker=("face",)), replace(head_recipe(), learner=toys.NET.learner)):
        one = planned(corpus, recipe)[0][0]
        assert one.recipe is recipe
        assert set(one.split.train + one.split.dev + one.split.test) <= both


def test_numbers_are_scaled_by_the_clips_that_are_there():
    values = np.array([[1.0, 5.0], [np.nan, np.nan], [3.0, 9.0]], np.float32)
    scaled = missing.OfThoseThere(standardised)(values)
    assert scaled.size == 2
    assert np.allclose(scaled(values), [[-1, -1], [np.nan, np.nan], [1, 1]], equal_nan=True)
    assert scaled(values[1:2]).isnan().all() and np.allclose(scaled(values[:1]), -1)
    with pytest.raises(ValueError, match="no training clip has this modality"):
        missing.OfThoseThere(standardised)(values[1:2])


def test_sentences_may_be_missing_too():
    said = missing.Lacking(("a", "b", "c"), np.array(["so glad", "so sad", "glad indeed"]), pd.DataFrame())
    rows = said.rows(("a", "x", "c", "b"))
    assert rows.tolist() == ["so glad", None, "glad indeed", "so sad"]
    vectors = missing.OfThoseThere(padded_sentence_vectors)(rows)
    alone = padded_sentence_vectors(said.values[[0, 2, 1]])
    assert np.allclose(vectors(rows)[[0, 2, 3]], alone(said.values[[0, 2, 1]])) and vectors(rows)[1].isnan().all()
    assert missing.is_there(rows).tolist() == [True, False, True, True]


def test_what_befalls_clips_befalls_those_too_that_lacked_something(tmp_path):
    corpus = lacking("heard")
    made = robustness.run(corpus, (head_recipe(),), corruptions.missing("face"), PROTOCOL, toys.QUICK, tmp_path, jobs=1)
    assert set(made.condition) == {"clean", "face_absent", "face_zeroed", "face_swapped"}
    assert np.isfinite(made[columns_of(toys.EMOTIONS)].to_numpy()).all()
    assert made[made.part == "test"].groupby("condition").size().nunique() == 1
