"""Finding and cutting out faces, and what happens where there is none."""

import numpy as np
import pytest

from emostudy.corpora.emosynth.face import draw_clip, draw_face, draw_face_traits
from emostudy.corpora.emosynth.media import write_clip
from emostudy.features.faces import crop_faces, detect_face, face_crops, frame_times
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
