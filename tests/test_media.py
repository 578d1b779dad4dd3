"""Reading and writing media: alignment, repeatability, and every kind of damage."""

import av
import numpy as np
import pytest
import soundfile
import soxr

from emostudy.corpora.emosynth.media import write_clip
from emostudy.features.media import BadMedia, duration, half, read_audio, read_frames

RATE, FPS = 16000, 15


@pytest.fixture(scope="module")
def wave() -> np.ndarray:
    """2.3 s of noise in syllables, in the band of a voice, float32 (36800,)."""
    rng = np.random.default_rng(0)
    noise = np.convolve(rng.standard_normal(int(2.3 * RATE)), np.ones(6) / 6, "same")
    return (0.3 * noise * np.abs(np.sin(np.arange(len(noise)) / 2500))).astype(np.float32)


@pytest.fixture(scope="module")
def frames() -> np.ndarray:
    """35 frames that tell their number by their brightness."""
    return np.repeat(np.arange(35, dtype=np.uint8) * 6 + 20, 96 * 96 * 3).reshape(35, 96, 96, 3)


@pytest.fixture(scope="module")
def clip(tmp_path_factory, frames, wave):
    path = tmp_path_factory.mktemp("media") / "clip.mp4"
    write_clip(path, frames, wave)
    return path


def numbers(frames) -> list[int]:
    return [round((float(frame.mean()) - 20) / 6) for frame in frames]


def lag_and_correlation(a: np.ndarray, b: np.ndarray) -> tuple[int, float]:
    """Shift of b against a in samples (at most 10 ms), and the correlation there."""
    length, most = min(len(a), len(b)), 160
    middle = a[most : length - most]
    scores = [np.corrcoef(middle, b[most + k : length - most + k])[0, 1] for k in range(-most, most + 1)]
    return int(np.argmax(scores)) - most, max(scores)


def test_sound_survives_the_round_trip_in_place(clip, wave):
    sound = read_audio(clip)
    lag, correlation = lag_and_correlation(wave, sound)
    assert sound.dtype == np.float32 and abs(len(sound) - len(wave)) <= 0.003 * RATE
    assert abs(lag) < 0.003 * RATE and correlation > 0.95


@pytest.mark.parametrize("start, end", [(0.5, 1.5), (0.1, 0.7), (1.9, 2.3)])
def test_a_window_of_sound_is_cut_where_asked(clip, wave, start, end):
    sound = read_audio(clip, start, end)
    lag, correlation = lag_and_correlation(wave[int(start * RATE) : int(end * RATE)], sound)
    assert len(sound) == round((end - start) * RATE)
    assert abs(lag) < 0.003 * RATE and correlation > 0.95


def test_nan_means_the_whole_file(clip):
    assert np.array_equal(read_audio(clip, float("nan"), float("nan")), read_audio(clip))


def test_frames_are_the_nearest_in_any_order(clip):
    times = [30.2 / FPS, 0.0, 7.4 / FPS, 7.6 / FPS, 34.3 / FPS]
    assert numbers(read_frames(clip, times)) == [30, 0, 7, 8, 34]


def test_frames_far_apart_are_sought(tmp_path):
    path = tmp_path / "film.mp4"
    film = np.repeat((np.arange(40 * FPS) // FPS * 6 + 20).astype(np.uint8), 16 * 16 * 3).reshape(-1, 16, 16, 3)
    write_clip(path, film, np.random.default_rng(0).standard_normal(40 * RATE) * 0.1)
    assert numbers(read_frames(path, [38.5, 2.5, 20.5])) == [38, 2, 20]
    assert len(read_audio(path, 30.25, 31.5)) == 1.25 * RATE


def test_the_same_bytes_twice(tmp_path, frames, wave, clip):
    write_clip(tmp_path / "again.mp4", frames, wave)
    assert (tmp_path / "again.mp4").read_bytes() == clip.read_bytes()


@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_plain_audio_comes_back_as_written(tmp_path, wave, suffix):
    soundfile.write(tmp_path / f"a.{suffix}", wave, RATE)
    assert np.allclose(read_audio(tmp_path / f"a.{suffix}"), wave, atol=1e-4)


def test_plain_audio_is_resampled_and_averaged(tmp_path, wave):
    stereo = np.stack([wave, np.zeros_like(wave)], axis=1)
    soundfile.write(tmp_path / "a.wav", stereo, RATE, subtype="FLOAT")
    assert np.allclose(read_audio(tmp_path / "a.wav"), wave / 2, atol=1e-6)
    assert len(read_audio(tmp_path / "a.wav", rate=8000)) == len(wave) // 2
    assert np.allclose(read_audio(tmp_path / "a.wav", 0.5, 0.75), wave[8000:12000] / 2, atol=1e-6)


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "clip.mp4"])
def test_duration(tmp_path, clip, wave, name):
    path = clip if name == "clip.mp4" else tmp_path / name
    if path is not clip:
        soundfile.write(path, wave, RATE)
    assert duration(path) == pytest.approx(2.3, abs=0.05)


def damaged(kind: str, folder, clip, wave):
    """A file with one kind of damage."""
    path = folder / {"text.wav": "a.wav", "text.mp4": "a.mp4"}.get(kind, kind)
    name = path.stem
    if kind.startswith("text"):
        path.write_text("dear listener, this is no sound\n" * 40)
    elif name == "empty":
        path.touch()
    elif kind == "cut.mp4":
        path.write_bytes(clip.read_bytes()[:9000])
    elif name == "cut":
        soundfile.write(path, wave, RATE)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    elif name == "silent":
        soundfile.write(path, np.zeros(RATE), RATE)
    elif name == "nan":
        soundfile.write(path, np.where(np.arange(RATE) == 500, np.nan, wave[:RATE]), RATE, subtype="FLOAT")
    return path


@pytest.mark.parametrize(
    "kind, reason",
    [
        ("text.wav", "not readable as media"),
        ("text.mp4", "not readable as media"),
        ("empty.wav", "empty file"),
        ("empty.mp4", "empty file"),
        ("cut.wav", "truncated"),
        ("cut.flac", "truncated"),
        ("cut.mp4", "truncated"),
        ("silent.wav", "silent"),
        ("nan.wav", "samples that are not numbers"),
        ("missing.wav", "missing file"),
    ],
)
def test_each_damage_has_its_reason(tmp_path, clip, wave, kind, reason):
    with pytest.raises(BadMedia, match=f"^{reason}$"):
        read_audio(damaged(kind, tmp_path, clip, wave))


@pytest.mark.parametrize("kind", ["text.mp4", "empty.mp4", "cut.mp4"])
def test_damage_is_told_by_frames_and_duration_too(tmp_path, clip, wave, kind):
    path = damaged(kind, tmp_path, clip, wave)
    for read in (duration, lambda p: read_frames(p, [0.5])):
        with pytest.raises(BadMedia):
            read(path)


def test_a_film_cut_off_behind_its_index_is_truncated(tmp_path, clip):
    """An index at the front (as films for the web have it) promises what is no longer there."""
    path = tmp_path / "web.mp4"
    with av.open(str(clip)) as source, av.open(str(path), "w", options={"movflags": "+faststart"}) as target:
        streams = {s.index: target.add_stream_from_template(s) for s in source.streams}
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                target.mux(packet)
    assert len(read_audio(path)) > 0
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    for read in (read_audio, lambda p: read_frames(p, [2.2])):
        with pytest.raises(BadMedia, match="truncated"):
            read(path)


def test_missing_streams(tmp_path, frames, wave):
    mute, blind = tmp_path / "mute.mp4", tmp_path / "blind.mp4"
    with av.open(str(mute), "w") as container:
        stream = container.add_stream("mpeg4", rate=FPS, width=96, height=96, pix_fmt="yuv420p")
        container.mux(stream.encode(av.VideoFrame.from_ndarray(frames[0], format="rgb24")))
        container.mux(stream.encode(None))
    with av.open(str(blind), "w") as container:
        stream = container.add_stream("aac", rate=RATE, layout="mono")
        sound = av.AudioFrame.from_ndarray(wave[None, :1024], format="fltp", layout="mono")
        sound.sample_rate = RATE
        container.mux(stream.encode(sound))
        container.mux(stream.encode(None))
    with pytest.raises(BadMedia, match="no audio stream"):
        read_audio(mute)
    with pytest.raises(BadMedia, match="no video stream"):
        read_frames(blind, [0.0])


@pytest.mark.parametrize("layout, channels", [("5.1", 6), ("7.1", 8)])
def test_films_with_many_channels(tmp_path, wave, layout, channels):
    path = tmp_path / "cinema.mp4"
    middle = np.zeros((len(wave), channels), np.int16)
    middle[:, 2] = wave * 2**15  # speech comes from the loudspeaker in the centre
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=RATE, layout=layout)
        for first in range(0, len(wave), 1024):
            part = middle[first : first + 1024].reshape(1, -1)
            sound = av.AudioFrame.from_ndarray(part, format="s16", layout=layout)
            sound.sample_rate, sound.pts = RATE, first
            container.mux(stream.encode(sound))
        container.mux(stream.encode(None))
    lag, correlation = lag_and_correlation(wave, read_audio(path))
    assert abs(lag) < 0.003 * RATE and correlation > 0.95


def test_a_window_behind_the_end_is_bad_media_and_a_reversed_one_an_error(clip):
    with pytest.raises(BadMedia, match="no sound after"):
        read_audio(clip, 50.0, 51.0)
    with pytest.raises(ValueError, match="start < end"):
        read_audio(clip, 2.0, 1.0)


def test_random_damage_raises_nothing_else(tmp_path, clip, wave):
    rng = np.random.default_rng(3)
    soundfile.write(tmp_path / "a.wav", wave, RATE)
    soundfile.write(tmp_path / "a.flac", wave, RATE)
    for number in range(45):
        source = (clip, tmp_path / "a.wav", tmp_path / "a.flac")[number % 3]
        content = bytearray(source.read_bytes())
        for at in rng.integers(0, len(content), 30):
            content[at] = rng.integers(256)
        path = tmp_path / f"damaged{source.suffix}"
        path.write_bytes(content[: rng.integers(1, len(content))] if number % 2 else content)
        for read in (read_audio, duration, lambda p: read_frames(p, [0.3, 2.0])):
            try:
                read(path)
            except BadMedia as error:
                assert len(str(error)) < 60


@pytest.mark.parametrize(
    "shape, samples", [((3, 96, 96), 100), ((0, 96, 96, 3), 100), ((3, 96, 96, 3), 0)], ids=["flat", "none", "mute"]
)
def test_writing_refuses_what_is_no_clip(tmp_path, shape, samples):
    with pytest.raises(ValueError, match="give"):
        write_clip(tmp_path / "x.mp4", np.zeros(shape, np.uint8), np.zeros(samples, np.float32))


@pytest.mark.parametrize("suffix, video", [("avi", "mpeg4"), ("flv", "flv1")])
def test_films_as_publishers_have_them(tmp_path, frames, wave, suffix, video):
    """AVI (IEMOCAP, MSP-IMPROV) and Flash (CREMA-D), with sound of 44.1 kHz, stereo."""
    path, loud = tmp_path / f"film.{suffix}", np.repeat(soxr.resample(wave, RATE, 44100), 2)  # left, right, left ...
    with av.open(str(path), "w") as container:
        picture = container.add_stream(video, rate=FPS, width=96, height=96, pix_fmt="yuv420p")
        picture.bit_rate = 2_000_000
        sound = container.add_stream("pcm_s16le", rate=44100, layout="stereo")
        for number, array in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(array, format="rgb24")
            frame.pts = number
            container.mux(picture.encode(frame))
        container.mux(picture.encode(None))
        for first in range(0, len(loud), 2048):
            part = (loud[None, first : first + 2048] * 2**15).astype(np.int16)
            piece = av.AudioFrame.from_ndarray(part, format="s16", layout="stereo")
            piece.sample_rate, piece.pts = 44100, first // 2
            container.mux(sound.encode(piece))
        container.mux(sound.encode(None))
    assert numbers(read_frames(path, [10.4 / FPS, 30.4 / FPS])) == [10, 30]
    heard = read_audio(path, 0.5, 1.5)
    lag, correlation = lag_and_correlation(wave[RATE // 2 : 3 * RATE // 2], heard)
    assert len(heard) == RATE and abs(lag) < 0.003 * RATE and correlation > 0.95
    assert duration(path) == pytest.approx(2.3, abs=0.1)


@pytest.fixture
def pair(tmp_path):
    """A film whose left half is dark and whose right half is bright, 98 pixels wide."""
    film = np.full((15, 32, 98, 3), 40, np.uint8)
    film[:, :, 49:] = 200
    write_clip(tmp_path / "pair.mp4", film, np.random.default_rng(0).normal(0, 0.1, RATE).astype(np.float32))
    return tmp_path / "pair.mp4"


def test_a_cell_names_half_of_the_picture(pair):
    left, right, both = (read_frames(f"{pair}{side}", [0.5])[0] for side in ("#left", "#right", ""))
    assert left.shape == right.shape == (32, 49, 3) and both.shape == (32, 98, 3)
    assert abs(left.mean() - 40) < 5 and abs(right.mean() - 200) < 5
    assert np.array_equal(np.hstack([left, right]), both) and left.base is None
    with pytest.raises(ValueError, match=r"half 'middle' of a picture; write `film\.avi#left`"):
        read_frames(f"{pair}#middle", [0.5])


def test_half_a_picture_has_the_sound_and_the_length_of_the_whole(pair):
    assert np.array_equal(read_audio(f"{pair}#left"), read_audio(pair))
    assert duration(f"{pair}#right") == duration(pair)
    with pytest.raises(BadMedia, match="missing file"):
        duration(f"{pair.with_name('none.mp4')}#left")


def test_halves_of_an_odd_width_are_as_wide_as_each_other():
    frame = np.arange(5)[None, :, None].repeat(3, axis=2)
    assert [half(frame, side)[0, :, 0].tolist() for side in ("left", "right", "")] == [[0, 1], [3, 4], [0, 1, 2, 3, 4]]
    with pytest.raises(BadMedia, match="one pixel wide"):
        half(frame[:, :1], "left")
