"""Writing a rendered clip as an ordinary video file."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

AAC_FRAME = 1024  # samples


def write_clip(path: str | Path, frames: np.ndarray, wave: np.ndarray, rate: int = 16000, fps: int = 15) -> None:
    """Write picture and sound into one .mp4, byte for byte the same each time.

    `frames` is uint8 (T, H, W, 3) RGB with even H and W, `wave` float32 (N,) in [-1, 1]. MPEG-4 part 2 and not
    H.264, because libx264 does not repeat itself byte for byte by default. Raises ValueError for arrays of another
    shape or type.
    """
    frames, wave = np.ascontiguousarray(frames), np.ascontiguousarray(wave, dtype=np.float32)
    if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[3] != 3 or not len(frames):
        raise ValueError(f"frames are {frames.dtype} {frames.shape}; give uint8 (T, H, W, 3) with T >= 1")
    if wave.ndim != 1 or not len(wave):
        raise ValueError(f"wave is {wave.shape}; give one channel (N,) with N >= 1")
    with av.open(str(path), "w", format="mp4", options={"fflags": "+bitexact"}) as container:
        picture = _picture_stream(container, frames.shape[2], frames.shape[1], fps)
        coder = {"aac_coder": "fast"}  # the default searches five times as long for nothing that one hears
        sound = container.add_stream("aac", rate=rate, layout="mono", options=coder)
        sound.bit_rate = 96_000
        for number, array in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(array, format="rgb24")
            frame.pts = number
            container.mux(picture.encode(frame))
        container.mux(picture.encode(None))
        for first in range(0, len(wave), AAC_FRAME):
            container.mux(sound.encode(_sound_frame(wave[first : first + AAC_FRAME], first, rate)))
        container.mux(sound.encode(None))


def _picture_stream(container, width: int, height: int, fps: int):
    stream = container.add_stream("mpeg4", rate=fps, width=width, height=height, pix_fmt="yuv420p")
    stream.codec_context.qmin, stream.codec_context.qmax = 2, 4  # near lossless to the eye
    stream.codec_context.gop_size = fps  # a key frame each second: seeking in a film stays cheap
    stream.codec_context.thread_count = 1
    stream.bit_rate = 4_000_000
    return stream


def _sound_frame(samples: np.ndarray, first: int, rate: int) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = rate, first, Fraction(1, rate)
    return frame
