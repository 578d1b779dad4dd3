"""Pictures out of ordinary image files and out of tables of pixels; a damaged one is a BadMedia with the reason."""

from __future__ import annotations

import csv
import math
import os
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from struct import error as StructError

import cv2
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from emostudy.corpora.corpus import file_and_key
from emostudy.features.media import BadMedia

FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")  # of Pillow's, those that decode pixels and run nothing


def read_image(cell: str) -> np.ndarray:
    """The picture in a cell of the clip table: a file, or a row of a table of pixels (`fer2013.csv#12`).

    Returns uint8 (H, W, 3) RGB; grey becomes RGB, what a camera turned is upright. Raises BadMedia for a picture that is missing,
    empty, truncated, no picture, or larger than Pillow's limit against decompression bombs (89 million pixels).
    """
    path, key = file_and_key(str(cell))
    if not os.path.isfile(path):
        raise BadMedia("missing file")
    if os.path.getsize(path) == 0:
        raise BadMedia("empty file")
    return _row_picture(path, key) if key else _file_picture(path)


def face_pixels(cell: str, start: float | None = None, end: float | None = None, size: int = 48) -> np.ndarray:
    """The whole picture, resized to a square without regard to its proportions: for corpora of faces already cut out.

    Returns uint8 (1, size, size, 3) RGB, as `face_crops` of one frame. `start` and `end` have no meaning. Raises BadMedia.
    """
    if size < 1:
        raise ValueError(f"size is {size}; a picture needs at least 1 pixel a side")
    picture = read_image(cell)
    shrinks = min(picture.shape[:2]) >= size
    return cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)[None]


def _file_picture(path: str) -> np.ndarray:
    with _damage_told(), Image.open(path, formats=FORMATS) as image:
        image.load()
        upright = ImageOps.exif_transpose(image)
        if upright.mode.startswith("I"):  # 16 bits a pixel: Pillow itself would cut them off at 255
            grey = np.asarray(upright).astype(np.int64).clip(0, 65535) >> 8
            return np.repeat(grey.astype(np.uint8)[..., None], 3, axis=-1)
        return np.asarray(upright.convert("RGB"))


@contextmanager
def _damage_told() -> Iterator[None]:
    """Turn whatever Pillow raises into BadMedia, and its warnings of bombs too; other warnings say nothing of use here."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise BadMedia(f"more than {Image.MAX_IMAGE_PIXELS // 10**6} million pixels") from error
    except UnidentifiedImageError as error:
        raise BadMedia("not readable as a picture") from error
    except (OSError, SyntaxError, ValueError, LookupError, EOFError, TypeError, ArithmeticError, RuntimeError) as error:
        raise BadMedia("truncated" if "truncated" in str(error).lower() else "not readable as a picture") from error
    except (MemoryError, StructError, zlib.error) as error:
        raise BadMedia("not readable as a picture") from error


def _row_picture(path: str, key: str) -> np.ndarray:
    """A square grey picture from the column `pixels` (values 0 to 255 with spaces between, row by row) of a csv's row."""
    status = os.stat(path)
    column, starts = _index(path, status.st_mtime_ns, status.st_size)
    if not (key.isascii() and key.isdecimal() and int(key) < len(starts)):
        raise BadMedia(f"no row {key} in the table")
    with open(path, "rb") as file:
        file.seek(starts[int(key)])
        cells = _cells(file.readline())
    try:
        values = np.array(cells[column].split(), dtype=np.int64)
    except (IndexError, ValueError, OverflowError) as error:
        raise BadMedia("pixels that are not numbers") from error
    side = math.isqrt(len(values))
    if side == 0 or side * side != len(values):
        raise BadMedia(f"{len(values)} pixels are no square")
    if values.min() < 0 or values.max() > 255:
        raise BadMedia("pixels beyond 0 to 255")
    return np.repeat(values.astype(np.uint8).reshape(side, side, 1), 3, axis=-1)


@lru_cache(maxsize=4)  # by time and size: a changed table is read again
def _index(path: str, modified: int, size: int) -> tuple[int, np.ndarray]:
    """The number of the column `pixels`, and the byte at which each line after the header starts."""
    with open(path, "rb") as file:
        header = file.readline()
        names = [name.strip().lower() for name in _cells(header.removeprefix(b"\xef\xbb\xbf"))]
        if "pixels" not in names:
            raise BadMedia("a table without a column 'pixels'")
        lengths = np.array([len(line) for line in file], np.int64)
    return names.index("pixels"), len(header) + np.cumsum(lengths) - lengths


def _cells(line: bytes) -> list[str]:
    try:
        return next(csv.reader([line.decode("utf-8", errors="replace")]), [])
    except csv.Error as error:
        raise BadMedia("a row that is no csv") from error
