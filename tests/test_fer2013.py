"""FER2013's two tables in the layouts in which they are distributed; the pictures here are noise."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from emostudy.corpora import card, fer2013, load
from emostudy.features.images import read_image
from emostudy.protocols import splits

ROWS = [(0, "Training"), (3, "Training"), (6, "PublicTest"), (1, "PrivateTest")]


def pixels(seed: int, number: int = 48 * 48) -> str:
    return " ".join(map(str, np.random.default_rng(seed).integers(0, 256, number)))


def table(folder: Path, rows: list[tuple], name: str = "fer2013.csv") -> Path:
    """Rows of (emotion, usage) or (emotion, usage, pixels) as in the published table of that name."""
    path = folder / "fer2013" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    old = name == "fer2013.csv"
    lines = ["emotion,pixels,Usage" if old else "emotion, Usage, pixels"]
    for seed, (emotion, usage, *given) in enumerate(rows):
        text = given[0] if given else pixels(seed)
        lines.append(f"{emotion},{text},{usage}" if old else f"{emotion},{usage},{text}")
    path.write_text("\n".join(lines) + "\n")
    return path


def reasons(corpus) -> dict[str, str]:
    return dict(corpus.left_out[["file", "reason"]].values.tolist())


@pytest.mark.parametrize("name", fer2013.TABLES)
def test_a_row_becomes_a_clip(tmp_path, name):
    path = table(tmp_path, ROWS, name)
    corpus = load("fer2013", tmp_path)
    assert corpus.left_out.empty and corpus.media == ("image",)
    assert corpus.clips.clip_id.tolist() == ["row_00000", "row_00001", "row_00002", "row_00003"]
    assert corpus.clips.emotion.tolist() == ["angry", "happy", "neutral", "disgust"]
    assert corpus.clips.split.tolist() == ["train", "train", "dev", "test"] and set(corpus.clips.speaker) == {""}
    assert corpus.clips.image[2] == f"{path}#2"
    assert read_image(corpus.clips.image[2])[..., 0].ravel().tolist() == list(map(int, pixels(2).split()))


def test_quotes_windows_lines_and_a_byte_order_mark_do_no_harm(tmp_path):
    path = table(tmp_path, [])
    lines = ["emotion,pixels,Usage", f'4,"{pixels(1)}",Training', "", f'5,"{pixels(2)}",PublicTest']
    path.write_bytes("\ufeff".encode() + "\r\n".join(lines).encode())
    corpus = load("fer2013", tmp_path)
    assert corpus.clips.emotion.tolist() == ["sad", "surprise"] and corpus.left_out.empty
    for seed, cell in enumerate(corpus.clips.image, 1):
        assert read_image(cell)[..., 1].ravel().tolist() == list(map(int, pixels(seed).split()))


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ((0, "Training", pixels(9, 2303)), "2303 pixels instead of 2304"),
        ((0, "Training", ""), "0 pixels instead of 2304"),
        ((7, "Training"), "emotion code '7' is not 0 to 6"),
        (("happy", "Training"), "emotion code 'happy' is not 0 to 6"),
        ((1, "Validation"), "Usage 'Validation' is none of"),
    ],
)
def test_a_bad_row_is_left_out_with_the_reason(tmp_path, row, reason):
    table(tmp_path, [*ROWS, row, (2, "Training")])
    corpus = load("fer2013", tmp_path)
    assert reason in reasons(corpus)["fer2013.csv#4"]
    assert len(corpus) == 5 and corpus.clips.clip_id.tolist()[-1] == "row_00005"


def test_a_row_cut_off_or_no_csv_is_left_out_alone(tmp_path):
    path = table(tmp_path, ROWS)
    path.write_text(path.read_text() + f'3,"{"1" * 200_000}\n2,{pixels(8)},Training\n5,{pixels(7)[:3000]}')
    corpus = load("fer2013", tmp_path)
    assert sorted(reasons(corpus)) == ["fer2013.csv#4", "fer2013.csv#6"] and "row_00005" in set(corpus.clips.clip_id)


def test_of_equal_pictures_one_is_kept_in_test_before_dev_before_train(tmp_path):
    rows = [(0, "Training", pixels(1)), (0, "PublicTest", pixels(1)), (2, "PrivateTest", pixels(1)), *ROWS]
    rows += [(4, "Training", pixels(2)), (4, "Training", pixels(2))]
    table(tmp_path, rows)
    corpus = load("fer2013", tmp_path)
    assert reasons(corpus) == {
        "fer2013.csv#0": "exact duplicate of row_00002",
        "fer2013.csv#1": "exact duplicate of row_00002",
        "fer2013.csv#8": "exact duplicate of row_00007",
    }
    assert corpus.found["clips"] == 9 and len(corpus) == 6


def test_fer2013_csv_goes_before_the_other_and_lies_anywhere(tmp_path):
    table(tmp_path, ROWS, "icml_face_data.csv")
    (tmp_path / "fer2013" / "fer2013").mkdir()
    table(tmp_path, ROWS[:2]).rename(tmp_path / "fer2013" / "fer2013" / "fer2013.csv")
    assert len(load("fer2013", tmp_path)) == 2


def test_the_fingerprint_knows_the_pixels_and_not_the_folder(tmp_path):
    fingerprints = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        table(tmp_path / name, [(0, "Training", pixels(seed)), *ROWS[1:]])
        fingerprints.append(load("fer2013", tmp_path / name).fingerprint())
    assert fingerprints[0] == fingerprints[1] != fingerprints[2]


def test_smoke_is_small_and_can_be_split(tmp_path):
    few = [(emotion, usage) for usage in fer2013.SPLITS for emotion in range(7) for _ in range(13)]
    table(tmp_path, few)
    smoke = load("fer2013", tmp_path, "smoke")
    assert len(smoke) == 7 * 3 * 12 and len(splits(smoke, "random")) == 5


def test_memory_does_not_hold_the_pixels(tmp_path):
    table(tmp_path, [(n % 7, "Training") for n in range(600)])  # 5 MB of text
    load("fer2013", tmp_path)
    tracemalloc.start()
    load("fer2013", tmp_path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2e6


def test_a_missing_table_and_a_table_without_labels_are_told_with_the_remedy(tmp_path):
    (tmp_path / "fer2013").mkdir()
    with pytest.raises(ValueError, match=r"no fer2013.csv or icml_face_data.csv under .*put one there"):
        load("fer2013", tmp_path)
    (tmp_path / "fer2013" / "fer2013.csv").write_text("emotion,pixels\n")
    with pytest.raises(ValueError, match=r"fer2013.csv lacks the column 'usage'; it has \['emotion', 'pixels'\]"):
        load("fer2013", tmp_path)
    (tmp_path / "fer2013" / "fer2013.csv").write_text("")
    with pytest.raises(ValueError, match="lacks the column 'emotion'"):
        load("fer2013", tmp_path)
    table(tmp_path, [])
    with pytest.raises(ValueError, match="no clip found"):
        load("fer2013", tmp_path, "smoke")


def test_the_card_counts_what_was_published():
    known = card("fer2013")
    assert sum(known["counts"].values()) == known["num_clips"] == 35887
    assert tuple(known["emotions"]) == tuple(known["counts"]) == fer2013.EMOTIONS
