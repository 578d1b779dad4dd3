"""Finding and cutting out faces, and what happens where there is none."""

import numpy as np
import pytest
import toys
from PIL import Image

from emostudy.corpora.corpus import Corpus
from emostudy.corpora.emosynth.face import draw_clip, draw_face, draw_face_traits
from emostudy.corpora.emosynth.media import write_clip
from emostudy.features import faces
from emostudy.features.face_counts import face_table, frames_without_face
from emostudy.features.faces import crop_faces, detect_face, face_crops, frame_times, half_frames, image_face
from emostudy.features.media import BadMedia

SILENCE = np.zeros(16000, np.float32)


@pytest.fixture(scope="module")
def face() -> np.ndarray:
    return draw_face({12: 1.0}, draw_face_traits(np.random.default_rng(0), skin=0.4))


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    rng = np.random.default_rng(1)
    path = tmp_path_factory.mktemp("faces") / "clip.mp4"
    write_clip(path, draw_clip("happiness", 1.0, draw_face_traits(rng, 0.3), np.zeros(30), rng), SILENCE)
    return path


def test_the_box_lies_on_the_face(face):
    x, y, width, height = detect_face(face)
    assert abs(x + width / 2 - 48) < 5 and abs(y + height / 2 - 50) < 7 and 35 < width < 75


def test_a_large_picture_is_shrunk_and_the_box_comes_back_in_its_pixels(face):
    small, large = detect_face(face), detect_face(np.kron(face, np.ones((10, 10, 1), np.uint8)))
    assert np.allclose(np.array(large) / 10, small, atol=4)


def test_the_larger_of_two_faces_is_taken(face):
    wide = np.full((192, 300, 3), 200, np.uint8)
    wide[:96, :96] = face
    wide[:, 108:] = np.kron(face, np.ones((2, 2, 1), np.uint8))
    x, _, width, _ = detect_face(wide)
    assert x > 108 and width > 70


def test_crops_of_a_clip(clip):
    crops = face_crops(clip, num_frames=4, size=40)
    assert crops.shape == (4, 40, 40, 3) and crops.dtype == np.uint8
    assert np.array_equal(crops, face_crops(clip, num_frames=4, size=40))


def test_times_part_the_clip_evenly(clip):
    assert frame_times(clip, 3) == pytest.approx([0.5, 1.0, 1.5], abs=0.02)
    assert frame_times(clip, 1, start=1.0, end=2.0) == pytest.approx([1.5])
    with pytest.raises(ValueError, match="at least 1"):
        frame_times(clip, 0)


def test_a_frame_without_face_takes_its_neighbours(face):
    other = np.clip(face.astype(int) + 40, 0, 255).astype(np.uint8)
    empty = np.zeros_like(face)
    box = detect_face(face)
    crops = crop_faces([face, empty, empty, other], [box, None, None, box])
    assert np.array_equal(crops[1], crops[0]) and np.array_equal(crops[2], crops[3])
    assert not np.array_equal(crops[0], crops[3])


def test_a_clip_without_any_face_is_bad_media(tmp_path):
    noise = np.random.default_rng(0).integers(100, 140, (15, 96, 96, 3), dtype=np.uint8)
    write_clip(tmp_path / "wall.mp4", noise, SILENCE)
    with pytest.raises(BadMedia, match="no face found in 3 frames"):
        face_crops(tmp_path / "wall.mp4")


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """Two seconds of two people side by side, as in IEMOCAP: at the left a dark one, at the right a bright one."""
    path = tmp_path_factory.mktemp("halves") / "dialogue.mp4"
    rng = np.random.default_rng(1)
    people = [draw_clip("happiness", 1.0, draw_face_traits(rng, skin), np.zeros(30), rng) for skin in (0.2, 0.8)]
    write_clip(path, np.concatenate(people, axis=2), SILENCE)
    return path, people


def test_only_the_speakers_half_is_looked_at(film, monkeypatch):
    path, people = film
    seen = []
    monkeypatch.setattr(
        faces, "detect_face", lambda frame, detector: seen.append(frame) or detect_face(frame, detector)
    )
    left, right = (face_crops(f"{path}#{side}", num_frames=2, start=0.5, end=1.5) for side in ("left", "right"))
    assert [frame.shape for frame in seen] == [(96, 96, 3)] * 4
    assert left.shape == (2, 48, 48, 3) and abs(left.mean() - right.mean()) > 10
    middle = [person[15].astype(int) for person in people]
    for half, own, other in ((left, *middle), (right, *middle[::-1])):
        whole = half_frames(f"{path}#{'left' if half is left else 'right'}", 0.5, 1.5, size=96)[0]
        assert np.abs(whole - own).mean() < 8 < np.abs(whole - other).mean()


def test_half_frames_are_the_half_or_the_whole_in_the_middle(film):
    path, _ = film
    assert half_frames(f"{path}#left", 0.0, 2.0, size=32).shape == (1, 32, 32, 3)
    assert half_frames(path, num_frames=3, size=32).shape == (3, 32, 32, 3)
    left, right, both = (half_frames(f"{path}{side}", 0.4, 1.6, size=96) for side in ("#left", "#right", ""))
    assert np.abs(both[0, :, :48].mean() - left.mean()) < 3 > np.abs(both[0, :, 48:].mean() - right.mean())


def test_a_cell_may_say_which_stretch_of_a_film_its_clip_is(film):
    """IEMOCAP: a turn's sound is a file of its own, its picture a stretch of the dialogue's film."""
    path, _ = film
    told = half_frames(f"{path}#left@0.4-1.6", float("nan"), float("nan"), num_frames=2, size=96)
    assert np.array_equal(told, half_frames(f"{path}#left", 0.4, 1.6, num_frames=2, size=96))
    assert not np.array_equal(told, half_frames(f"{path}#left", num_frames=2, size=96))
    with pytest.raises(ValueError, match=r"stretch 'x-2' of a film; write `film.avi#left@6.29-8.24`"):
        half_frames(f"{path}#left@x-2")


def test_a_face_in_a_picture(face, tmp_path):
    Image.fromarray(face).save(tmp_path / "face.png")
    Image.fromarray(face[:20]).save(tmp_path / "hair.png")
    crop = image_face(tmp_path / "face.png", size=40)
    assert crop.shape == (1, 40, 40, 3) and crop.dtype == np.uint8
    assert np.array_equal(crop, crop_faces([face], [detect_face(face)], 40))
    with pytest.raises(BadMedia, match=r"^no face found$"):
        image_face(tmp_path / "hair.png")
    with pytest.raises(BadMedia, match="missing file"):
        image_face(tmp_path / "none.png")


@pytest.fixture
def half_empty(face, tmp_path):
    """30 frames of which the first 15 show a wall; and a film of nothing else."""
    wall = np.random.default_rng(0).integers(100, 140, (15, 96, 96, 3), dtype=np.uint8)
    write_clip(tmp_path / "late.mp4", np.concatenate([wall, np.repeat(face[None], 15, axis=0)]), SILENCE)
    write_clip(tmp_path / "wall.mp4", wall, SILENCE)
    return tmp_path


def test_frames_without_a_face_are_counted(half_empty, clip):
    counted = frames_without_face(half_empty / "late.mp4", num_frames=6)
    assert counted.tolist() == [3] and counted.shape == (1,)
    assert frames_without_face(half_empty / "wall.mp4", num_frames=4).tolist() == [4]
    assert frames_without_face(clip).tolist() == [0]


def toy_corpus(folder, medium: str, names: list[str]) -> Corpus:
    clips = toys.corpus().clips[: len(names)].drop(columns="text", errors="ignore")
    return Corpus("toy", toys.EMOTIONS, {}, clips.assign(**{medium: [str(folder / name) for name in names]}))


def test_the_table_of_a_corpus_of_films(half_empty, clip, empty_cache):
    (half_empty / "empty.mp4").touch()
    corpus = toy_corpus(half_empty, "video", ["late.mp4", "wall.mp4", "empty.mp4", str(clip)])
    assert face_table(corpus, num_frames=6, jobs=1).iloc[0].to_dict() == {
        "corpus": "toy",
        "medium": "video",
        "detector": "haar",
        "clips": 3,
        "frames": 18,
        "frames_without_face": 9,
        "clips_without_face": 1,
        "unreadable": 1,
    }


def test_the_table_of_a_corpus_of_pictures(face, tmp_path, empty_cache):
    Image.fromarray(face).save(tmp_path / "face.png")
    Image.fromarray(np.full_like(face, 90)).save(tmp_path / "wall.png")
    row = face_table(toy_corpus(tmp_path, "image", ["face.png", "wall.png"]), jobs=1).iloc[0]
    assert row[["clips", "frames", "frames_without_face", "clips_without_face"]].tolist() == [2, 2, 1, 1]


def test_a_table_needs_pictures_and_a_known_detector(tmp_path, empty_cache):
    with pytest.raises(ValueError, match="toy has neither video nor image"):
        face_table(toy_corpus(tmp_path, "audio", ["a.wav"]))
    with pytest.raises(ValueError, match="detector is 'dlib'"):
        face_table(toy_corpus(tmp_path, "image", ["a.png"]), detector="dlib")
