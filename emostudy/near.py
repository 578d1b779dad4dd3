"""What is the same, and what nearly the same: texts, recordings and pictures."""

import hashlib
import re
import unicodedata

import cv2
import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer
from tqdm import tqdm

from emostudy.features import Feature
from emostudy.features.faces import frame_times
from emostudy.features.librosa_once import librosa
from emostudy.features.media import read_audio, read_frames

GRAM = 5  # characters
JACCARD = 0.8
# Measured: the most alike of different recordings, second takes included, reach .9830 on RAVDESS (1 439) and .9756 on TESS (2 798),
# while copies of 60 clips of each, 20 dB softer, or by way of 8 or 44.1 kHz, or of mp3 or AAC at 32 to 96 kbit/s, keep .9968 or more.
COSINE = 0.99
# Of the 64 of a difference hash. On EmoSynth's middle frames half-sized and 1.5 times larger copies differ in at most 3 bits, 95 % of JPEGs
# of quality 70 in at most 4; but so do many drawn faces of one person, and a quarter of those of different people.
BITS = 4
SEGMENTS, BANDS = 48, 16
FLOOR = 1e-4  # 40 dB under the loudest: quieter is the codec's noise
RATE, WINDOW, HOP = 16_000, 512, 160
BLOCK = 1024


def normalised(text: str) -> str:
    """Lower case, without punctuation, one blank between words; a text of signs alone stays as it is."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    return " ".join(re.sub(r"[^\w\s]|_", "", folded).split()) or folded.strip()


def grams(text: str) -> set[str]:
    """Character 5-grams; a shorter text is one gram."""
    return {text[at : at + GRAM] for at in range(max(1, len(text) - GRAM + 1))}


def like_texts(texts: list[str], at_least: float = JACCARD) -> np.ndarray:
    """Pairs (P, 2) of texts of which the sets of 5-grams have a Jaccard index of at least `at_least`, i < j.

    Only texts that share one of their rarest grams are compared: of two sets that are so alike, the n - ceil(J n) + 1 rarest
    of each have one in common (prefix filter, Bayardo et al. 2007, Scaling up all pairs similarity search).
    """
    counts = CountVectorizer(analyzer=grams, binary=True, dtype=np.int32).fit_transform(texts)
    rank = np.empty(counts.shape[1], np.int32)
    rank[np.argsort(np.bincount(counts.indices, minlength=len(rank)), kind="stable")] = np.arange(len(rank))
    sets = sparse.csr_matrix((counts.data, rank[counts.indices], counts.indptr), counts.shape)  # rarest gram first
    sets.sort_indices()
    sizes = np.diff(sets.indptr)
    length = sizes - np.ceil(at_least * sizes - 1e-9).astype(int) + 1
    first = np.arange(sets.nnz) - np.repeat(sets.indptr[:-1], sizes) < np.repeat(length, sizes)
    rarest = sparse.csr_matrix((sets.data * first, sets.indices, sets.indptr), sets.shape, copy=True)
    rarest.eliminate_zeros()
    turned, found = rarest.T.tocsr(), [np.empty((0, 2), int)]
    for start in _blocks(len(texts), "texts"):
        pairs = sparse.triu(rarest[start : start + BLOCK] @ turned, start + 1).tocoo()
        i, j = pairs.row + start, pairs.col
        alike = np.minimum(sizes[i], sizes[j]) >= at_least * np.maximum(sizes[i], sizes[j])
        found += [_alike(sets, sizes, i[alike], j[alike], at_least)]
    return np.concatenate(found)


def _alike(sets: sparse.csr_matrix, sizes: np.ndarray, i: np.ndarray, j: np.ndarray, at_least: float) -> np.ndarray:
    kept = [np.empty((0, 2), int)]
    for at in range(0, len(i), 50_000):  # of so many pairs the sets are in memory at once
        a, b = i[at : at + 50_000], j[at : at + 50_000]
        both = np.asarray(sets[a].multiply(sets[b]).sum(1)).ravel()
        kept.append(np.stack([a, b], 1)[both >= at_least * (sizes[a] + sizes[b] - both) - 1e-9])
    return np.concatenate(kept)


def like_sounds(signatures: np.ndarray, at_least: float = COSINE) -> np.ndarray:
    """Pairs (P, 2), i < j, of unit vectors (N, D) with a cosine of at least `at_least`."""
    found = [np.empty((0, 2), int)]
    for start in _blocks(len(signatures), "recordings"):
        i, j = np.nonzero(signatures[start : start + BLOCK] @ signatures[start:].T >= at_least)
        found.append(np.stack([i, j], 1)[i < j] + start)
    return np.concatenate(found)


def like_pictures(hashes: np.ndarray, at_most: int = BITS) -> np.ndarray:
    """Pairs (P, 2), i < j, of hashes (N,) uint64 that differ in at most `at_most` bits."""
    found = [np.empty((0, 2), int)]
    for start in _blocks(len(hashes), "pictures"):
        differing = np.bitwise_count(hashes[start : start + BLOCK, None] ^ hashes[None, start:])
        i, j = np.nonzero(differing <= at_most)
        found.append(np.stack([i, j], 1)[i < j] + start)
    return np.concatenate(found)


def _blocks(num: int, what: str) -> tqdm:
    return tqdm(range(0, num, BLOCK), desc=f"near {what}", unit="block", leave=False, delay=2)


def samples_hash(cell: str, start: float, end: float) -> str:
    """SHA-256 of the decoded samples as 16-bit numbers: the same for a .wav and its .flac."""
    wave = read_audio(cell, start, end)
    return hashlib.sha256(np.clip(np.round(wave * 32768), -32768, 32767).astype("<i2").tobytes()).hexdigest()


def sound_signature(cell: str, start: float, end: float) -> np.ndarray:
    """Mean power in 48 stretches of time and 16 mel bands under 3.6 kHz, in dB under the loudest, standardised: (768,) unit vector.

    Neither level nor sampling rate nor a lossy codec changes it much; another take does.
    """
    wave = read_audio(cell, start, end, RATE)
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(wave, (0, max(0, WINDOW - len(wave)))), WINDOW)[::HOP]
    filters = librosa.filters.mel(sr=RATE, n_fft=WINDOW, n_mels=BANDS, fmin=100, fmax=3600)
    power = np.abs(np.fft.rfft(frames * np.hanning(WINDOW), axis=1)) ** 2 @ filters.T  # (T, BANDS)
    summed = np.vstack([np.zeros(BANDS), np.cumsum(power, axis=0)])
    edges = np.linspace(0, len(power), SEGMENTS + 1)
    at_edges = np.stack([np.interp(edges, np.arange(len(summed)), band) for band in summed.T], axis=1)
    means = np.diff(at_edges, axis=0)
    level = 10 * np.log10(means / means.max() + FLOOR)
    level -= level.mean()
    return (level / np.linalg.norm(level)).ravel().astype(np.float32)


def picture(cell: str) -> np.ndarray:
    """An image as uint8 (H, W, 3) RGB."""
    from emostudy.features.images import read_image

    return read_image(cell)


def middle_frame(cell: str, start: float, end: float) -> np.ndarray:
    """The frame in the middle of a clip, uint8 (H, W, 3) RGB; of a cell that names a side, that half."""
    return read_frames(cell, frame_times(cell, 1, start, end))[0]


def picture_pixels(cell: str, start: float, end: float) -> str:
    """SHA-256 of an image's pixels: the same for a .png and its .bmp."""
    return pixels_hash(picture(cell))


def frame_pixels(cell: str, start: float, end: float) -> str:
    """SHA-256 of the pixels of a clip's middle frame."""
    return pixels_hash(middle_frame(cell, start, end))


def picture_difference(cell: str, start: float, end: float) -> np.ndarray:
    """The difference hash of an image, () uint64."""
    return difference_hash(picture(cell))


def frame_difference(cell: str, start: float, end: float) -> np.ndarray:
    """The difference hash of a clip's middle frame, () uint64."""
    return difference_hash(middle_frame(cell, start, end))


def pixels_hash(picture: np.ndarray) -> str:
    """SHA-256 of size and pixels of a picture (H, W, ...)."""
    return hashlib.sha256(repr(picture.shape).encode() + np.ascontiguousarray(picture).tobytes()).hexdigest()


def difference_hash(picture: np.ndarray) -> np.ndarray:
    """Of a picture (H, W, 3) RGB, uint8, as 8 x 9 grey points: whether each is darker than its right neighbour; () uint64."""
    small = cv2.resize(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), (9, 8), interpolation=cv2.INTER_AREA).astype(int)
    return np.packbits(small[:, :-1] < small[:, 1:]).view(np.uint64)[0]


SAMPLES = {m: Feature("samples_hash", m, samples_hash, unit="SHA-256, hexadecimal") for m in ("audio", "video")}
SOUND = {m: Feature("sound_signature", m, sound_signature, unit="dB, standardised") for m in ("audio", "video")}
PIXELS = {
    "image": Feature("picture_pixels", "image", picture_pixels, unit="SHA-256, hexadecimal"),
    "video": Feature("frame_pixels", "video", frame_pixels, unit="SHA-256, hexadecimal"),
}
PICTURE = {
    "image": Feature("picture_difference", "image", picture_difference, unit="64 bits"),
    "video": Feature("frame_difference", "video", frame_difference, unit="64 bits"),
}
