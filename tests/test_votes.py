"""How raters judged a clip: shares of answers from CREMA-D's table."""

import os
from pathlib import Path

import numpy as np
import pytest

from emostudy.corpora import load
from emostudy.features.media import BadMedia
from emostudy.features.votes import votes


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "tabulatedVotes.csv"
    rows = [
        '"100001",0,0,0,1,3,0,"a"',
        '"200001",0,2,0,2,0,0,"a"',
        '"100002",0,0,0,0,0,0,"b"',
        '"200002",x,1,1,1,1,1,"b"',
    ]
    path.write_text("\n".join(['"","A","D","F","H","N","S","fileName"', *rows]) + "\n")
    return path


def test_shares_by_way(table):
    assert votes(f"{table}#a", 0, 0, "voice").tolist() == [0, 0, 0, 0.25, 0.75, 0]
    face = votes(f"{table}#a", 0, 0, way="face")
    assert face.tolist() == [0, 0.5, 0, 0.5, 0, 0] and face.dtype == np.float32 and face.shape == (6,)


@pytest.mark.parametrize(
    ("clip", "way", "reason"),
    [
        ("a", "both", "a was not rated by both"),
        ("c", "voice", "not rated"),
        ("b", "voice", "no counts"),
        ("b", "face", "no counts"),
    ],
)
def test_a_clip_without_ratings_is_told(table, clip, way, reason):
    with pytest.raises(BadMedia, match=reason):
        votes(f"{table}#{clip}", 0, 0, way)


def test_an_unknown_way_is_told_with_the_known_ones(table):
    with pytest.raises(ValueError, match=r"way is 'text'; .*'voice', 'face', 'both'"):
        votes(f"{table}#a", 0, 0, "text")


def test_a_changed_table_is_read_again(table):
    votes(f"{table}#a", 0, 0, "voice")
    table.write_text(table.read_text().replace('"100001",0,0,0,1,3,0', '"100001",4,0,0,0,0,0'))
    os.utime(table, (1, 1))
    assert votes(f"{table}#a", 0, 0, "voice")[0] == 1


def test_real_shares_of_the_intended_emotion():
    folder = os.environ.get("EMOSTUDY_DATA")
    if not folder or not (Path(folder) / "cremad_ratings").is_dir():
        pytest.skip("CREMA-D's ratings are not there: set EMOSTUDY_DATA to the folder that holds them")
    corpus = load("cremad", folder)
    intended = corpus.clips.emotion.map({emotion: i for i, emotion in enumerate(corpus.emotions)}).to_numpy()
    for way, mean in (("voice", 0.397), ("face", 0.572), ("both", 0.629)):  # SOURCE.md
        shares = np.stack([votes(cell, 0, 0, way) for cell in corpus.clips.votes])
        assert np.allclose(shares.sum(1), 1, atol=1e-6)
        assert shares[np.arange(len(shares)), intended].mean() == pytest.approx(mean, abs=5e-4)
