"""Sound and pictures out of ordinary media files, and one exception for every way in which a file can be damaged.

A cell of the clip table names the file, and may name a half of its picture: `dialogue.avi#left` (IEMOCAP, where two people
share a frame). Files are decoded as streams: what a function holds does not grow with the length of the film.
"""

from __future__ import annotations

import math
import os
import re
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import av
import numpy as np
import soundfile
import soxr

from emostudy.corpora.corpus import file_and_key

PLAIN_AUDIO = frozenset({".wav", ".flac", ".ogg", ".aif", ".aiff"})
WARM_UP = 0.25  # seconds decoded before a wanted start: AAC frames overlap, so the first one after a seek is wrong
SEEK_AFTER = 5.0  # a gap between wanted times (seconds) from which seeking is cheaper than decoding on
TOLERANCE = 0.5  # seconds by which a stream may end before its header says so; headers round and streams differ
RATES = (1_000, 768_000)  # Hz; a header beyond them is wrong, and resampling by it would fill the memory
LATEST = 600.0  # seconds from the start within which sound must begin: silence of any length would be put before it
FRAME = 0.2  # seconds; longer than one frame of any audio codec

av.logging.set_level(av.logging.PANIC)  # what is wrong with a file is told by BadMedia, not by lines on stderr


class BadMedia(ValueError):
    """A file that cannot give what was asked of it; the message is the reason, short enough for a table."""


def read_audio(cell: str | Path, start: float | None = None, end: float | None = None, rate: int = 16000) -> np.ndarray:
    """Sound between `start` and `end` (seconds; None = the file's own), channels averaged.

    Returns float32 (T,) in [-1, 1] at `rate` Hz. Raises BadMedia for a file that is missing, empty, truncated, silent
    (all samples equal), or holds no audio stream or samples that are not numbers.
    """
    path, start, end = _file(cell), *_window(start, end)
    with _damage_told(path):
        plain = Path(path).suffix.lower() in PLAIN_AUDIO
        wave, file_rate = (_read_plain if plain else _read_container)(path, start, end)
    if not RATES[0] <= file_rate <= RATES[1]:
        raise BadMedia(f"sample rate of {file_rate} Hz")
    if not len(wave):
        raise BadMedia(f"no sound after {start:.2f} s")
    if not np.isfinite(wave).all():
        raise BadMedia("samples that are not numbers")
    if np.ptp(wave) == 0:
        raise BadMedia("silent")
    if file_rate != rate:
        wave = soxr.resample(wave, file_rate, rate)
    if max(wave.max(), -wave.min()) > 1:
        wave = np.clip(wave, -1.0, 1.0)
    return wave.astype(np.float32, copy=False)  # (T,)


def read_frames(cell: str | Path, times: Sequence[float]) -> list[np.ndarray]:
    """The frame nearest to each time (seconds from the file's start), in the order of `times`, in one pass.

    Returns uint8 (H, W, 3) RGB each, or (H, W // 2, 3) of a cell that names a side. Raises BadMedia for a damaged file, one
    without video stream, or one whose picture ends half a second before its header and the times want it.
    """
    times = [float(t) for t in times]
    if not all(math.isfinite(t) and t >= 0 for t in times):
        raise ValueError(f"times are {times}; each must be a finite number of seconds from 0 on")
    path, side = _file(cell), side_of(cell)
    order = sorted(range(len(times)), key=times.__getitem__)
    frames: list = [None] * len(times)
    with _damage_told(path), av.open(str(path)) as container:
        stream = _only(container.streams.video, "video")
        wanted = [times[i] for i in order]
        for i, frame in zip(order, _nearest_frames(container, stream, wanted), strict=True):
            frames[i] = half(frame.to_ndarray(format="rgb24"), side)
    return frames


def side_of(cell: str | Path) -> str:
    """Which half of the picture a cell names: "left", "right", or "" for all of it. ValueError for another word."""
    side = file_and_key(str(cell))[1].partition("@")[0]
    if side not in ("", "left", "right"):
        raise ValueError(f"half {side!r} of a picture; write `film.avi#left`, `film.avi#right` or `film.avi`")
    return side


def window_of(cell: str | Path, start: float | None, end: float | None) -> tuple[float | None, float | None]:
    """Where in a film a clip lies (seconds): as its cell says, `dialogue.avi#left@6.29-8.24`, else from `start` to `end`.

    A dialogue's film holds many turns, while each turn's sound may be a file of its own: one start and end cannot serve both.
    """
    stretch = file_and_key(str(cell))[1].partition("@")[2]
    if not stretch:
        return start, end
    found = re.fullmatch(r"(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)", stretch)
    if not found:
        raise ValueError(f"stretch {stretch!r} of a film; write `film.avi#left@6.29-8.24`, in seconds")
    return float(found[1]), float(found[2])


def half(frame: np.ndarray, side: str) -> np.ndarray:
    """The left or right half of a frame (H, W, 3), as wide as each other: (H, W // 2, 3), a copy; the frame itself for ""."""
    middle = frame.shape[1] // 2
    if middle == 0 and side:
        raise BadMedia("a picture one pixel wide, which has no halves")
    return frame if not side else (frame[:, :middle] if side == "left" else frame[:, -middle:]).copy()


def duration(cell: str | Path) -> float:
    """Length of the file in seconds as its header states it. Raises BadMedia for a damaged file."""
    path = _file(cell)
    with _damage_told(path):
        if Path(path).suffix.lower() in PLAIN_AUDIO:
            info = soundfile.info(str(path))
            return info.frames / info.samplerate
        with av.open(str(path)) as container:
            if container.duration is None:
                raise BadMedia("no duration in the header")
            return container.duration / av.time_base


def _file(cell: str | Path) -> str:
    return file_and_key(str(cell))[0]


@contextmanager
def _damage_told(path: str | Path) -> Iterator[None]:
    """Turn whatever the decoders raise into BadMedia."""
    path = Path(path)
    if not os.path.isfile(path):  # unlike Path.is_file, it takes any name
        raise BadMedia("missing file")
    if path.stat().st_size == 0:
        raise BadMedia("empty file")
    try:
        yield
    except BadMedia:
        raise
    except (
        av.FFmpegError,
        soundfile.LibsndfileError,
        OSError,
        EOFError,
        ValueError,
        RuntimeError,
        MemoryError,
    ) as error:
        raise BadMedia("truncated" if _cut_short(path) else "not readable as media") from error


def _window(start: float | None, end: float | None) -> tuple[float, float]:
    """A table's start and end, where None and NaN stand for the file's own."""
    start = 0.0 if start is None or math.isnan(start) else float(start)
    end = math.inf if end is None or math.isnan(end) else float(end)
    if start < 0 or end <= start:
        raise ValueError(f"start is {start}, end is {end}; need 0 <= start < end (seconds)")
    return start, end


def _read_plain(path: str | Path, start: float, end: float) -> tuple[np.ndarray, int]:
    """Samples (T,) and rate of a file that libsndfile reads."""
    if _cut_short(Path(path)):  # libsndfile takes what is left of a .wav without a word
        raise BadMedia("truncated")
    with soundfile.SoundFile(str(path)) as file:
        first = min(round(start * file.samplerate), file.frames)
        last = file.frames if math.isinf(end) else min(round(end * file.samplerate), file.frames)
        file.seek(first)
        try:
            samples = file.read(last - first, dtype="float32", always_2d=True)  # (T, channels)
        except soundfile.LibsndfileError as error:  # the header was good: a .flac that breaks off
            raise BadMedia("truncated") from error
        if len(samples) < last - first:
            raise BadMedia("truncated")
        mono = samples[:, 0] if samples.shape[1] == 1 else samples.mean(axis=1)  # (T, channels) -> (T,)
        return mono, file.samplerate


def _cut_short(path: Path) -> bool:
    """Whether a RIFF file or an MP4 ends before its own sizes say so. Sizes of 0 and 2^32 - 1 mean 'not known'."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] == b"RIFF" and len(head) == 12:
            stated = struct.unpack("<I", head[4:8])[0]
            return stated not in (0, 2**32 - 1) and size + 1 < stated + 8  # a missing pad byte does no harm
        return head[4:8] == b"ftyp" and not _boxes_complete(file, size)


def _boxes_complete(file, size: int) -> bool:
    """Whether the top-level boxes of an MP4 fill the file and one of them is its index."""
    at, names = 0, set()
    while at + 8 <= size:
        file.seek(at)
        length, name = struct.unpack(">I4s", file.read(8))
        if length == 1:
            length = struct.unpack(">Q", file.read(8).ljust(8, b"\0"))[0]
        names.add(name)
        at = size if length == 0 else at + max(length, 8)
    return at == size and b"moov" in names


def _only(streams: Sequence, kind: str):
    """The first stream of a kind, decoded on one thread: processes run in parallel, not threads."""
    if not streams:
        raise BadMedia(f"no {kind} stream")
    if streams[0].codec_context is None:
        raise BadMedia(f"{kind} stream of an unknown codec")
    streams[0].codec_context.thread_count = 1
    return streams[0]


def _origin(container) -> float:
    """Time stamp (seconds) of the file's start: some containers do not count from 0."""
    return (container.start_time or 0) / av.time_base


def _stated_end(container, stream) -> float:
    """Where the header says that a stream ends (seconds from the file's start); 0 if it does not say."""
    if not stream.duration:
        return 0.0
    return float(((stream.start_time or 0) + stream.duration) * stream.time_base) - _origin(container)


def _seek(container, stream, time: float) -> None:
    container.seek(int((time + _origin(container)) / stream.time_base), stream=stream, backward=True)


def _read_container(path: str | Path, start: float, end: float) -> tuple[np.ndarray, int]:
    """Samples (T,) and rate of the first audio stream, decoding only what surrounds the window."""
    with av.open(str(path)) as container:
        stream = _only(container.streams.audio, "audio")
        rate, stated_end = stream.rate, _stated_end(container, stream)
        wave, first, last = _decode_sound(container, stream, start, end)
    if last + TOLERANCE < min(end, stated_end):
        raise BadMedia("truncated")
    if first - start > LATEST:
        raise BadMedia(f"sound that begins only at {first:.0f} s")
    if math.isinf(end) and 0 < last - stated_end < FRAME:
        end = stated_end  # encoders fill up the last frame with silence
    skip = round((start - first) * rate)  # negative: the sound begins later than the window, so silence leads it
    wave = wave[skip:] if skip >= 0 else np.pad(wave, (-skip, 0))
    return wave if math.isinf(end) else wave[: round((end - start) * rate)], rate


def _decode_sound(container, stream, start: float, end: float) -> tuple[np.ndarray, float, float]:
    """Samples (T,) of the frames that touch the window, the time of the first, and where decoding stopped."""
    if start > WARM_UP:
        _seek(container, stream, start - WARM_UP)
    # To floats, and of more than two channels to left and right: PyAV 18 itself crashes on arrays of eight.
    resampler = av.AudioResampler("fltp", "mono" if stream.channels == 1 else "stereo", stream.rate)
    pieces, first, last = [np.zeros(0, np.float32)], None, 0.0
    for frame in _decoded(container, stream):
        time = last if frame.pts is None else float(frame.pts * frame.time_base) - _origin(container)
        if time >= end:
            break
        last = time + frame.samples / stream.rate
        if last > start:
            first = time if first is None else first
            pieces.append(_mono(frame, resampler))
    return np.concatenate(pieces), start if first is None else first, last


def _decoded(container, stream) -> Iterator:
    """Frames of a stream to its end; a packet cut off in the middle counts as the end."""
    try:
        yield from container.decode(stream)
    except av.EOFError:
        return


def _mono(frame: av.AudioFrame, resampler: av.AudioResampler) -> np.ndarray:
    """Average of a frame's left and right, float32 (T,)."""
    parts = [part.to_ndarray() for part in resampler.resample(frame)]  # (1 or 2, T) each
    return np.concatenate(parts, axis=1).mean(axis=0) if parts else np.zeros(0, np.float32)


def _nearest_frames(container, stream, times: Sequence[float]) -> Iterator:
    """The frame nearest to each of the sorted `times`, holding two frames at once."""
    origin, stated_end = _origin(container), _stated_end(container, stream)
    frames, before, after = iter(()), None, None
    for time in times:
        if after is None or time - after[0] > SEEK_AFTER:
            _seek(container, stream, time)
            frames, before, after = container.decode(stream), None, None
        while after is None or after[0] < time:
            frame = next(frames, None)
            if frame is None:
                break
            if frame.pts is not None:
                before, after = after, (float(frame.pts * frame.time_base) - origin, frame)
        if after is None:
            raise BadMedia("truncated" if time < stated_end else "no frames")
        if after[0] + TOLERANCE < min(time, stated_end):
            raise BadMedia("truncated")
        yield min((p for p in (before, after) if p), key=lambda p: abs(p[0] - time))[1]
