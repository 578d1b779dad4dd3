"""Reading pictures: what comes back, and what is said of damaged ones."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from emostudy.features import Feature, images
from emostudy.features.extract import extract
from emostudy.features.images import face_pixels, read_image
from emostudy.features.media import BadMedia

COLOURS = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)


def saved(path: Path, array: np.ndarray = COLOURS, **options) -> str:
    Image.fromarray(array).save(path, **options)
    return str(path)


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tiff", ".ppm"])
def test_a_picture_comes_back_as_it_was_saved(tmp_path, suffix):
    assert (read_image(saved(tmp_path / f"a{suffix}")) == COLOURS).all()


@pytest.mark.parametrize("suffix", [".png", ".tiff", ".jpg"])
def test_grey_becomes_rgb(tmp_path, suffix):
    picture = read_image(saved(tmp_path / f"a{suffix}", np.full((4, 6), 77, np.uint8)))
    assert picture.dtype == np.uint8 and picture.shape == (4, 6, 3) and (picture == 77).all()


def test_sixteen_bits_become_eight(tmp_path):
    deep = np.array([[0, 256, 0xFFFF]], np.uint16)
    for suffix in (".png", ".tiff"):
        assert read_image(saved(tmp_path / f"a{suffix}", deep))[0, :, 0].tolist() == [0, 1, 255]


def test_transparency_palette_and_one_bit_become_rgb(tmp_path):
    image = Image.fromarray(COLOURS)
    image.convert("RGBA").save(tmp_path / "a.png")
    image.convert("P").save(tmp_path / "p.gif")
    image.convert("1").save(tmp_path / "b.png")
    for name in ("a.png", "p.gif", "b.png"):
        assert read_image(str(tmp_path / name)).shape == (5, 7, 3)


def test_what_the_camera_turned_is_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # turn a quarter clockwise to see it
    path = saved(tmp_path / "a.png", exif=exif)
    assert (read_image(path) == np.rot90(COLOURS, -1)).all()


def test_a_missing_and_an_empty_file_are_told(tmp_path):
    (tmp_path / "a.png").touch()
    for cell, reason in (
        (tmp_path / "b.png", "missing file"),
        (tmp_path, "missing file"),
        (tmp_path / "a.png", "empty"),
    ):
        with pytest.raises(BadMedia, match=reason):
            read_image(str(cell))


def test_no_picture_is_told(tmp_path):
    path = tmp_path / "a.jpg"
    for content in (b"GIF, or not", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", b"\0" * 999):
        path.write_bytes(content)
        with pytest.raises(BadMedia, match="not readable as a picture"):
            read_image(str(path))


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tiff", ".bmp"])
def test_a_truncated_picture_is_told(tmp_path, suffix):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    path = Path(saved(tmp_path / f"a{suffix}", noise))
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    with pytest.raises(BadMedia, match="truncated" if suffix != ".tiff" else "truncated|not readable as a picture"):
        read_image(str(path))


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tiff", ".bmp", ".gif", ".webp"])
def test_whatever_the_damage_it_is_a_picture_or_bad_media(tmp_path, suffix):
    rng = np.random.default_rng(1)
    whole = np.frombuffer(
        Path(saved(tmp_path / f"a{suffix}", rng.integers(0, 256, (9, 9, 3), np.uint8))).read_bytes(), np.uint8
    )
    path, told = tmp_path / f"b{suffix}", 0
    for _ in range(150):
        damaged = whole.copy()
        damaged[rng.integers(0, len(whole), 3)] = rng.integers(0, 256, 3)
        path.write_bytes(damaged[: rng.integers(1, len(whole) + 1)].tobytes())
        try:
            assert read_image(str(path)).ndim == 3
        except BadMedia as error:
            told += len(str(error)) > 0
    assert told > 20


@pytest.mark.parametrize(("side", "times"), [(10_000, 10_000), (60_000, 60_000)])
def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path, side, times):
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", side, times, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(b"\0" * 99)),
        (b"IEND", b""),
    ]
    body = b"".join(struct.pack(">I", len(c)) + n + c + struct.pack(">I", zlib.crc32(n + c)) for n, c in chunks)
    (tmp_path / "bomb.png").write_bytes(b"\x89PNG\r\n\x1a\n" + body)
    with pytest.raises(BadMedia, match="more than 89 million pixels"):
        read_image(str(tmp_path / "bomb.png"))


def pixel_table(path: Path, *rows: str) -> Path:
    path.write_text("\n".join(["emotion, Usage, pixels", *rows]) + "\n")
    return path


def test_a_row_of_pixels_is_a_grey_picture(tmp_path):
    path = pixel_table(tmp_path / "a.csv", "0,Training,0 1 2 255", "1,Training,9 8 7 6 5 4 3 2 1")
    assert read_image(f"{path}#0").tolist() == [[[0] * 3, [1] * 3], [[2] * 3, [255] * 3]]
    assert read_image(f"{path}#1")[..., 2].tolist() == [[9, 8, 7], [6, 5, 4], [3, 2, 1]]


def test_a_table_is_indexed_once_and_again_when_it_changed(tmp_path):
    images._index.cache_clear()
    path = pixel_table(tmp_path / "a.csv", *(f"0,Training,{n} {n} {n} {n}" for n in range(200)))
    assert [read_image(f"{path}#{n}")[0, 0, 0] for n in range(0, 200, 7)] == list(range(0, 200, 7))
    assert images._index.cache_info().misses == 1
    pixel_table(path, "0,Training,1 2 3", "0,Training,42 42 42 42")
    assert read_image(f"{path}#1")[0, 0, 0] == 42 and images._index.cache_info().misses == 2


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("0,Training,1 2 3", "3 pixels are no square"),
        ("0,Training,", "0 pixels are no square"),
        ("0,Training", "pixels that are not numbers"),
        ("0,Training,1 2 x 4", "pixels that are not numbers"),
        ("0,Training,1 2 3 256", "pixels beyond 0 to 255"),
        ("0,Training,1 2 3 -1", "pixels beyond 0 to 255"),
        ("0,Training,1 2 3 99999999999999999999999", "pixels that are not numbers"),
        ('0,Training,"' + "1" * 200_000, "a row that is no csv"),
    ],
)
def test_a_bad_row_is_told(tmp_path, row, reason):
    path = pixel_table(tmp_path / "a.csv", row, "0,Training,1 1 1 1")
    with pytest.raises(BadMedia, match=reason):
        read_image(f"{path}#0")
    assert read_image(f"{path}#1").shape == (2, 2, 3)


def test_a_row_or_a_column_that_is_not_there_is_told(tmp_path):
    path = pixel_table(tmp_path / "a.csv", "0,Training,1 1 1 1")
    for key in ("1", "-1", "x", "1.0", "²"):
        with pytest.raises(BadMedia, match=f"no row {key}"):
            read_image(f"{path}#{key}")
    (tmp_path / "b.csv").write_text("emotion,Usage\n0,Training\n")
    with pytest.raises(BadMedia, match="without a column 'pixels'"):
        read_image(f"{tmp_path / 'b.csv'}#0")


def test_face_pixels_resizes_the_whole_picture(tmp_path):
    path = saved(tmp_path / "a.png", np.kron(np.array([[0, 200], [100, 50]], np.uint8), np.ones((48, 30), np.uint8)))
    small, large = face_pixels(path, float("nan"), float("nan"), size=2), face_pixels(path, size=200)
    assert small.dtype == np.uint8 and small[0, ..., 0].tolist() == [[0, 200], [100, 50]]
    assert large.shape == (1, 200, 200, 3) and large[0, 199, 0, 0] == 100
    whole = saved(tmp_path / "b.png", np.random.default_rng(0).integers(0, 256, (48, 48, 3), np.uint8))
    assert (face_pixels(whole)[0] == read_image(whole)).all()
    with pytest.raises(ValueError, match="size is 0"):
        face_pixels(path, size=0)


def test_extraction_takes_pictures_and_rows_and_tells_of_bad_ones(tmp_path, corpus, monkeypatch):
    monkeypatch.setenv("EMOSTUDY_CACHE", str(tmp_path / "cache"))
    table = pixel_table(tmp_path / "a.csv", "0,Training,1 2 3 4", "0,Training,5 6 7")
    cells = [saved(tmp_path / "a.png"), f"{table}#0", f"{table}#1", str(tmp_path / "gone.png")]
    clips = corpus.clips.assign(image=[*cells, *[None] * (len(corpus) - 4)])
    whole = type(corpus)(corpus.name, corpus.emotions, corpus.card, clips)
    found = extract(whole, Feature("pixels", "image", face_pixels, {"size": 8}), jobs=1, progress=False)
    assert found.values.shape == (2, 1, 8, 8, 3) and found.values.dtype == np.uint8
    assert found.left_out.reason.tolist()[0] == "3 pixels are no square" and len(found.left_out) == 2
