"""The detector that is there only where its package is: with a stand-in of the package's own form, and without it.

Not run here with the package itself: it needs a torchvision whose compiled part fits torch. By hand it was, on drawn faces, with
torchvision's suppression of overlapping boxes replaced by one in Python.
"""

import sys
from types import ModuleType

import numpy as np
import pytest

from emostudy.features import mtcnn
from emostudy.features.faces import detect_face
from emostudy.features.mtcnn import mtcnn_boxes

PICTURE = np.full((100, 200, 3), 128, np.uint8)


class StandIn:
    """`facenet_pytorch.MTCNN`: `detect(uint8 image)` gives corners (N, 4) float and chances (N,), or None and [None]."""

    corners = None
    seen: tuple = ()

    def __init__(self, min_face_size=20, keep_all=False, device=None):
        assert min_face_size == 24 and keep_all and device == "cpu"

    def detect(self, img, landmarks=False):
        assert img.dtype == np.uint8 and img.ndim == 3 and not landmarks
        StandIn.seen = img.shape
        if StandIn.corners is None:
            return None, [None]
        return np.array(StandIn.corners, np.float32), np.full(len(StandIn.corners), 0.99, np.float32)


@pytest.fixture
def package(monkeypatch):
    """The stand-in, found where the package would be."""
    module = ModuleType("facenet_pytorch")
    module.MTCNN = StandIn
    monkeypatch.setitem(sys.modules, "facenet_pytorch", module)
    StandIn.corners = None
    mtcnn._network.cache_clear()
    yield StandIn
    mtcnn._network.cache_clear()


def test_corners_become_the_box_of_the_largest_face(package):
    package.corners = [[10.2, 20.4, 30.2, 50.4], [99.6, 10.0, 160.4, 70.0]]
    assert mtcnn_boxes(PICTURE, 1.0)[0] == pytest.approx([10.2, 20.4, 20, 30], abs=1e-3)
    assert detect_face(PICTURE, "mtcnn") == (100, 10, 61, 60)


def test_no_face_is_none(package):
    assert mtcnn_boxes(PICTURE, 1.0).shape == (0, 4) and detect_face(PICTURE, "mtcnn") is None


def test_what_lies_outside_the_picture_is_cut_off(package):
    package.corners = [[-20, -10, 40, 60], [210, 20, 260, 80]]
    assert mtcnn_boxes(PICTURE, 1.0).tolist() == [[0, 0, 40, 60]]


def test_a_large_picture_is_shrunk_and_the_box_comes_back_in_its_pixels(package):
    package.corners = [[48, 24, 96, 72]]
    assert detect_face(np.zeros((480, 960, 3), np.uint8), "mtcnn") == (96, 48, 96, 96)
    assert package.seen == (240, 480, 3)


def test_without_the_package_the_remedy_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "facenet_pytorch", None)  # as Python marks what cannot be imported
    mtcnn._network.cache_clear()
    with pytest.raises(ValueError, match=r"needs the package facenet-pytorch .*pip install --no-deps facenet-pytorch"):
        detect_face(PICTURE, "mtcnn")


def test_a_package_that_does_not_fit_is_told(package, monkeypatch):
    def broken(*args, **settings):
        raise RuntimeError("Couldn't load custom C++ ops.")

    monkeypatch.setattr(package, "detect", broken)
    with pytest.raises(ValueError, match=r"does not work beside the torch .*custom C\+\+ ops.*or take detector 'haar'"):
        detect_face(PICTURE, "mtcnn")


def test_an_unknown_detector_is_refused():
    with pytest.raises(ValueError, match=r"detector is 'dlib'; need one of \['haar', 'mtcnn'\]"):
        detect_face(PICTURE, "dlib")
