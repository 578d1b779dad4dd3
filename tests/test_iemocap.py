"""IEMOCAP in the layout of its full release, on files made here: the corpus itself is given on request only."""

import math

import pandas as pd
import pytest
from iemocap_files import film, rate, say, session, sound, written

from emostudy.corpora import card, iemocap, load
from emostudy.corpora.corpus import file_and_key
from emostudy.features.media import read_audio

LABELS = ["ang", "dis", "exc", "fea", "fru", "hap", "neu", "oth", "sad", "sur", "xxx"]


@pytest.fixture
def data(tmp_path):
    """Two dialogues of two sessions with everything; the second turn of the first one stands first in the file."""
    rate(tmp_path, "Ses01F_impro01", (10.01, 11.3925, "M000", "fru"), (6.2901, 8.2357, "F000", "neu"))
    rate(tmp_path, "Ses05M_script01_1b", (0.5, 1.25, "F000", "exc"), (2, 3.5, "M000", "xxx"))
    say(
        tmp_path,
        "Ses01F_impro01",
        "Ses01F_impro01_F000 [006.2901-008.2357]: Excuse me.",
        "Ses01F_impro01_M000 [010.0100-011.3925]: Do you have your forms?",
    )
    say(
        tmp_path,
        "Ses05M_script01_1b",
        "Ses05M_script01_1b_F000 [000.5000-001.2500]: You: what?",
        "Ses05M_script01_1b_M000 [002.0000-003.5000]: No.",
    )
    for dialogue in ("Ses01F_impro01", "Ses05M_script01_1b"):
        film(tmp_path, dialogue), sound(tmp_path, dialogue, "F000"), sound(tmp_path, dialogue, "M000", ".flac")
    return tmp_path


def reasons(corpus) -> dict[str, str]:
    return dict(corpus.left_out[["file", "reason"]].values.tolist())


def clip_of(corpus, clip_id: str) -> dict:
    return corpus.clips.set_index("clip_id").loc[clip_id].to_dict()


def test_a_rated_turn_becomes_a_clip(data):
    corpus = load("iemocap", data)
    assert len(corpus) == 4 and corpus.left_out.empty and corpus.media == ("audio", "video", "text")
    clip = clip_of(corpus, "Ses01F_impro01_M000")
    wanted = {
        "emotion": "frustrated",
        "speaker": "1M",
        "gender": "male",
        "dialogue": "Ses01F_impro01",
        "turn": 1,
        "session": "1",
    }
    wanted |= {
        "scene": "impro01",
        "script": "improvised",
        "text": "Do you have your forms?",
        "from": 10.01,
        "to": 11.3925,
    }
    wanted |= {"valence": 2.5, "activation": 3.0, "dominance": 2.0, "split": ""}
    assert {key: clip[key] for key in wanted} == wanted
    assert clip["audio"].endswith("sentences/wav/Ses01F_impro01/Ses01F_impro01_M000.flac")
    scripted = clip_of(corpus, "Ses05M_script01_1b_F000")
    assert (scripted["script"], scripted["scene"], scripted["text"]) == ("scripted", "script01_1b", "You: what?")


def test_turns_count_by_time_and_not_by_line(data):
    clips = load("iemocap", data).clips.set_index("clip_id")
    assert clips.turn["Ses01F_impro01_F000"] == 0 and clips.turn["Ses01F_impro01_M000"] == 1


@pytest.mark.parametrize(
    ("clip", "side"),
    [
        ("Ses01F_impro01_F000", "left"),
        ("Ses01F_impro01_M000", "right"),
        ("Ses05M_script01_1b_M000", "left"),
        ("Ses05M_script01_1b_F000", "right"),
    ],
)
def test_who_wears_the_markers_is_read_as_sitting_on_the_left(data, clip, side):
    found = clip_of(load("iemocap", data), clip)
    assert found["side"] == side
    path, part = file_and_key(found["video"])
    assert path == str(film(data, found["dialogue"]))
    assert part == f"{side}@{found['from']:.4f}-{found['to']:.4f}"


def test_the_sound_is_the_turn_alone_so_start_and_end_do_not_cut_it(data):
    clips = load("iemocap", data).clips
    assert all(math.isnan(value) for value in (*clips.start, *clips.end))
    lengths = [len(read_audio(clip.audio, clip.start, clip.end)) for clip in clips.itertuples()]
    assert lengths == [400] * 4


def test_every_label_has_its_name(data):
    rate(data, "Ses02F_impro01", *((at, at + 1, f"F{at:03}", label) for at, label in enumerate(LABELS)))
    clips = load("iemocap", data).clips
    assert tuple(clips[clips.session == "2"].emotion) == iemocap.EMOTIONS == tuple(card("iemocap")["emotions"])


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("[9.0 - 9.5]\tSes02F_impro01_F009\tbored\t[2.5, 2.5, 2.5]", "unknown label 'bored'"),
        (
            "[9.0 - 9.5]\tSes03F_impro01_F009\tneu\t[2.5, 2.5, 2.5]",
            "turn 'Ses03F_impro01_F009' is none of dialogue Ses02F_impro01",
        ),
        (
            "[9.0 - 9.5]\tSes02F_impro01_X009\tneu\t[2.5, 2.5, 2.5]",
            "turn 'Ses02F_impro01_X009' is none of dialogue Ses02F_impro01",
        ),
        ("[9.0 - ]\tSes02F_impro01_F009\tneu\t[2.5, 2.5, 2.5]", "not a turn with times, label and three ratings"),
        ("[9.0 - 9.5]\tSes02F_impro01_F009\tneu", "not a turn with times, label and three ratings"),
    ],
)
def test_a_line_that_is_no_turn_is_left_out_with_the_reason(data, line, reason):
    rate(data, "Ses02F_impro01", (1, 2, "F000", "neu"), more=line)
    corpus = load("iemocap", data)
    assert len(corpus) == 5 and reasons(corpus)["Ses02F_impro01.txt, line 9"] == reason


def test_a_turn_rated_twice_is_left_out_and_named(data):
    rate(data, "Ses02F_impro01", (1, 2, "F000", "neu"), (3, 4, "F000", "sad"))
    sound(data, "Ses02F_impro01", "F000")
    corpus = load("iemocap", data)
    assert clip_of(corpus, "Ses02F_impro01_F000")["emotion"] == "neutral"
    assert reasons(corpus)["Ses02F_impro01_F000.wav"] == "a second file or row of clip Ses02F_impro01_F000"


def test_unrated_turns_and_lines_of_another_form_are_named(data):
    rate(data, "Ses03F_impro06", (1, 2, "F000", "sad"))
    sound(data, "Ses03F_impro06", "F000"), film(data, "Ses03F_impro06")
    lines = [
        "Ses03F_impro06_F000 [001.0000-002.0000]: Hi.",
        "Ses03F_impro06_FXX0 [003.0000-004.0000]: Mm.",
        "M: Sure.",
        "",
    ]
    say(data, "Ses03F_impro06", *lines)
    corpus = load("iemocap", data)
    assert clip_of(corpus, "Ses03F_impro06_F000")["text"] == "Hi."
    assert reasons(corpus) == {
        "Ses03F_impro06_FXX0": "in the transcriptions, but not rated",
        "transcriptions/Ses03F_impro06.txt": "1 lines without turn and times",
    }


def test_a_turn_without_words_sound_or_film_stays_and_is_told(data):
    rate(data, "Ses03F_impro06", (1, 2, "F000", "sad"))
    corpus = load("iemocap", data)
    clip = clip_of(corpus, "Ses03F_impro06_F000")
    assert all(pd.isna(clip[medium]) for medium in ("text", "audio", "video"))
    assert corpus.left_out.values.tolist() == [
        ["Ses03F_impro06_F000", "no words in the transcriptions; the turn stays"],
        ["Ses03F_impro06_F000", "no sound of a turn to use; what else there is stays"],
        ["Ses03F_impro06", "no film of a dialogue to use; what else there is stays"],
    ]


def test_media_of_no_rated_turn_are_named(data):
    sound(data, "Ses01F_impro01", "F099"), sound(data, "Ses01F_impro01", "F000", ".flac"), film(data, "Ses04F_impro01")
    path = session(data, "Ses01F_impro01") / "sentences" / "wav" / "Ses01F_impro01" / "Ses01F_impro01_M001.wav"
    path.symlink_to(data / "gone.wav")
    corpus = load("iemocap", data)
    assert len(corpus) == 4
    assert reasons(corpus) == {
        "Ses01F_impro01_F099.wav": "sound of a turn that nobody rated",
        "Ses01F_impro01_F000.wav": "a second sound of a turn; Ses01F_impro01_F000.flac is used",
        "Ses01F_impro01_M001.wav": "not a file",
        "Ses04F_impro01.avi": "film of a dialogue that nobody rated",
    }


def test_equal_recordings_are_set_aside(data):
    sound(data, "Ses01F_impro01", "F000", seed=3), sound(data, "Ses05M_script01_1b", "F000", seed=3)
    corpus = load("iemocap", data)
    assert len(corpus) == 3 and corpus.found["clips"] == 4
    assert reasons(corpus) == {"Ses05M_script01_1b_F000.wav": "exact duplicate of Ses01F_impro01_F000"}


def test_hidden_files_and_single_raters_are_passed_over(data):
    folder = session(data, "Ses01F_impro01") / "dialog"
    written(folder / "EmoEvaluation" / "._Ses01F_impro01.txt", "\0")
    written(folder / "EmoEvaluation" / "Categorical" / "Ses01F_impro01_e2_cat.txt", "Ses01F_impro01_F000 :Anger; ()\n")
    written(folder / "avi" / "DivX" / "._Ses01F_impro01.avi", "\0")
    corpus = load("iemocap", data)
    assert len(corpus) == 4 and corpus.left_out.empty


def test_ratings_alone_are_a_corpus_without_media(tmp_path):
    rate(tmp_path, "Ses01F_impro01", (1, 2, "F000", "neu"))
    corpus = load("iemocap", tmp_path)
    assert corpus.media == ()
    assert corpus.left_out.reason.tolist() == [
        "no words found: turns without text",
        "no sound of a turn at all; the turns stay",
        "no film of a dialogue at all; the turns stay",
    ]


@pytest.mark.parametrize("folder", ["iemocap", "IEMOCAP", "iemocap/IEMOCAP_full_release"])
def test_other_places_of_the_release(data, folder):
    (data / folder).parent.mkdir(exist_ok=True)
    (data / "IEMOCAP_full_release").rename(data / folder)
    assert len(load("iemocap", data)) == 4


def test_a_folder_without_ratings_is_told_with_the_remedy(data):
    for path in (data / "IEMOCAP_full_release").glob("Session*/dialog/EmoEvaluation/*.txt"):
        path.unlink()
    with pytest.raises(
        ValueError, match=r"no rated turn in Session\*/dialog/EmoEvaluation/Ses\*.txt under .*unpack the full release"
    ):
        load("iemocap", data)


def test_readings_of_four_and_six_emotions(data):
    rate(data, "Ses02F_impro01", *((at, at + 1, f"F{at:03}", label) for at, label in enumerate(LABELS)))
    four, six = load("iemocap_4", data), load("iemocap_6", data)
    assert four.emotions == ("angry", "happy", "neutral", "sad") and len(four) == 5 + 2
    assert clip_of(four, "Ses05M_script01_1b_F000")["emotion"] == "happy"
    assert six.emotions == ("angry", "excited", "frustrated", "happy", "neutral", "sad") and len(six) == 6 + 3
    assert reasons(six)["Ses05M_script01_1b_M000"] == "emotion xxx is not in iemocap_6"


def test_readings_of_nine_labels_by_the_side_of_the_speaker(data):
    rate(data, "Ses02F_impro01", *((at, at + 1, f"F{at:03}", label) for at, label in enumerate(LABELS)))
    nine, left, right = (load(f"iemocap_9{side}", data) for side in ("", "_left", "_right"))
    assert not {"disgust", "other"} & set(nine.clips.emotion) and set(left.clips.side) == {"left"}
    assert sorted([*left.clips.clip_id, *right.clips.clip_id]) == sorted(nine.clips.clip_id)
    assert reasons(right)["Ses02F_impro01_F000"] == "the speaker does not sit on the right"


def test_smoke_holds_four_turns_of_each_speaker_and_emotion(data):
    rate(data, "Ses02F_impro01", *((at, at + 1, f"F{at:03}", "neu") for at in range(9)))
    assert len(load("iemocap", data)) == 13 and len(load("iemocap", data, "smoke")) == 8


def test_the_card_adds_up():
    known = card("iemocap")
    assert sum(known["counts"].values()) == sum(known["session_counts"].values()) == known["num_clips"] == 10039
    for name, num_clips in (("iemocap_4", 5531), ("iemocap_6", 7380), ("iemocap_9", 10034)):
        reading = card(name)
        counts = dict.fromkeys(reading["emotions"], 0)
        for own, new in reading.get("labels", {own: own for own in reading["emotions"]}).items():
            counts[new] += known["counts"][own]
        assert counts == reading["counts"] and sum(counts.values()) == reading["num_clips"] == num_clips
