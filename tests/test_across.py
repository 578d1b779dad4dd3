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
from emostudy.cli import main
from emostudy.corpora import is_ready, joining, load
from emostudy.corpora.corpus import Corpus
from emostudy.features.extract import extract
from emostudy.figures import transfer as drawn
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
    frames = []
    for recipe, skill in (("a", 1.0), ("b", 0.5)):
        for name in ("ravdess", "tess", "emosynth"):
            skills = {one: 4.0 * skill if one == name else 0.0 for one in ("ravdess", "tess", "emosynth")}
            frames.append(told(corpus, f"trained_on:{name}", skills, recipe))
        frames.append(told(corpus, "leave_one_corpus_out", dict.fromkeys(skills, skill), recipe))
    rows = pd.concat(frames, ignore_index=True)
    return preds.with_cluster(rows, corpus)


def test_the_matrix_tells_home_from_abroad(corpus, predictions):
    table = transfer.matrix(transfer.placed(predictions, corpus), corpus)
    assert len(table) == 2 * (9 + 3)
    one = table[table.recipe == "a"]
    home, away = (
        one[one.learned == one.tested],
        one[one.learned.isin(["ravdess", "tess", "emosynth"]) & (one.learned != one.tested)],
    )
    assert (home.value > 0.8).all() and (away.value < 0.35).all()
    assert transfer.preferred(predictions, corpus) == "a"
    lowest = transfer.worst_pair(table, "a")
    assert lowest == tuple(away.loc[away.value.idxmin(), ["learned", "tested"]])
    gap = transfer.lost(table, "a", "ravdess", "tess")
    values = one.set_index(["learned", "tested"]).value
    assert gap == pytest.approx(100 * (values["tess", "tess"] - values["ravdess", "tess"]))
    assert transfer.num_helped(table, "a") == 3  # skill 1 of all others against none of a single one


def test_a_value_of_the_matrix_is_the_uar_of_those_clips(corpus, predictions):
    placed = transfer.placed(predictions, corpus)
    table = transfer.matrix(placed, corpus).set_index(["recipe", "learned", "tested"])
    rows = placed[(placed.recipe == "b") & (placed.learned == "tess") & (placed.tested == "ravdess")]
    right = (rows.emotion == rows.predicted).groupby(rows.emotion).mean()
    assert table.value["b", "tess", "ravdess"] == pytest.approx(right.mean())
    assert table.num_clips["b", "tess", "ravdess"] == len(rows) == 120


def test_home_and_abroad_are_compared_on_the_same_clips(corpus, predictions):
    placed = transfer.placed(predictions, corpus)
    fallen = transfer.falls(placed, corpus)
    assert len(fallen) == 2 * 3 * 3  # recipes, tested, two others and all others
    table = transfer.matrix(placed, corpus).set_index(["recipe", "learned", "tested"]).value
    for row in fallen.itertuples():
        expected = table[row.recipe, row.tested, row.tested] - table[row.recipe, row.learned, row.tested]
        assert row.difference == pytest.approx(expected)
    same = placed[placed.recipe == "a"].assign(learned=lambda rows: rows.learned.where(rows.learned == "tess", "tess"))
    again = pd.concat([same[same.tested == "tess"], same[same.tested == "tess"].assign(learned="ravdess")])
    again = again.drop_duplicates(["learned", "clip_id"])
    none = transfer.falls(again, corpus)
    assert none.difference.abs().max() == 0 and none.p_value.min() == 1


def test_words_and_figures_hold_every_number(corpus, predictions):
    table = transfer.matrix(transfer.placed(predictions, corpus), corpus)
    titles = {"a": "model A", "b": "model B"}
    wide = transfer.matrix_worded(table, titles)
    assert list(wide) == ["system", "trained on", "tested on RAVDESS", "tested on TESS", "tested on EmoSynth"]
    assert len(wide) == 8 and (wide[wide["trained on"] != "all others"] != "-").all(axis=None)
    fallen = transfer.falls(transfer.placed(predictions, corpus), corpus)
    assert transfer.falls_worded(fallen, titles)["trained on"].isin(["RAVDESS", "TESS", "EmoSynth", "all others"]).all()
    figure = drawn.matrices(table[table.recipe == "a"], titles, 1 / 6)
    cells = [text.get_text() for text in figure.axes[0].texts]
    assert set(cells) >= {f"{100 * value:.1f}" for value in table[table.recipe == "a"].value} and len(cells) == 2 * 12
    assert len(drawn.falls(table, titles, 1 / 6).axes[0].lines) >= 6
    for alt in (drawn.matrices_alt(table[table.recipe == "a"], titles), drawn.falls_alt(table, titles)):
        assert "RAVDESS" in alt and "model A" in alt
    said = transfer.findings(table, fallen, "a", 1 / 6, titles)
    assert "model A" in said and "chance 16.7" in said and "home was shown to be better" in said


def test_standardised_systems_stand_beside_themselves(corpus, predictions):
    known = predictions[predictions.recipe == "a"].assign(condition="by_speaker")
    table = transfer.matrix(transfer.placed(pd.concat([predictions, known]), corpus), corpus)
    assert set(transfer.matrix_worded(table, {"a": "A", "b": "B"}).system) == {"A", "B", "A, by speaker"}
    fallen = transfer.falls(transfer.placed(pd.concat([predictions, known]), corpus), corpus)
    assert "standardised" in transfer.findings(table, fallen, "a", 1 / 6, {"a": "A", "b": "B"})


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
