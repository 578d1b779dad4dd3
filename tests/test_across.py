"""Several corpora as one: rows, folds, protocols, and what is measured between them."""

import json

import numpy as np
import pandas as pd
import pytest
import soundfile
import toys
from test_ck48 import sequence as ck48_sequence
from test_face_folders import picture as folder_face
from test_jaffe import everyone as jaffe_faces
from test_ravdess import sound as ravdess_sound
from test_solutions import SOLUTIONS, run
from test_tess import sound as tess_sound

from emostudy import corpora, transfer
from emostudy import predictions as preds
from emostudy import transfer_words as words
from emostudy.cli import main
from emostudy.corpora import is_ready, joining, load
from emostudy.corpora.corpus import Corpus
from emostudy.features.extract import extract
from emostudy.figures import transfer as drawn
from emostudy.profiles import PROFILES
from emostudy.protocols import VARIANTS, possible, rows_of, splits
from emostudy.recipes.vision import faces_of

COMMON = ("anger", "disgust", "fear", "happiness", "neutral", "sadness")
RAVDESS = {1: "neutral", 3: "happiness", 4: "sadness", 5: "anger", 6: "fear", 7: "disgust"}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Ten actors and two actresses in the real layouts, calm and pleasant surprise too."""
    folder, seed = tmp_path_factory.mktemp("data"), 0
    for actor in range(1, 11):
        for code in (*RAVDESS, 2):
            for take in (1, 2):
                seed += 1
                ravdess_sound(folder, f"03-01-{code:02}-01-01-{take:02}-{actor:02}.wav", seed)
    for actress in ("OAF", "YAF"):
        for word in ["back", "bar", "base", "bath", "bean", "bite", "boat", "bone", "book", "bought"]:
            for code in ("angry", "disgust", "fear", "happy", "neutral", "ps", "sad"):
                seed += 1
                tess_sound(folder, f"{actress}_{word}_{code}.wav", seed)
    return folder


@pytest.fixture(scope="module")
def corpus(data):
    return load("across", data, "smoke")


def test_clips_are_named_after_their_corpus_and_have_common_emotions(corpus):
    assert corpus.emotions == COMMON and corpus.media == ("audio",) and corpus.modalities == ("speech",)
    assert set(corpus.clips.subcorpus) == {"ravdess", "tess", "emosynth"}
    for name, rows in corpus.clips.groupby("subcorpus"):
        assert rows.clip_id.str.startswith(f"{name} ").all() and rows.speaker.str.startswith(f"{name} ").all()
        assert set(rows.emotion) == set(COMMON)
    clip = corpus.clips.set_index("clip_id").loc["ravdess 01-05-01-01-01-03"]
    assert (clip.emotion, clip.speaker, clip.cluster) == ("anger", "ravdess 03", "ravdess 03")
    assert corpus.clips.set_index("clip_id").cluster["tess YAF_bath_sad"] == "tess Say the word bath"


def test_what_means_nothing_elsewhere_is_left_out_and_told(corpus):
    told = corpus.left_out[corpus.left_out.reason.str.startswith("emotion ")]
    assert (told.file.str.startswith("ravdess: ")).sum() == 20 and (told.file.str.startswith("tess: ")).sum() == 20
    assert set(told.reason) == {
        "emotion calm is not in ravdess_common6",
        "emotion pleasant surprise is not in tess_common6",
    }


def test_speakers_stay_in_the_folds_of_their_own_corpora(corpus, data):
    own = load("ravdess_common6", data)
    mine = corpus.clips[corpus.clips.subcorpus == "ravdess"]
    for split in splits(own, "speaker_independent"):
        test = {f"ravdess {clip}" for clip in split.test}
        assert test == set(mine.clip_id[mine.speaker_fold == split.fold])


@pytest.mark.parametrize("name", ["ravdess", "tess", "emosynth"])
def test_each_clip_is_tested_once_by_a_model_of_one_corpus_that_has_not_met_its_speaker(corpus, name):
    tested = []
    for split in splits(corpus, f"trained_on:{name}"):
        rows = rows_of(split, corpus)
        assert set(rows["train"].subcorpus) == set(rows["dev"].subcorpus) == {name}
        assert not set(rows["test"].speaker) & {*rows["train"].speaker, *rows["dev"].speaker}
        tested += split.test
    assert sorted(tested) == sorted(corpus.clips.clip_id)


def test_a_whole_corpus_is_left_out_and_dev_is_a_fifth_of_each_other_one(corpus):
    found = splits(corpus, "leave_one_corpus_out")
    assert len(found) == 3
    for split in found:
        rows = rows_of(split, corpus)
        (tested,) = rows["test"].subcorpus.unique()
        others = {"ravdess", "tess", "emosynth"} - {tested}
        assert set(rows["train"].subcorpus) == set(rows["dev"].subcorpus) == others
        for name in others:
            train, dev = (rows[part][rows[part].subcorpus == name] for part in ("train", "dev"))
            assert 0.1 < len(dev) / (len(train) + len(dev)) < 0.3
            unit = "sentence" if name == "tess" else "speaker"  # two actresses: no fifth of them
            assert not set(train[unit]) & set(dev[unit])


def test_new_speakers_are_dealt_as_in_their_own_corpora(corpus):
    for split in splits(corpus, "speaker_independent"):
        test = rows_of(split, corpus)["test"]
        assert set(test.speaker_fold) == {split.fold}
        pairs = corpus.clips[corpus.clips.dialogue != ""].groupby("dialogue").speaker_fold.nunique()
        assert pairs.max() == 1  # who talk with each other stay together


def test_other_corpora_have_nothing_to_train_across():
    between = ("leave_one_corpus_out", *(name for name in VARIANTS if name.startswith("trained_on")))
    reasons = possible(toys.corpus(), between)
    assert len(reasons) == 4 and all("knows no subcorpora" in reason for reason in reasons.values()), reasons


def test_the_fingerprint_is_of_recordings_and_of_what_was_made_here(corpus, data):
    first = corpus.fingerprint()
    assert load("across", data, "smoke").fingerprint() == first
    path = next((data / "tess").glob("OAF_bar_sad.wav"))
    before = path.read_bytes()
    try:
        tess_sound(data, "OAF_bar_sad.wav", 9999)
        assert load("across", data, "smoke").fingerprint() != first
    finally:
        path.write_bytes(before)


def test_it_is_there_if_all_of_them_are(data, tmp_path):
    assert not corpora.is_present("across", tmp_path)
    with pytest.raises(ValueError, match="it needs ravdess, tess"):
        load("across", tmp_path)
    load("across", data, "smoke")
    assert is_ready("across", data, "smoke") and joining.size_of("emosynth_common6", "paper") == "class"
    assert joining.size_of("ravdess_common6", "paper") == "paper"


def test_readings_of_other_vocabularies_are_refused(data, monkeypatch):
    other = corpora.card("across") | {"subcorpora": {"ravdess": "ravdess_common6", "tess": "tess_common7"}}
    monkeypatch.setattr(joining, "card", lambda name: other)
    with pytest.raises(ValueError, match=r"card of across: tess has 'surprise' too, .*name readings of one vocabulary"):
        load("across", data, "smoke")


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


def test_system_fs_mix_of_faces_is_read_from_its_real_layouts(tmp_path):
    jaffe_faces(tmp_path)
    for seed, emotion in enumerate(("anger", "contempt", "happy")):
        ck48_sequence(tmp_path, emotion, 10 + seed, 4, 10 * seed)
    for seed in range(6):
        folder_face(tmp_path, f"sad/{seed}.png", seed)
    mix = load("face_mix", tmp_path)
    counts = mix.clips.subcorpus.value_counts().to_dict()
    assert counts == {"jaffe": 140, "ck48": 6, "cfe": 6} and mix.media == ("image",)
    assert mix.left_out.reason.str.startswith("emotion contempt").sum() == 3
    assert set(mix.clips[mix.clips.subcorpus == "cfe"].speaker_fold) == {-1}
    (split,) = splits(mix, "as_published:80_20")
    assert len(split.test) == round(0.2 * 152) and set(mix.clips.emotion) == set(mix.emotions)
    pixels = extract(mix, faces_of("image", cropped=True), 1)
    assert len(pixels.clip_ids) == 152


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
