"""Which clips are shown, and that nothing is shown that may not be."""

import html
from dataclasses import replace

import numpy as np
import soundfile
import toys

from emostudy import examples


def test_one_clip_of_each_emotion_of_different_speakers_that_shows_it(corpus):
    clips = corpus.clips.assign(shows_face=corpus.clips.emotion.where(corpus.clips.speaker > "s04", "fear"))
    picked = examples.one_per_emotion(replace(corpus, clips=clips), "seen")
    assert picked.emotion.tolist() == list(toys.EMOTIONS) and picked.speaker.nunique() == 3
    assert (picked.shows_face == picked.emotion).all()
    alone = examples.one_per_emotion(toys.corpus(num_speakers=1), "seen")
    assert alone.emotion.tolist() == list(toys.EMOTIONS)


def test_right_and_wrong_are_what_they_say():
    test = toys.predictions(skill=1.0)
    picked = examples.right_and_wrong(test, "a", "random", toys.EMOTIONS, num=2)
    assert picked.groupby("kind").size().to_dict() == {"right": 2, "wrong": 2, "wrong and sure": 2}
    assert ((picked.kind == "right") == (picked.emotion == picked.predicted)).all()
    wrong = test[(test.part == "test") & (test.emotion != test.predicted)][["p_anger", "p_fear", "p_joy"]].max(axis=1)
    assert picked[picked.kind == "wrong and sure"].sure.max() == wrong.max()
    assert picked[picked.kind == "wrong"].sure.min() == wrong.min()
    assert picked.clip_id.is_unique and picked[picked.kind == "right"].emotion.is_unique


def test_a_recipe_that_is_never_wrong_shows_only_what_is_right():
    picked = examples.right_and_wrong(toys.predictions(skill=50.0), "a", "random", toys.EMOTIONS)
    assert set(picked.kind) == {"right"}


def spoken(corpus, folder, share):
    soundfile.write(folder / "a.wav", np.random.default_rng(0).normal(0, 0.1, 1600), 16000)
    clips = corpus.clips.assign(audio=str(folder / "a.wav"), text="<b>1 < 2</b>")
    return replace(corpus, clips=clips, card={"licence": "NC & <all>", "examples_shareable": share})


def test_what_may_be_shown_is_played_and_read(corpus, tmp_path):
    shared = spoken(corpus, tmp_path, True)
    picked = examples.one_per_emotion(shared, "audio")
    assert examples.show_voices(picked, shared).data.count("<audio controls") == 3
    page = examples.show_sentences(picked, shared).data
    assert page.count(html.escape("<b>1 < 2</b>")) == 3 and str(tmp_path) not in page


def test_what_may_not_be_shown_is_not(corpus, tmp_path):
    kept = spoken(corpus, tmp_path, False)
    picked = examples.right_and_wrong(toys.predictions(skill=1.0), "a", "random", toys.EMOTIONS)
    for show in (examples.show_voices, examples.show_sentences, examples.show_faces):
        page = show(picked, kept).data
        assert "base64" not in page and "1 &lt; 2" not in page
        assert "not shown here: NC &amp; &lt;all&gt;" in page and picked.clip_id[0] in page
