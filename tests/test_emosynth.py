"""EmoSynth: tables from people, ceilings, balanced dialogues, voices, words, a corpus that repeats itself."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from emostudy.corpora import emosynth
from emostudy.corpora.emosynth.ceilings import (
    adjusted_ceiling,
    ceiling,
    ceiling_with_history,
    draw_shown,
    posterior,
)
from emostudy.corpora.emosynth.dialogue import (
    SIZES,
    draw_chains,
    draw_clips,
    speaker_folds,
    transition_matrix,
)
from emostudy.corpora.emosynth.generate import is_current, make, mouth_open, render
from emostudy.corpora.emosynth.make_tables import make_tables
from emostudy.corpora.emosynth.speakers import draw_speakers
from emostudy.corpora.emosynth.tables import CONFUSIONS, EMOTIONS, MODALITIES, load_tables
from emostudy.corpora.emosynth.voice import RATE, say
from emostudy.corpora.emosynth.words import sentence, syllables

RATINGS = Path(os.environ.get("EMOSTUDY_DATA", "no data folder")) / "cremad_ratings"
CEILINGS = {
    ("speech",): 0.660,
    ("face",): 0.774,
    ("text",): 0.650,
    ("face", "speech"): 0.837,
    ("speech", "text"): 0.810,
    ("face", "text"): 0.859,
    ("face", "speech", "text"): 0.897,
}


@pytest.fixture(scope="module")
def tables():
    return load_tables()


@pytest.fixture(scope="module")
def smoke(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMOSTUDY_CACHE", str(folder))
        yield emosynth.load(None, "smoke", jobs=1)


@pytest.fixture(scope="module")
def speakers():
    return draw_speakers({f"s{n:03d}": "female" if n % 2 else "male" for n in range(1, 9)}, seed=3)


def test_tables_are_probabilities_in_the_house_order(tables):
    assert tuple(tables) == MODALITIES
    for table in tables.values():
        assert table.shape == (6, 6)
        assert np.allclose(table.sum(axis=1), 1)
        assert np.diag(table).min() > 0.4  # sad voices are heard as neutral a little more often than as sad
    with pytest.raises(ValueError, match="unknown kind"):
        load_tables("blunt")


@pytest.mark.skipif(not RATINGS.is_dir(), reason="needs cremad_ratings in EMOSTUDY_DATA")
def test_committed_tables_follow_from_the_ratings():
    committed = pd.read_csv(CONFUSIONS, comment="#")
    pd.testing.assert_frame_equal(committed, make_tables(RATINGS), check_dtype=False, atol=1e-6)


@pytest.mark.parametrize("modalities", CEILINGS)
def test_ceilings_are_those_of_the_design(modalities, tables):
    assert ceiling(modalities, tables) == pytest.approx(CEILINGS[modalities], abs=0.001)


def test_ceiling_is_what_the_bayes_rule_reaches(tables):
    rng, emotions = np.random.default_rng(0), np.arange(60_000) % 6
    shown = {m: draw_shown(tables[m][emotions], rng) for m in MODALITIES}
    reached = (posterior(shown, tables).argmax(axis=1) == emotions).mean()
    assert reached == pytest.approx(ceiling(MODALITIES, tables), abs=0.005)


def test_a_missing_modality_carries_no_information(tables):
    shown = {"face": np.array([0, 3, 5]), "text": np.array([-1, -1, -1])}
    assert np.allclose(posterior(shown, tables), posterior({"face": shown["face"]}, tables))


def test_adjusted_ceiling_lies_between_chance_and_ceiling(tables):
    blind = {m: np.full((6, 6), 1 / 6) for m in MODALITIES}
    perfect = {m: np.eye(6) for m in MODALITIES}
    blurred = {m: 0.8 * np.eye(6) + 0.2 / 6 for m in MODALITIES}
    assert adjusted_ceiling(MODALITIES, tables, blind) == pytest.approx(1 / 6)
    assert adjusted_ceiling(MODALITIES, tables, perfect) == pytest.approx(ceiling(MODALITIES, tables))
    assert 1 / 6 < adjusted_ceiling(MODALITIES, tables, blurred) < ceiling(MODALITIES, tables)
    with pytest.raises(ValueError, match="sum to 1"):
        adjusted_ceiling(["face"], tables, {"face": 30 * np.eye(6)})
    with pytest.raises(ValueError, match="need one or more"):
        ceiling([], tables)


def test_history_helps_and_independent_turns_have_none(tables):
    value, error = ceiling_with_history(["speech"], tables, standard_error=0.001)
    assert error <= 0.001
    assert value > ceiling(["speech"], tables) + 0.01
    value, error = ceiling_with_history(["speech"], tables, inertia=0.0, standard_error=0.001)
    assert value == pytest.approx(ceiling(["speech"], tables), abs=4 * error)


def test_each_dialogue_is_the_chain_and_six_together_are_balanced():
    rng = np.random.default_rng(1)
    chains = np.concatenate([draw_chains(4, 0.5, rng) for _ in range(6000)])  # (36000, 4)
    assert (np.sort(chains.reshape(-1, 6, 4), axis=1) == np.arange(6)[:, None]).all()
    for lag in (1, 3):
        expected = np.linalg.matrix_power(transition_matrix(0.5), lag)
        counts = np.zeros((6, 6))
        np.add.at(counts, (chains[:, 0], chains[:, lag]), 1)
        assert np.allclose(counts / counts.sum(axis=1, keepdims=True), expected, atol=0.025)
    with pytest.raises(ValueError, match="inertia"):
        draw_chains(4, 1.5, rng)


@pytest.mark.parametrize("profile, num_speakers, num_each", [("smoke", 10, 6), ("class", 24, 30), ("paper", 120, 60)])
def test_clips_are_balanced(profile, num_speakers, num_each, tables):
    size = SIZES[profile]
    clips = draw_clips(profile, tables, np.random.default_rng(0))
    assert clips.clip_id.is_unique
    assert (clips.groupby("speaker").size() == num_each).all() and clips.speaker.nunique() == num_speakers
    assert clips.emotion.value_counts().nunique() == 1
    pairs = clips.groupby(clips.dialogue.str[:3])
    assert (pairs.emotion.value_counts() == size["num_turns"] * size["num_dialogues"] / 6).all()
    assert (clips.groupby("dialogue").speaker.agg(lambda s: (s != s.shift()).all())).all()  # they take turns


def test_folds_keep_partners_together_and_genders_balanced(tables):
    clips = draw_clips("class", tables, np.random.default_rng(0))
    fold = {s: k for k, speakers in enumerate(speaker_folds(clips)) for s in speakers}
    assert sorted(fold) == sorted(set(clips.speaker))
    assert (clips.groupby("dialogue").speaker.agg(lambda s: len({fold[x] for x in s})) == 1).all()
    genders = clips.drop_duplicates("speaker").groupby(["gender", clips.speaker.map(fold)]).size().unstack()
    assert (genders.loc["female"] == genders.loc["male"]).all() and genders.shape[1] == 5


def test_shown_emotions_follow_the_tables(tables):
    clips = draw_clips("paper", tables, np.random.default_rng(0))
    for modality in MODALITIES:
        counts = pd.crosstab(clips.emotion, clips[f"shows_{modality}"]).reindex(EMOTIONS, columns=EMOTIONS)
        assert np.allclose(counts / counts.sum(axis=1).to_numpy()[:, None], tables[modality], atol=0.06)


def test_voices_are_sound_and_differ_as_emotions_do(speakers):
    text, pitch, level, seconds = syllables("My sister told me the time of the meeting."), {}, {}, {}
    men = [speaker for speaker in speakers.values() if speaker.gender == "male"]
    for emotion in EMOTIONS:
        waves = [say(emotion, 1.0, man, text, np.random.default_rng(0)) for man in men]
        for wave in waves:
            assert wave.dtype == np.float32 and np.isfinite(wave).all() and np.abs(wave).max() <= 1
            assert 1.19 < len(wave) / RATE < 2.51
            assert -55 < 20 * np.log10(wave.std()) < -6
        pitch[emotion] = np.median([_pitch(wave) for wave in waves])
        level[emotion] = np.median([wave.std() for wave in waves])
        seconds[emotion] = np.median([len(wave) for wave in waves])
    assert pitch["sadness"] < pitch["neutral"] < pitch["anger"] and pitch["neutral"] < pitch["fear"]
    assert level["sadness"] < level["neutral"] < level["anger"]
    assert seconds["fear"] < seconds["neutral"] < seconds["sadness"]
    with pytest.raises(ValueError, match="no voice shows"):
        say("joy", 1.0, speakers["s001"], text, np.random.default_rng(0))


def _pitch(wave: np.ndarray) -> float:
    """Mean F0 in Hz by the autocorrelation of 64 ms frames that are loud."""
    frames = np.lib.stride_tricks.sliding_window_view(wave, 1024)[::256]
    frames = frames[frames.std(axis=1) > np.percentile(frames.std(axis=1), 60)]
    spectrum = np.abs(np.fft.rfft(frames - frames.mean(axis=1, keepdims=True), 2048)) ** 2
    correlation = np.fft.irfft(spectrum)[:, RATE // 400 : RATE // 60]
    return float(np.median(RATE / (correlation.argmax(axis=1) + RATE // 400)))


def test_speakers_repeat_and_differ_in_voice_and_skin(speakers):
    again = draw_speakers({s: speaker.gender for s, speaker in speakers.items()}, seed=3)
    assert all(again[s].f0 == speakers[s].f0 and again[s].face == speakers[s].face for s in speakers)
    assert len({round(s.f0, 3) for s in speakers.values()}) == len(speakers)
    quartiles = np.floor(4 * np.array([s.face.skin for s in speakers.values()])).astype(int)
    assert (np.bincount(quartiles, minlength=4) == 2).all()


def test_sentences_are_many_and_whole():
    rng = np.random.default_rng(0)
    texts = [sentence(emotion, rng) for emotion in EMOTIONS for _ in range(300)]
    assert len(set(texts)) > 1500
    assert all("{" not in text and text[-1] in ".?" and text[0].isupper() for text in texts)
    assert all(3 <= len(syllables(text)) <= 22 for text in texts)
    with pytest.raises(ValueError, match="no words show"):
        sentence("shared", rng)


def test_syllables_know_vowels_onsets_stress_and_pauses():
    found = syllables("Well, the time again.")
    assert len(found) == 5
    assert found[0].pause and not found[1].pause
    assert [s.onset for s in found] == ["sonorant", "stop", "stop", "", "stop"]
    assert [s.stressed for s in found] == [True, False, False, True, False]


def test_lips_follow_loudness_whatever_the_level():
    wave = np.concatenate([np.zeros(RATE // 2), np.sin(np.arange(RATE // 2))])
    lips = mouth_open(wave)
    assert len(lips) == 15 and lips[:7].max() == 0 and lips[8:].min() > 0.8
    assert np.allclose(lips, mouth_open(0.01 * wave))


def test_the_corpus_is_whole_and_its_files_exist(smoke):
    assert len(smoke) == 60 and smoke.emotions == EMOTIONS
    assert set(smoke.media) == {"audio", "video", "text"}
    assert all(Path(path).stat().st_size > 1000 for path in smoke.clips.video)
    assert [len(fold) for fold in smoke.card["speaker_folds"]] == [2] * 5
    assert smoke.clips.content.is_unique and smoke.clips.end.between(1.19, 2.51).all()
    assert "ODbL" in smoke.card["licence"]
    with pytest.raises(ValueError, match="unknown profile"):
        emosynth.load(None, "huge")


def test_a_clip_alone_is_the_same_as_among_the_others(smoke, tmp_path):
    (tmp_path / "clips").mkdir()
    people = draw_speakers(dict(zip(smoke.clips.speaker, smoke.clips.gender, strict=True)), seed=0)
    for clip in smoke.clips.iloc[[41, 7]].itertuples():  # in another order than they were made in
        again = render(clip, people[clip.speaker], tmp_path, seed=0)
        assert again == {"text": clip.text, "start": 0.0, "end": clip.end, "content": clip.content}
        assert (tmp_path / "clips" / f"{clip.clip_id}.mp4").read_bytes() == Path(clip.video).read_bytes()
    assert render(clip, people[clip.speaker], tmp_path, seed=1)["content"] != clip.content


def test_what_was_interrupted_or_outdated_is_made_again(smoke, tmp_path, monkeypatch):
    folder = tmp_path / "smoke_seed0"
    (folder / "clips").mkdir(parents=True)
    assert not is_current(folder)
    (folder / "version.txt").write_text("an older generator")
    assert not is_current(folder)
    monkeypatch.setattr("emostudy.corpora.emosynth.generate.render_all", _fail)
    with pytest.raises(KeyboardInterrupt):
        make(folder, "smoke", jobs=1)
    assert not is_current(folder) and [p.name for p in tmp_path.iterdir()] == ["smoke_seed0"]


def _fail(*_):
    raise KeyboardInterrupt
