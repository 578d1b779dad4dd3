"""What is learned of one corpus and tested on another: measures, words, figures, and the notebook."""

import json

import numpy as np
import pandas as pd
import pytest
import soundfile
from joined import COMMON, voices
from test_solutions import SOLUTIONS, run

from emostudy import predictions as preds
from emostudy import transfer
from emostudy import transfer_words as words
from emostudy.cli import main
from emostudy.corpora import load
from emostudy.corpora.corpus import Corpus
from emostudy.figures import transfer as drawn
from emostudy.profiles import PROFILES
from emostudy.protocols import rows_of, splits


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return voices(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def corpus(data):
    return load("across", data, "smoke")


def told(corpus: Corpus, protocol: str, skills: dict[str, float], recipe="a", condition="none", seed=0) -> pd.DataFrame:
    """Predictions of a model whose skill depends on the corpus that is tested."""
    frames = []
    for split in splits(corpus, protocol):
        for part in ("dev", "test"):
            clips = rows_of(split, corpus)[part]
            rng = np.random.default_rng([split.fold, seed, part == "dev"])
            skill = clips.subcorpus.map(skills).to_numpy()[:, None]
            right = np.eye(6)[[COMMON.index(emotion) for emotion in clips.emotion]]
            logits = rng.normal(size=(len(clips), 6)) + skill * right
            probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
            head = {"run_id": f"{recipe}{protocol}{split.fold}{condition}", "corpus": "across", "protocol": protocol}
            head |= {"fold": split.fold, "seed": seed, "recipe": recipe, "modalities": "speech", "condition": condition}
            frames.append(preds.frame(head, clips, part, probabilities, COMMON))
    return pd.concat(frames, ignore_index=True)


@pytest.fixture(scope="module")
def predictions(corpus):
    """Recipe a is good at home alone, b less so; both are as good as each other on all others. Of a there is one by speaker."""
    names, frames = ("ravdess", "tess", "emosynth"), []
    for recipe, condition, home, away in (
        ("a", "none", 4.0, 0.0),
        ("b", "none", 2.0, 0.0),
        ("a", "by_speaker", 4.0, 2.0),
    ):
        for name in names:
            skills = {one: home if one == name else away for one in names}
            frames.append(told(corpus, f"trained_on:{name}", skills, recipe, condition))
        frames.append(told(corpus, "leave_one_corpus_out", dict.fromkeys(names, 1.0), recipe, condition))
    return preds.with_cluster(pd.concat(frames, ignore_index=True), corpus)


@pytest.fixture(scope="module")
def placed(corpus, predictions):
    return transfer.placed(predictions, corpus)


@pytest.fixture(scope="module")
def table(corpus, placed):
    return transfer.matrix(placed, corpus)


def uar(rows: pd.DataFrame) -> float:
    return (rows.emotion == rows.predicted).groupby(rows.emotion).mean().mean()


def test_a_value_of_the_matrix_is_the_uar_of_those_clips(placed, table):
    assert len(table) == 3 * (9 + 3)
    for row in table.itertuples():
        one = placed[(placed.recipe == row.recipe) & (placed.condition == row.condition)]
        rows = one[(one.learned == row.learned) & (one.tested == row.tested)]
        assert row.value == pytest.approx(uar(rows)) and row.num_clips == len(rows)
        assert row.share_said == pytest.approx(rows.predicted.value_counts().max() / len(rows))
        assert (rows.predicted == row.said).mean() == pytest.approx(row.share_said)


def test_of_runs_of_some_folds_every_system_is_scored_on_the_same_clips(corpus, predictions):
    some = transfer.placed(predictions[predictions.fold.isin([0, 1, 2])], corpus)
    for _, rows in some.groupby("tested"):
        read = rows.groupby(["recipe", "condition", "learned"]).clip_id.agg(lambda clips: tuple(sorted(clips)))
        assert read.nunique() == 1
    whole = corpus.clips[corpus.clips.subcorpus == "ravdess"]
    assert set(some[some.tested == "ravdess"].clip_id) == set(whole.clip_id[whole.speaker_fold < 3])
    fallen = transfer.falls(some, corpus)
    cells = transfer.matrix(some, corpus).set_index(["recipe", "condition", "learned", "tested"]).value
    for row in fallen.itertuples():
        same = cells.loc[row.recipe, row.condition]
        assert row.difference == pytest.approx(same[row.tested, row.tested] - same[row.learned, row.tested])


def test_falls_and_gains_are_paired_differences_judged_after_holm(corpus, placed, table):
    fallen, worth = transfer.falls(placed, corpus), transfer.known(placed, corpus)
    assert len(fallen) == 3 * 3 * 3 and len(worth) == 12 and set(worth.recipe) == {"a"}
    cells = table.set_index(["recipe", "condition", "learned", "tested"]).value
    for row in worth.itertuples():
        gain = cells["a", "by_speaker", row.learned, row.tested] - cells["a", "none", row.learned, row.tested]
        assert row.difference == pytest.approx(gain)
    for rows in (fallen, worth):
        assert (rows.p_holm >= rows.p_value).all() and rows.p_holm.max() > rows.p_value.max() - 1e-12
        shown = rows.verdict != "no difference shown"
        assert (shown == (rows.p_holm < 0.05)).all() and (
            (rows.verdict == "better") == (shown & (rows.difference > 0))
        ).all()
    alike = worth[(worth.learned == worth.tested) | (worth.learned == transfer.ALL_OTHERS)]
    assert alike.difference.abs().max() == 0  # the same numbers drawn
    assert (worth.difference.drop(alike.index) > 0.2).all()


def test_a_pair_that_is_only_nearly_significant_is_not_shown():
    rows = transfer._judged([{"difference": 0.1, "p_value": 0.03}, {"difference": 0.2, "p_value": 0.04}])
    assert rows.p_holm.tolist() == [0.06, 0.06] and set(rows.verdict) == {"no difference shown"}
    rows = transfer._judged([{"difference": 0.1, "p_value": 0.01}, {"difference": -0.2, "p_value": 0.02}])
    assert rows.verdict.tolist() == ["better", "worse"]


def test_dev_prefers_by_corpora_that_were_learned_as_they_come(corpus, predictions):
    assert transfer.preferred(predictions, corpus) == "a"
    other = predictions.recipe.map({"a": "b", "b": "a"})
    dev = predictions.part == "dev"
    swapped = predictions.assign(recipe=predictions.recipe.where(~dev, other))
    swapped = swapped[(swapped.condition == "none")]
    assert transfer.preferred(swapped, corpus) == "b"  # whatever test says


def small() -> pd.DataFrame:
    """A matrix of one system whose numbers can be read off a page."""
    values = {"ravdess": (0.6, 0.5, 0.2), "tess": (0.3, 0.7, 0.25), "emosynth": (0.21, 0.22, 0.8)}
    shares = {"ravdess": (0.2, 0.3, 0.9), "tess": (0.4, 0.2, 0.35), "emosynth": (0.5, 0.6, 0.2)}
    rows = [
        {"recipe": "a", "condition": condition, "learned": one, "tested": two, "value": value + more * (one != two)}
        | {"ci_low": value - 0.05, "ci_high": value + 0.05, "said": "fear", "share_said": shares[one][at]}
        for condition, more in (("none", 0.0), ("by_speaker", 0.1))
        for one in values
        for at, (two, value) in enumerate(zip(values, values[one], strict=True))
    ]
    return pd.DataFrame(rows)


def test_what_was_seen_is_told_in_the_numbers_of_the_tables():
    fallen = pd.DataFrame(
        {"recipe": "a", "condition": "none", "verdict": ["better", "better", "worse", "no difference shown"]}
    )
    worth = pd.DataFrame({"recipe": "a", "verdict": ["better", "worse", "worse", "no difference shown"]})
    lines = words.findings(small(), fallen, worth, "a", 1 / 6, {"a": "System A"}).splitlines()
    assert (
        lines[0].startswith("- System A, new speakers")
        and "60.0 on RAVDESS, 70.0 on TESS, 80.0 on EmoSynth" in lines[0]
    )
    assert (
        "between 20.0 (trained on RAVDESS, tested on EmoSynth) and 50.0 (trained on RAVDESS, tested on TESS)"
        in lines[1]
    )
    assert "Of 4 comparisons" in lines[2] and "better in 2, abroad in 1" in lines[2]
    assert "30 to 90 % of the clips" in lines[3] and "*fear*, trained on RAVDESS, tested on EmoSynth" in lines[3]
    assert "help in 1 of 4 cells and to harm in 2" in lines[4]
    assert "Mean at home 70.0 before and 70.0 after" in lines[4] and "28.0 and 38.0" in lines[4]
    assert "fall is 42.0 points before and 32.0 after" in lines[4] and len(lines) == 5
    assert len(words.findings(small(), fallen, worth[:0], "a", 1 / 6, {"a": "System A"}).splitlines()) == 4


def test_exercises_ask_what_the_tables_hold():
    assert transfer.worst_pair(small(), "a") == ("ravdess", "emosynth")
    assert transfer.lost(small(), "a", "ravdess", "tess") == pytest.approx(20)
    worth = pd.DataFrame({"recipe": ["a", "a", "b"], "verdict": ["better", "worse", "better"]})
    assert transfer.num_helped(worth, "a") == 1


def test_tables_and_figures_hold_every_number(corpus, placed, table):
    titles = {"a": "model A", "b": "model B"}
    wide = words.matrix(table, titles)
    assert list(wide) == ["system", "trained on", "tested on RAVDESS", "tested on TESS", "tested on EmoSynth"]
    assert len(wide) == 12 and (wide != "-").all(axis=None)
    some = transfer.falls(placed, corpus)[:3].assign(verdict=["better", "worse", "no difference shown"])
    told = words.falls(some, titles)
    assert told.verdict.tolist() == ["better at home", "better abroad", "no difference shown"]
    assert told["home less abroad (points)"][0].startswith(f"{100 * some.difference[0]:.1f} [")
    figure = drawn.matrices(small(), titles, 1 / 6)
    cells = [text.get_text() for text in figure.axes[0].texts]
    assert cells[:4] == ["60.0", "55 to 65", "50.0", "45 to 55"] and len(cells) == 18
    assert "RAVDESS to TESS 50.0" in drawn.matrices_alt(small(), titles)
    beside = [text.get_text() for text in drawn.falls(small(), titles, 1 / 6).axes[0].texts]
    assert beside[0] == "34.5" and "57.5" in beside  # 60 less the mean of 30 and 21; 80 less that of 20 and 25
    assert "model A, RAVDESS: 60.0, abroad 25.5" in drawn.falls_alt(small(), titles)


def test_what_there_is_to_learn_from_is_counted(corpus):
    told = transfer.sizes(corpus, PROFILES["paper"]).set_index("learned")
    for name in ("ravdess", "tess"):
        train = [rows_of(split, corpus)["train"] for split in splits(corpus, f"trained_on:{name}")]
        assert told.clips_max[name] == max(map(len, train)) and told.clips_min[name] == min(map(len, train))
    assert told.speakers_max["tess"] == 1 and list(words.sizes(told.reset_index()).index)[-1] == "all others"


def test_the_notebook_runs_and_its_solutions_are_right(data, tmp_path, monkeypatch):
    voices = tmp_path / "data"
    for seed, path in enumerate(sorted(data.rglob("*.wav"))):
        copy = voices / path.relative_to(data)
        copy.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(copy, np.random.default_rng(seed).normal(0, 0.1, 6000), 16000)
    results = tmp_path / "results"
    asked = ["--corpus", "across", "--profile", "smoke", "--data-dir", str(voices), "--results-dir", str(results)]
    assert main(["run", "--only", "14", "--jobs", "1", *asked]) == 0
    folder = results / "across" / "smoke"
    assert json.loads((folder / "stamps" / "14_across_corpora.json").read_text())["runs"]
    parameters = {"corpus": "across", "profile": "smoke", "data_dir": str(voices), "results_dir": str(results)}
    said = run(SOLUTIONS / "14_across_corpora.ipynb", parameters)
    assert len(said) == 3
    for right, wrong, none in said:
        assert ": right, " in right and "not right yet" in wrong and "not answered yet" in none
