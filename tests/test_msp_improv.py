"""MSP-IMPROV as it is distributed. No real data is at hand: small files of that layout."""

import zlib

import numpy as np
import pytest
import soundfile

from emostudy.corpora import card, load, msp_improv

RATERS = "WORKER0001; Neutral; Neutral,; A:3.000000; V:3.000000; D:3.000000; N:4.000000;\n"


def line(name: str, emotion: str = "N", rest: str = "A:2.800000; V:3.000000; D:3.200000 ; N:3.200000;") -> str:
    return f"UTD-IMPROV-{name}.avi; {emotion}; {rest}\n{RATERS}\n"


def recording(folder, key: str, suffix: str = ".wav", like: str = ""):
    sentence, actor, kind, _ = key.split("-")
    top = "Video" if suffix == ".avi" else "Audio"
    path = folder / "msp_improv" / top / f"session{int(actor[1:])}" / sentence / kind / f"MSP-IMPROV-{key}{suffix}"
    path.parent.mkdir(parents=True, exist_ok=True)
    if suffix == ".avi":
        path.write_bytes(key.encode())
    else:
        noise = np.random.default_rng(zlib.crc32((like or key).encode())).normal(0, 0.1, 400)
        soundfile.write(path, noise, 16000)
    return path


KEYS = {
    "S01A-F01-S-FM01": "N",
    "S01A-F01-S-MF02": "A",
    "S20H-M06-P-FM101": "H",
    "S02S-F02-R-FF01": "S",
    "S03N-M01-T-FM01": "X",
}


@pytest.fixture
def data(tmp_path):
    for key in KEYS:
        recording(tmp_path, key)
    recording(tmp_path, "S01A-F01-S-FM01", ".avi")
    (tmp_path / "msp_improv" / "Evaluation.txt").write_text("".join(line(*pair) for pair in KEYS.items()))
    words = tmp_path / "msp_improv" / "Human_transcriptions" / "All_human_transcriptions"
    words.mkdir(parents=True)
    (words / "MSP-IMPROV-S01A-F01-S-FM01.txt").write_text("How can I\nnot?\n")
    (words / "MSP-IMPROV-S01A-F01-S-MF02.txt").write_text("\n")
    return tmp_path


def reasons(corpus) -> dict[str, str]:
    return dict(corpus.left_out[["file", "reason"]].values.tolist())


def add(data, text: str) -> None:
    path = data / "msp_improv" / "Evaluation.txt"
    path.write_text(path.read_text() + text)


def test_a_name_and_a_line_become_a_row(data):
    corpus = load("msp_improv", data)
    clips = corpus.clips.set_index("clip_id")
    assert sorted(clips.index) == sorted(KEYS) and corpus.left_out.empty
    clip = clips.loc["S01A-F01-S-FM01"]
    assert (clip.emotion, clip.intended, clip.kind, clip.session, clip.sentence) == (
        "neutral",
        "angry",
        "improvised",
        "01",
        "01",
    )
    assert (clip.activation, clip.valence, clip.dominance) == (2.8, 3.0, 3.2)
    assert clip.audio.endswith("S/MSP-IMPROV-S01A-F01-S-FM01.wav") and clip.video.endswith(".avi")
    assert clip.text == "How can I not?" and (clip.dialogue, clip.turn) == ("01A-F01-S", 1)
    other = clips.loc["S20H-M06-P-FM101"]
    assert (other.emotion, other.kind, other.turn, other.scenario, other.session) == (
        "happy",
        "natural",
        101,
        "M06",
        "06",
    )
    assert clips.text.notna().sum() == 1 and clips.loc["S03N-M01-T-FM01"].emotion == "no_agreement"


def test_the_second_letter_speaks_where_the_target_turns_say_so(data):
    clips = load("msp_improv", data).clips.set_index("clip_id")
    assert clips.speaker["S03N-M01-T-FM01"] == "M01"  # the actor of the scenario says the target sentence
    assert (clips.speaker["S01A-F01-S-FM01"], clips.gender["S01A-F01-S-FM01"]) == ("M01", "male")
    assert (clips.speaker["S01A-F01-S-MF02"], clips.gender["S01A-F01-S-MF02"]) == ("F01", "female")
    assert clips.speaker["S02S-F02-R-FF01"] == "F02"


def test_the_first_letter_speaks_where_the_target_turns_say_so(data):
    for key in ("S04N-M01-T-MF01", "S05N-F01-T-FM01"):
        recording(data, key)
        add(data, line(key))
    clips = load("msp_improv", data).clips.set_index("clip_id")
    assert clips.speaker["S01A-F01-S-FM01"] == "F01" and clips.speaker["S01A-F01-S-MF02"] == "M01"


def test_without_target_turns_the_second_letter_speaks():
    names = [msp_improv.NAME.fullmatch("MSP-IMPROV-S01A-F01-S-FM01")]
    assert msp_improv.speaking(names) == 8 and msp_improv.speaking([]) == 8


@pytest.mark.parametrize("name", ["Evalution.txt", "evaluation.txt"])
def test_the_table_is_found_under_its_other_names(data, name):
    (data / "msp_improv" / "Evaluation.txt").rename(data / "msp_improv" / name)
    assert len(load("msp_improv", data)) == 5


def test_a_dominance_that_nobody_gave_is_nan(data):
    recording(data, "S04A-F03-S-FM01")
    add(data, line("S04A-F03-S-FM01", "O", "A:2.0; V:3.5; D:NaN ; N:NaN;"))
    clip = load("msp_improv", data).clips.set_index("clip_id").loc["S04A-F03-S-FM01"]
    assert clip.emotion == "other" and np.isnan(clip.dominance) and clip.valence == 3.5


@pytest.mark.parametrize(
    ("text", "file", "reason"),
    [
        (line("S04A-F03-S-FM01", "Q"), "Evaluation.txt, line 16", "unknown emotion 'Q'"),
        (line("S04A-F03-S-FM01", "N", "A:x;"), "Evaluation.txt, line 16", "a line of another form"),
        (line("S21A-F03-S-FM01"), "Evaluation.txt, line 16", "a line of another form"),
        (line("S01A-F01-S-FM01", "A"), "Evaluation.txt, line 16", "a second line of S01A-F01-S-FM01"),
        (line("S04A-F03-S-FM01"), "UTD-IMPROV-S04A-F03-S-FM01.avi", "no recording"),
    ],
)
def test_a_line_that_is_no_clip_is_left_out_with_the_reason(data, text, file, reason):
    add(data, text)
    corpus = load("msp_improv", data)
    assert len(corpus) == 5 and reasons(corpus) == {file: reason}
    assert corpus.clips.set_index("clip_id").emotion["S01A-F01-S-FM01"] == "neutral"


@pytest.mark.parametrize(
    "key", ["S01B-F01-S-FM01", "S00A-F01-S-FM01", "S01A-F07-S-FM01", "S01A-F01-Q-FM01", "S01A-F01-S-FX01"]
)
def test_a_name_that_breaks_the_convention_is_left_out(data, key):
    recording(data, key)
    assert "breaks the convention" in reasons(load("msp_improv", data))[f"MSP-IMPROV-{key}.wav"]


def test_a_recording_without_a_line_is_left_out(data):
    recording(data, "S04A-F03-S-FM01")
    assert reasons(load("msp_improv", data)) == {"MSP-IMPROV-S04A-F03-S-FM01": "no line in the evaluations"}


def test_a_second_file_and_an_exact_duplicate_are_left_out(data):
    recording(data, "S01A-F01-S-FM01", ".flac")
    recording(data, "S04A-F03-S-FM01", like="S20H-M06-P-FM101")
    add(data, line("S04A-F03-S-FM01"))
    corpus = load("msp_improv", data)
    assert reasons(corpus) == {
        "MSP-IMPROV-S01A-F01-S-FM01.wav": "a second file or row of clip S01A-F01-S-FM01",
        "MSP-IMPROV-S20H-M06-P-FM101.wav": "exact duplicate of S04A-F03-S-FM01",
    }
    assert corpus.found["clips"] == 6


def test_a_file_that_cannot_be_read_is_left_out(data):
    path = recording(data, "S04A-F03-S-FM01")
    path.unlink()
    path.symlink_to("nowhere.wav")
    assert reasons(load("msp_improv", data)) == {path.name: "not a file"}


def test_videos_alone_are_a_corpus(tmp_path):
    recording(tmp_path, "S01A-F01-S-FM01", ".avi")
    (tmp_path / "msp_improv" / "Evaluation.txt").write_text(line("S01A-F01-S-FM01"))
    assert load("msp_improv", tmp_path).media == ("video",)


def test_smoke_holds_twenty_turns_of_each_actor(data):
    for turn in range(10, 40):
        recording(data, f"S04A-F03-S-FM{turn}")
        add(data, line(f"S04A-F03-S-FM{turn}"))
    assert len(load("msp_improv", data)) == 35
    smoke = load("msp_improv", data, "smoke").clips
    assert dict(smoke.speaker.value_counts())["M03"] == 20 and len(smoke) == 25


def test_the_reading_of_four_leaves_out_what_raters_did_not_agree_on(data):
    four = load("msp_improv_4", data)
    assert len(four) == 4 and four.emotions == ("angry", "happy", "sad", "neutral")
    assert reasons(four) == {"S03N-M01-T-FM01": "emotion no_agreement is not in msp_improv_4"}


def test_a_folder_without_evaluations_is_told_with_the_remedy(data):
    (data / "msp_improv" / "Evaluation.txt").write_text("hello\n")
    with pytest.raises(ValueError, match=r"Evaluation.txt holds no line"):
        load("msp_improv", data)
    (data / "msp_improv" / "Evaluation.txt").unlink()
    with pytest.raises(ValueError, match=r"no Evaluation.txt under .*MSP lab"):
        load("msp_improv", data)


def test_a_folder_without_recordings_is_told_with_the_remedy(tmp_path):
    (tmp_path / "msp_improv").mkdir()
    (tmp_path / "msp_improv" / "Evaluation.txt").write_text(line("S01A-F01-S-FM01"))
    with pytest.raises(ValueError, match=r"no MSP-IMPROV recording .*unpack Audio or Video there"):
        load("msp_improv", tmp_path)


def test_the_card_s_counts_add_up():
    known = card("msp_improv")
    assert sum(known["counts"].values()) == known["num_clips"] == 8438
    assert tuple(known["emotions"]) == msp_improv.EMOTIONS == tuple(known["counts"])
    assert sum(known["counts"][name] for name in card("msp_improv_4")["emotions"]) == 7798
