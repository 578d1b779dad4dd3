"""Optical flow: pictures moved by known amounts, and films of a face that moves or does not."""

import cv2
import numpy as np
import pytest

from emostudy.corpora.emosynth.face import draw_face, draw_face_traits
from emostudy.corpora.emosynth.media import write_clip
from emostudy.features.clips import cut, face_film, steady_box
from emostudy.features.faces import detect_face
from emostudy.features.flow import METHODS, face_flow, flow, motion_histogram, pair_times
from emostudy.features.media import BadMedia

SILENCE = np.zeros(16000, np.float32)
RIGHT, DOWN, LEFT, UP = 1, 3, 5, 7  # columns of a motion histogram of eight directions; 0 is the speed


@pytest.fixture(scope="module")
def texture() -> np.ndarray:
    noise = np.random.default_rng(0).integers(0, 256, (80, 80), np.uint8)
    return cv2.GaussianBlur(noise, (0, 0), 2.5)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("across", "down", "column"), [(2, 0, RIGHT), (0, 2, DOWN), (-2, 0, LEFT), (0, -2, UP)])
def test_a_picture_that_is_moved_gives_that_motion(texture, method, across, down, column):
    one, other = texture[8:72, 8:72], np.roll(texture, (down, across), (0, 1))[8:72, 8:72]
    found = flow(one, other, method)
    assert found.shape == (64, 64, 2)
    assert np.median(found, axis=(0, 1)) == pytest.approx([across, down], abs=0.3)
    middle = motion_histogram(found, 3, 8)[4]
    assert middle[0] == pytest.approx(2, abs=0.4) and middle[1:].argmax() + 1 == column
    assert middle[column] > 0.8 * middle[1:].sum()


@pytest.mark.parametrize("method", METHODS)
def test_a_picture_that_stays_has_no_motion(texture, method):
    assert (
        np.abs(flow(texture, texture.copy(), method)).mean() < 0.01
    )  # pixels; Farneback's estimate errs at the border


def test_a_histogram_by_hand():
    speed = np.zeros((6, 6, 2), np.float32)
    speed[:3, 3:] = (3, 4)  # above on the right: 5, at 53 degrees, nearest to the sector of 45
    speed[3:, 0] = (-1, 0)  # below on the left a third of the pixels
    found = motion_histogram(speed, grid=2, num_bins=8)
    expected = np.zeros((4, 9))
    expected[1, [0, 2]] = 5
    expected[2, 0], expected[2, LEFT] = np.sqrt(1 / 3), 1 / 3
    assert found == pytest.approx(expected, abs=1e-6)


def film(path, shifts: list[int]):
    """15 frames a second of one drawn face, shifted to the right by so many pixels in each frame."""
    face = draw_face({12: 1.0}, draw_face_traits(np.random.default_rng(0), skin=0.4))
    write_clip(path, np.stack([np.roll(face, shift, 1) for shift in shifts]), SILENCE)
    return str(path)


@pytest.fixture(scope="module")
def films(tmp_path_factory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("flow")
    # three frames are 0.2 s: half a pixel a frame is 7.5 pixels a second
    paths = {"still": [0] * 30, "right": [i // 2 - 7 for i in range(30)], "short": [0] * 3}
    return {name: film(folder / f"{name}.mp4", shifts) for name, shifts in paths.items()}


def test_motion_of_a_film_is_in_face_widths_a_second(films):
    still, right = (face_flow(films[name]).reshape(2, 9, 9) for name in ("still", "right"))
    assert still.shape == right.shape and still.dtype == np.float32 and (right >= 0).all()
    width = detect_face(draw_face({12: 1.0}, draw_face_traits(np.random.default_rng(0), skin=0.4)))[2]
    speed = right[0, 4, 0]  # mean, middle of the face
    assert speed == pytest.approx(7.5 / width, rel=0.4) and still[0, :, 0].max() < 0.3 * speed
    assert right[0, :, 1:].sum(0).argmax() + 1 == RIGHT
    assert (right[1] >= right[0] - 1e-6).all()  # the largest is no smaller than the mean
    assert np.array_equal(face_flow(films["right"]).reshape(2, 9, 9), right)


def test_both_estimators_agree_on_a_film(films):
    found = [face_flow(films["right"], method=method)[4 * 9] for method in METHODS]
    assert found[0] == pytest.approx(found[1], rel=0.5)


def test_settings_give_the_shape(films):
    assert face_flow(films["still"], num_pairs=2, grid=2, num_bins=4).shape == (2 * 4 * 5,)


def test_times_of_pairs(films):
    times = pair_times(films["still"], 3, 0.2, 1.0, 2.0)
    assert times == pytest.approx([1.2, 1.4, 1.4, 1.6, 1.6, 1.8])
    assert pair_times(f"{films['still']}#left@1.0-2.0", 3, 0.2, float("nan"), float("nan")) == pytest.approx(times)


def test_what_gives_no_motion_is_told(films, tmp_path):
    with pytest.raises(BadMedia, match=r"not longer than 0\.2 s, too short for motion"):
        face_flow(films["still"], start=1.0, end=1.2)
    with pytest.raises(ValueError, match="method is 'flownet'; need one of"):
        face_flow(films["still"], method="flownet")
    with pytest.raises(ValueError, match="0 pairs of frames"):
        face_flow(films["still"], num_pairs=0)
    noise = np.random.default_rng(0).integers(100, 140, (15, 96, 96, 3), dtype=np.uint8)
    write_clip(tmp_path / "wall.mp4", noise, SILENCE)
    with pytest.raises(BadMedia, match="no face found in 8 frames"):
        face_flow(str(tmp_path / "wall.mp4"))
    with pytest.raises(BadMedia, match="missing file"):
        face_flow(str(tmp_path / "none.mp4"))


def test_a_film_of_a_face_has_one_box(films):
    crops = face_film(films["right"], num_frames=6, size=32)
    assert crops.shape == (6, 32, 32, 3) and crops.dtype == np.uint8
    still = face_film(films["still"], num_frames=6, size=32).astype(int)
    assert (
        np.abs(still - still[0]).mean() < 3 < np.abs(crops.astype(int) - crops[0]).mean()
    )  # the face moves, the box does not


def test_the_steady_box_is_the_middle_one():
    assert steady_box([(0, 0, 10, 10), None, (4, 2, 12, 10), (40, 40, 12, 12)]) == (4, 2, 12, 10)
    with pytest.raises(BadMedia, match="no face found in 2 frames"):
        steady_box([None, None])
    frame = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    assert np.array_equal(cut(frame, (1, 1, 2, 2), 2), frame[1:3, 1:3])
