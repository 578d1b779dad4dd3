"""CMU-MOSEI as the SDK downloads it, and the pickles in which it is passed on. No real data is at hand: small files of that layout."""

import pickle

import h5py
import numpy as np
import pandas as pd
import pytest

from emostudy.corpora import card, load, mosei
from emostudy.features.sequences import sequence

# Three rows of labels as the file has them: not in order of time. Sentiment, happy, sad, anger, surprise, disgust, fear.
LABELS = [[0.333, 0.667, 0, 0.667, 0, 0, 0], [1, 2, 0, 0, 0, 0.333, 0], [-1, 0, 0, 0, 0, 0, 0]]
TIMES = [[56.852, 60.845], [29.764, 35.633], [42.146, 49.242]]
WORDS = [[b"first", b"sp", b"words"], [[30.0, 31.0], [31.0, 32.0], [35.5, 36.5]]]


def csd(path, root: str, videos: dict) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        for video, (features, intervals) in videos.items():
            group = file.create_group(f"{root}/data/{video}")
            group["features"], group["intervals"] = np.array(features), np.array(intervals, float)


def labels(folder, videos: dict) -> None:
    csd(folder / "mosei" / "labels" / "CMU_MOSEI_Labels.csd", "All Labels", videos)


@pytest.fixture
def data(tmp_path):
    labels(tmp_path, {"-a_b1": (LABELS, TIMES), "zv0Jl4TIQDc": (LABELS[:1], TIMES[:1])})
    folder = tmp_path / "mosei"
    words = (np.array(WORDS[0])[:, None], WORDS[1])
    csd(folder / "CMU_MOSEI_TimestampedWords.csd", "words", {"-a_b1": words})
    csd(folder / "CMU_MOSEI_COVAREP.csd", "COVAREP", {"-a_b1": (np.ones((70, 74)), [[n, n + 1] for n in range(70)])})
    csd(folder / "CMU_MOSEI_VisualOpenFace2.csd", "OpenFace_2", {"zv0Jl4TIQDc": (np.ones((2, 713)), [[0, 1], [1, 2]])})
    (folder / "cmu_mosei_std_folds.py").write_text(
        "standard_train_fold=['-a_b1', 'gone']\nstandard_valid_fold=[]\nstandard_test_fold=['x']\n"
    )
    return tmp_path


def reasons(corpus) -> dict[str, str]:
    return dict(corpus.left_out[["file", "reason"]].values.tolist())


def test_a_row_of_labels_becomes_a_clip(data):
    corpus = load("mosei", data)
    clips = corpus.clips.set_index("clip_id")
    assert list(clips.index) == ["-a_b1[0]", "-a_b1[1]", "-a_b1[2]", "zv0Jl4TIQDc[0]"] and corpus.left_out.empty
    clip = clips.loc["-a_b1[1]"]
    assert (clip.emotion, clip.intensity, clip.main, clip.sentiment) == ("happy|disgust", "2|0.333", "happy", 1.0)
    assert (clip.start, clip.end, clip.dialogue, clip.split, clip.speaker) == (29.764, 35.633, "-a_b1", "train", "")
    assert clips.loc["-a_b1[0]"].emotion == "happy|anger" and clips.loc["-a_b1[0]"].main == ""  # two of one intensity
    assert clips.loc["-a_b1[2]"].emotion == "none" and clips.loc["-a_b1[2]"].intensity == ""
    assert list(clips.turn[:3]) == [2, 0, 1]  # in order of time
    assert clips.loc["zv0Jl4TIQDc[0]"].split == ""
    assert corpus.found["emotions"] == {"happy": 3, "anger": 2, "disgust": 1, "none": 1}


def test_words_are_those_spoken_in_the_sentence_without_pauses(data):
    clips = load("mosei", data).clips.set_index("clip_id")
    assert clips.text.loc["-a_b1[1]"] == "first"  # "words" has its middle after the end
    assert clips.text.drop("-a_b1[1]").isna().all()


def test_sequences_are_read_for_the_sentence(data):
    corpus = load("mosei", data)
    assert corpus.media == ("text", "face_features", "speech_features")
    clip = corpus.clips.set_index("clip_id").loc["-a_b1[1]"]
    assert clip.speech_features.endswith("CMU_MOSEI_COVAREP.csd#-a_b1") and pd.isna(clip.face_features)
    assert sequence(clip.speech_features, clip.start, clip.end).shape == (6, 74)  # middles 30.5 to 35.5


def test_facet_goes_before_openface(data):
    csd(data / "mosei" / "CMU_MOSEI_VisualFacet42.csd", "FACET 4.2", {"-a_b1": (np.ones((2, 35)), [[0, 1], [1, 2]])})
    cells = load("mosei", data).clips.face_features.dropna()
    assert list(cells.str.contains("Facet42")) == [True, True, True]


def test_recordings_of_whole_videos_are_joined(data):
    path = data / "mosei" / "Raw" / "Audio" / "Full" / "WAV_16000" / "-a_b1.wav"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"")
    path.with_name("-a_b1_0.wav").write_bytes(b"")  # a segment's own file is another clip's name
    assert list(load("mosei", data).clips.audio.dropna().unique()) == [str(path)]


def test_without_the_lists_of_folds_there_is_no_split(data):
    (data / "mosei" / "cmu_mosei_std_folds.py").unlink()
    assert set(load("mosei", data).clips.split) == {""}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("standard_train_fold=['a']", "lacks the list standard_valid_fold"),
        ("standard_train_fold=['a']\nstandard_valid_fold=['a']\nstandard_test_fold=[]", "'a' into two folds"),
        ("standard_train_fold=open('x', 'w')", "not the SDK's file of folds"),
        ("<html>", "not the SDK's file of folds"),
    ],
)
def test_another_file_of_folds_is_told_and_not_run(data, text, reason):
    (data / "mosei" / "cmu_mosei_std_folds.py").write_text(text)
    with pytest.raises(ValueError, match=reason):
        load("mosei", data)


@pytest.mark.parametrize(
    ("row", "times", "reason"),
    [
        ([0, np.nan, 0, 0, 0, 0, 0], [1, 2], "labels that are no intensities"),
        ([0, -1, 0, 0, 0, 0, 0], [1, 2], "labels that are no intensities"),
        ([0, 1, 0, 0, 0, 0, 0], [2, 2], "a stretch from 2.0 to 2.0 s"),
        ([0, 1, 0, 0, 0, 0, 0], [-1, 2], "a stretch from -1.0 to 2.0 s"),
        ([1, 0, 0, 0, 0, 0], [1, 2], "6 labels, not sentiment and six emotions"),
    ],
)
def test_a_row_that_is_no_clip_is_left_out_with_the_reason(data, row, times, reason):
    labels(data, {"good": (LABELS, TIMES), "bad": ([row], [times])})
    corpus = load("mosei", data)
    assert len(corpus) == 3 and reason in reasons(corpus)["bad[0]"]


def test_a_damaged_video_is_left_out_with_the_reason(data):
    labels(data, {"good": (LABELS, TIMES), "bad": (LABELS[:2], TIMES)})
    assert "2 rows and intervals" in reasons(load("mosei", data))["CMU_MOSEI_Labels.csd, bad"]


def test_smoke_holds_few_sentences_of_few_videos(data):
    rows, times = LABELS * 5, [[n, n + 1] for n in range(15)]
    labels(data, {f"v{n:02}": (rows, times) for n in range(20)})
    assert len(load("mosei", data)) == 300
    smoke = load("mosei", data, "smoke")
    assert len(smoke) == 96 and set(smoke.clips.groupby("dialogue").size()) == {8}


def test_readings_keep_one_emotion_or_the_six(data):
    labels(data, {"-a_b1": (LABELS, TIMES), "v": ([[0, 0, 0, 1.5, 0, 0, 0]], [[1, 2]])})
    single = load("mosei_single", data)
    assert single.emotions == mosei.SIX and list(single.clips.emotion) == ["anger"]
    assert set(reasons(single)) == {"-a_b1[0]", "-a_b1[1]", "-a_b1[2]"}
    six = load("mosei_six", data)
    assert list(six.clips.emotion) == ["happy|anger", "happy|disgust", "anger"]
    assert reasons(six) == {"-a_b1[2]": "emotion none is not in mosei_six"}


def test_a_folder_without_labels_is_told_with_the_remedy(tmp_path):
    (tmp_path / "mosei").mkdir()
    with pytest.raises(ValueError, match=r"no CMU_MOSEI_Labels.csd .*no .csd and no .pkl is there.*Multimodal SDK"):
        load("mosei", tmp_path)


def test_a_damaged_file_of_labels_is_told(data):
    (data / "mosei" / "labels" / "CMU_MOSEI_Labels.csd").write_bytes(b"<html>")
    with pytest.raises(ValueError, match=r"CMU_MOSEI_Labels.csd is no HDF5 file"):
        load("mosei", data)


def aligned(folder, name: str, of_labels, **more) -> None:
    """A pickle with three clips in each part; the second has no emotion, the third two."""
    arrays = {
        stream: np.ones((3, 60, width), np.float32) for stream, width in (("text", 300), ("audio", 74), ("vision", 35))
    }
    part = arrays | {"labels": np.array(of_labels), "id": ["v1", "v1", "v2"]} | more
    (folder / "mosei").mkdir(exist_ok=True)
    (folder / "mosei" / name).write_bytes(pickle.dumps({"train": part, "valid": part, "test": part}))


SIX_EACH = [[1, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 1]]


def test_a_pickle_whose_labels_are_emotions_is_read(tmp_path):
    aligned(tmp_path, "mosei_emotion_aligned_60.pkl", SIX_EACH)
    corpus = load("mosei", tmp_path)
    clips = corpus.clips.set_index("clip_id")
    assert len(clips) == 9 and list(clips.split.value_counts()[["train", "dev", "test"]]) == [3, 3, 3]
    assert list(clips.loc[["valid/00000", "valid/00001", "valid/00002"]].emotion) == ["happy", "none", "sad|fear"]
    assert clips.loc["test/00002"].dialogue == "v2" and clips.loc["test/00002"].split == "test"
    cell = clips.loc["test/00002"].face_features
    assert cell.endswith("mosei_emotion_aligned_60.pkl#test/vision/2") and sequence(cell).shape == (60, 35)


def test_ids_of_three_cells_and_with_a_segment_name_the_video(tmp_path):
    aligned(tmp_path, "x.pkl", SIX_EACH, id=np.array([[b"v7", b"1.0", b"2.0"]] * 3))
    assert set(load("mosei", tmp_path).clips.dialogue) == {"v7"}
    aligned(tmp_path, "x.pkl", SIX_EACH, id=["v8$_$0", "v8$_$1", "v8[2]"])
    assert set(load("mosei", tmp_path).clips.dialogue) == {"v8"}


def test_labels_in_a_pickle_that_are_no_numbers_are_left_out(tmp_path):
    rows = [[np.nan, 0, 0, 0, 0, 0], *SIX_EACH[1:]]
    aligned(tmp_path, "x.pkl", rows)
    corpus = load("mosei", tmp_path)
    assert len(corpus) == 6 and reasons(corpus)["x.pkl#train/0"] == "labels that are no intensities"


def test_pickles_of_sentiment_are_told_to_be_no_corpus_of_emotions(tmp_path):
    aligned(tmp_path, "mosei_senti_data.pkl", np.zeros((3, 1, 1)))
    with pytest.raises(ValueError, match=r"mosei_senti_data.pkl: its labels are sentiment, not six emotions"):
        load("mosei", tmp_path)
    aligned(tmp_path, "unlike.pkl", SIX_EACH)  # after it in order
    assert "sentiment" in reasons(load("mosei", tmp_path))["mosei_senti_data.pkl"]


@pytest.mark.parametrize("found", [{"train": {}}, [1], {"train": 1, "valid": 2, "test": 3}])
def test_a_pickle_of_another_layout_is_told(tmp_path, found):
    (tmp_path / "mosei").mkdir()
    (tmp_path / "mosei" / "x.pkl").write_bytes(pickle.dumps(found))
    with pytest.raises(ValueError, match=r"x.pkl must hold \['train', 'valid', 'test'\]"):
        load("mosei", tmp_path)


def test_a_pickle_that_would_run_something_is_refused(tmp_path):
    (tmp_path / "mosei").mkdir()
    (tmp_path / "mosei" / "x.pkl").write_bytes(b"cos\nsystem\n(Vtouch " + str(tmp_path / "mark").encode() + b"\ntR.")
    with pytest.raises(ValueError, match=r"it names os\.system"):
        load("mosei", tmp_path)
    assert not (tmp_path / "mark").exists()


def test_the_card_names_the_same_emotions():
    assert tuple(card("mosei")["emotions"]) == mosei.EMOTIONS and card("mosei")["multi_label"] is True
