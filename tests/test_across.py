"""Several corpora as one: rows, folds and protocols; system F's mix of faces."""

import pytest
import toys
from joined import COMMON, voices
from test_ck48 import sequence as ck48_sequence
from test_face_folders import picture as folder_face
from test_jaffe import everyone as jaffe_faces
from test_tess import sound as tess_sound

from emostudy import corpora
from emostudy.corpora import is_ready, joining, load
from emostudy.features.extract import extract
from emostudy.protocols import VARIANTS, possible, rows_of, splits
from emostudy.recipes.vision import faces_of


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return voices(tmp_path_factory.mktemp("data"))


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
    assert (
        set(reasons) == set(between)
        and len(between) >= 4
        and all("knows no subcorpora" in reason for reason in reasons.values())
    ), reasons


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
