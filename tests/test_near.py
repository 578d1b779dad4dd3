"""What counts as the same and as nearly the same."""

import av
import cv2
import numpy as np
import pytest
import soundfile
import soxr

from emostudy import near


def speech(seed: int, seconds: float = 3.0) -> np.ndarray:
    """Noise in syllables: another seed is another recording."""
    rng = np.random.default_rng(seed)
    loudness = np.interp(np.arange(int(16000 * seconds)), np.linspace(0, 16000 * seconds, 13), rng.uniform(0.02, 1, 13))
    tone = np.cumsum(np.interp(np.arange(len(loudness)), np.linspace(0, len(loudness), 9), rng.uniform(200, 1500, 9)))
    return (0.3 * loudness * (np.sin(2 * np.pi * tone / 16000) + 0.1 * rng.normal(size=len(loudness)))).astype(
        np.float32
    )


def written(path, wave, rate=16000) -> str:
    soundfile.write(path, wave, rate)
    return str(path)


def coded(path, wave, codec, rate) -> str:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout="mono")
        stream.bit_rate = 48_000
        frame = av.AudioFrame.from_ndarray(wave[None], format="fltp", layout="mono")
        frame.sample_rate, frame.pts = rate, 0
        resampler = av.AudioResampler(stream.format, "mono", rate, frame_size=stream.frame_size)
        for part in (*resampler.resample(frame), *resampler.resample(None)):
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return str(path)


def whole(function, cell):
    return function(cell, float("nan"), float("nan"))


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("  Oh, MY God!! ", "oh my god"),
        ("I’m fine.", "im fine"),
        ("I'm fine", "im fine"),
        ("...?", "...?"),
        ("ﬁne", "fine"),
    ],
)
def test_case_signs_and_blanks_make_no_other_text(text, plain):
    assert near.normalised(text) == plain


def test_near_texts_are_those_that_a_plain_comparison_finds():
    rng = np.random.default_rng(0)
    words = ["see", "you", "later", "thanks", "for", "the", "ride", "home", "a", "lot"]
    texts = {" ".join(rng.choice(words, rng.integers(1, 9))) for _ in range(300)}
    texts = sorted(texts | {text + end for text in sorted(texts)[::7] for end in ("!", " ah", " my friend")})
    sets = [near.grams(text) for text in texts]
    expected = {
        (i, j) for j in range(len(texts)) for i in range(j) if len(sets[i] & sets[j]) >= 0.8 * len(sets[i] | sets[j])
    }
    assert expected and {tuple(pair) for pair in near.like_texts(texts).tolist()} == expected


def test_a_flac_holds_the_same_samples_as_its_wav_and_another_recording_does_not(tmp_path):
    wave = np.round(speech(0) * 30000).astype(np.int16)
    one = whole(near.samples_hash, written(tmp_path / "a.wav", wave))
    assert one == whole(near.samples_hash, written(tmp_path / "a.flac", wave))
    assert one != whole(near.samples_hash, written(tmp_path / "b.wav", speech(1)))


def test_a_copy_of_other_level_rate_or_codec_is_near_and_another_recording_is_not(tmp_path):
    wave = speech(0)
    cells = [
        written(tmp_path / "a.wav", wave),
        written(tmp_path / "soft.wav", 0.1 * wave),
        written(tmp_path / "8k.wav", soxr.resample(wave, 16000, 8000), 8000),
        coded(tmp_path / "a.mp3", wave, "libmp3lame", 16000),
        coded(tmp_path / "a.m4a", wave, "aac", 16000),
        written(tmp_path / "b.wav", speech(1)),
    ]
    signatures = np.stack([whole(near.sound_signature, cell) for cell in cells])
    assert signatures.shape == (6, 768) and np.allclose(np.linalg.norm(signatures, axis=1), 1, atol=1e-5)
    assert {tuple(pair) for pair in near.like_sounds(signatures).tolist()} == {
        (i, j) for j in range(5) for i in range(j)
    }


def test_a_picture_is_near_its_jpeg_and_its_half_and_no_other(tmp_path):
    def drawn(seed):
        return cv2.resize(
            np.random.default_rng(seed).integers(0, 255, (6, 6, 3), np.uint8), (96, 96), interpolation=cv2.INTER_CUBIC
        )

    cv2.imwrite(str(tmp_path / "a.png"), drawn(0))
    cv2.imwrite(str(tmp_path / "a.bmp"), drawn(0))
    cv2.imwrite(str(tmp_path / "a.jpg"), drawn(0))
    cv2.imwrite(str(tmp_path / "half.png"), cv2.resize(drawn(0), (48, 48), interpolation=cv2.INTER_AREA))
    cv2.imwrite(str(tmp_path / "b.png"), drawn(1))
    cells = [str(tmp_path / name) for name in ("a.png", "a.bmp", "a.jpg", "half.png", "b.png")]
    hashes = np.array([whole(near.picture_difference, cell) for cell in cells])
    assert {tuple(pair) for pair in near.like_pictures(hashes).tolist()} == {(i, j) for j in range(4) for i in range(j)}
    pixels = [whole(near.picture_pixels, cell) for cell in cells]
    assert pixels[0] == pixels[1] and len(set(pixels)) == 4
