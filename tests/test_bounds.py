"""Ceilings of a corpus, and how far imperfect recognisers lower them."""

import numpy as np
import pandas as pd
import pytest
import toys

from emostudy import bounds, findings
from emostudy.corpora.corpus import Corpus
from emostudy.corpora.emosynth.tables import EMOTIONS, load_tables
from emostudy.predictions import columns_of
from emostudy.scores import score


@pytest.fixture
def synthetic():
    """240 clips of which the tables say what each modality shows."""
    rng = np.random.default_rng(0)
    codes = np.arange(240) % 6
    clips = toys.corpus(24, 10).clips.assign(emotion=[EMOTIONS[code] for code in codes])
    for modality, table in load_tables().items():
        clips[f"shows_{modality}"] = [EMOTIONS[rng.choice(6, p=table[code])] for code in codes]
    return Corpus("toy", EMOTIONS, {"cluster": "speaker", "metric": "UAR"}, clips)


def predictions(corpus, modality, rate, recipe="net", part="test", fold=0) -> pd.DataFrame:
    """A model that reads what is shown in `rate` of the clips, else says anything."""
    rng = np.random.default_rng(1)
    shown = corpus.clips[f"shows_{modality}"].to_numpy()
    predicted = np.where(rng.random(len(shown)) < rate, shown, rng.choice(EMOTIONS, len(shown)))
    rows = corpus.clips[["clip_id", "speaker", "emotion"]].assign(
        run_id=f"{recipe} {modality} {fold}",
        corpus=corpus.name,
        condition="none",
        protocol="random",
        modalities=modality,
        recipe=recipe,
        part=part,
        fold=fold,
        seed=0,
        predicted=predicted,
    )
    return rows.assign(**dict.fromkeys(columns_of(EMOTIONS), 1 / 6))


def test_every_set_of_modalities_is_named_in_one_order():
    assert bounds.subsets() == ["face", "speech", "text", "face+speech", "face+text", "speech+text", "face+speech+text"]


def test_more_modalities_have_a_higher_ceiling(synthetic):
    found = bounds.ceilings(synthetic)
    assert set(found) == set(bounds.subsets())
    for small in found:
        for large in found:
            if set(small.split("+")) < set(large.split("+")):
                assert found[small] < found[large] < 1
    assert found["face"] == pytest.approx(load_tables()["face"].max(0).sum() / 6)


def test_a_corpus_that_does_not_tell_what_it_shows_has_no_ceiling(corpus):
    assert not bounds.has_ceiling(corpus) and bounds.ceilings(corpus) == {}


def test_a_reading_is_shown_by_predicted_and_each_row_a_distribution(synthetic):
    perfect = bounds.reading(predictions(synthetic, "face", 1.0), synthetic, "face")
    assert perfect.sum(1) == pytest.approx(1) and np.diag(perfect).min() > 0.8
    blind = bounds.reading(predictions(synthetic, "face", 0.0), synthetic, "face")
    assert blind.sum(1) == pytest.approx(1) and np.abs(blind - 1 / 6).max() < 0.2
    one = predictions(synthetic, "face", 1.0)[:1]
    row, column = EMOTIONS.index(synthetic.clips.shows_face[0]), EMOTIONS.index("sadness")
    matrix = bounds.reading(one.assign(predicted="sadness"), synthetic, "face")
    assert matrix[row, column] == pytest.approx(1.5 / 4) and matrix[row - 1] == pytest.approx([1 / 6] * 6)


def test_imperfect_readers_lower_the_ceiling_the_more_the_worse(synthetic):
    frames = {
        rate: pd.concat(
            [predictions(synthetic, m, rate, part=part) for m in ("face", "speech", "text") for part in ("dev", "test")]
        )
        for rate in (1.0, 0.7, 0.0)
    }
    found = {rate: bounds.adjusted_ceilings(frame, synthetic, "random") for rate, frame in frames.items()}
    for name, ceiling in bounds.ceilings(synthetic).items():
        assert 1 / 6 - 1e-9 <= found[0.0][name] < found[0.7][name] < found[1.0][name] <= ceiling


def test_only_the_modalities_that_were_run_are_told(synthetic):
    frame = pd.concat([predictions(synthetic, m, 0.7, part=part) for m in ("face", "text") for part in ("dev", "test")])
    assert list(bounds.adjusted_ceilings(frame, synthetic, "random")) == ["face", "text", "face+text"]


def test_each_protocol_has_its_own_adjusted_ceilings(synthetic, corpus):
    frames = {
        protocol: pd.concat([predictions(synthetic, "face", rate, part=part) for part in ("dev", "test")])
        for protocol, rate in (("random", 1.0), ("speaker_independent", 0.7))
    }
    rows = pd.concat([frame.assign(protocol=protocol) for protocol, frame in frames.items()])
    found = bounds.adjusted_by_protocol(rows, synthetic)
    assert (
        list(found) == ["random", "speaker_independent"]
        and found["random"]["face"] > found["speaker_independent"]["face"]
    )
    assert found["random"] == bounds.adjusted_ceilings(frames["random"], synthetic, "random")
    assert bounds.adjusted_by_protocol(rows, corpus) == {}


def test_the_recipe_best_on_dev_lends_its_eyes(synthetic):
    bad_on_dev = [predictions(synthetic, "face", 0.0, "a", "dev"), predictions(synthetic, "face", 1.0, "a", "test")]
    good_on_dev = [predictions(synthetic, "face", 1.0, "b", "dev"), predictions(synthetic, "face", 0.3, "b", "test")]
    both = bounds.adjusted_ceilings(pd.concat(bad_on_dev + good_on_dev), synthetic, "random")
    assert both == bounds.adjusted_ceilings(pd.concat(good_on_dev), synthetic, "random")


def test_it_is_told_how_often_the_preferred_recipe_says_what_is_shown(synthetic):
    frames = [predictions(synthetic, "face", 1.0, part=part) for part in ("dev", "test")]
    frames += [predictions(synthetic, "text", 0.5, part=part) for part in ("dev", "test")]
    found = bounds.read_shares(pd.concat(frames), synthetic, "random")
    assert found["face"] == 1 and 0.5 < found["text"] < 0.7  # half are read, a sixth of the rest are hit
    told = bounds.reads(pd.concat(frames), synthetic, "random").loc["text"]
    assert 0.4 < told.reads_low < told.reads < told.reads_high < 0.8 and told.reads == found["text"]


def test_knowledge_from_elsewhere_is_lost_when_answers_are_exchanged(synthetic):
    """The face's model reads what it shows; the voice's hears the words in half of the clips; the words' knows the emotion."""
    frames = []
    for part in ("dev", "test"):
        face, speech, text = (predictions(synthetic, m, 1.0, part=part) for m in ("face", "speech", "text"))
        hears = np.arange(240) % 4 < 2
        speech["predicted"] = np.where(hears, synthetic.clips.shows_text, speech.predicted)
        frames += [face, speech, text.assign(predicted=text.emotion)]
    found = bounds.beyond(pd.concat(frames), synthetic, "random", draws=60).set_index("modality")
    face, speech, text = found.loc["face"], found.loc["speech"], found.loc["text"]
    assert face.score == pytest.approx(face.own) == pytest.approx(face.speech) and face.p == 1
    assert np.isnan(face.face) and np.isnan(speech.speech)
    assert speech.own < speech.score - 0.04 and speech.p < 0.05
    assert abs(speech.text - speech.score) < 0.03 and speech.text > speech.own + 0.03 and speech.face < speech.text
    assert text.score == 1 and text.own < 0.8 and text.p == pytest.approx(1 / 61)


def test_who_reaches_more_than_what_is_shown_allows_is_told_so(synthetic):
    scored = score(predictions(synthetic, "speech", 0.9), synthetic)
    below, above = (
        findings.gap(scored, synthetic, {"speech": share}, "net", "speech", "random", 0.9) for share in (0.99, 0.01)
    )
    assert "are lost because the model misreads" in below and "05_beyond" not in below
    reached = 100 * scored.query("metric == 'UAR' and emotion == 'all'").value.iloc[0]
    assert f"Reached: {reached:.1f} %. That is {reached - 1:.1f} points more" in above and "05_beyond" in above
    assert "misreads" not in above and "not in a clip at all" not in above
