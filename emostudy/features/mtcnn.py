"""MTCNN, a face detector of three small networks, where its package is installed: `pip install facenet-pytorch`.

Zhang et al. (2016), in the implementation of facenet-pytorch 2.6, whose weights come with the package. That release asks for
old numpy, torch and Pillow; beside this project's it is installed with `pip install --no-deps facenet-pytorch`.
"""

from functools import cache

import cv2
import numpy as np

SMALLEST_FACE = 24  # pixels, as for the other detector


def mtcnn_boxes(frame: np.ndarray, scale: float) -> np.ndarray:
    """Boxes (N, 4) of the faces in a uint8 (H, W, 3) RGB frame shrunk by `scale`: x, y, width and height in its pixels.

    What lies outside the picture is cut off.

    Raises:
        ValueError: the package is not there, or does not fit what is installed beside it.
    """
    if scale < 1:
        frame = cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    found, _ = _network().detect(frame)  # corners (N, 4), or None without a face; they may lie outside
    if found is None:
        return np.zeros((0, 4))
    height, width = frame.shape[:2]
    corners = np.clip(np.asarray(found, np.float64), 0, [width, height, width, height])
    boxes = np.hstack([corners[:, :2], corners[:, 2:] - corners[:, :2]])
    return boxes[(boxes[:, 2:] >= 1).all(axis=1)]


@cache  # loading takes a second: once per process
def _network():
    import emostudy.models  # noqa: F401 (lets torchvision, which the package imports, be imported beside a CPU build of torch)

    try:
        from facenet_pytorch import MTCNN
    except ImportError as error:
        raise ValueError(
            f"detector 'mtcnn' needs the package facenet-pytorch ({error}): run `pip install --no-deps facenet-pytorch`, "
            "or take detector 'haar'"
        ) from None
    network = MTCNN(min_face_size=SMALLEST_FACE, keep_all=True, device="cpu")
    try:
        network.detect(np.random.default_rng(0).integers(0, 256, (96, 96, 3), dtype=np.uint8))
    except (NotImplementedError, RuntimeError, TypeError) as error:
        raise ValueError(
            f"facenet-pytorch does not work beside the torch and torchvision installed here ({' '.join(str(error).split())[:120]}): "
            "install both from the same index, or take detector 'haar'"
        ) from None
    return network
