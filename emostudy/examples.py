"""Examples to look at, listen to and read: which clips, and how they stand on a page.

Media of a corpus whose card says `examples_shareable: false` are shown nowhere, for executed notebooks are published.
"""

import base64
import html
import io

import numpy as np
import pandas as pd
import soundfile
from IPython.display import HTML

from emostudy import predictions as preds
from emostudy.corpora.corpus import Corpus
from emostudy.features.faces import face_crops, frame_times
from emostudy.features.media import BadMedia, read_audio, read_frames
from emostudy.features.speech import RATE

KINDS = ("right", "wrong", "wrong and sure")
START = "<figure style='margin:6px;max-width:260px'>"


def one_per_emotion(corpus: Corpus, medium: str = "video") -> pd.DataFrame:
    """One clip of each emotion, of different speakers where possible, that shows what is felt if the corpus tells."""
    if medium not in corpus.clips:
        return corpus.clips.head(0)
    clips = corpus.clips[corpus.clips[medium].notna()]
    for column in [name for name in clips if str(name).startswith("shows_")]:
        clips = clips[clips[column] == clips.emotion]
    rows, seen = [], set()
    for emotion in corpus.emotions:
        of_emotion = clips[clips.emotion == emotion]
        fresh = of_emotion[~of_emotion.speaker.isin(seen)]
        if len(of_emotion):
            rows.append((fresh if len(fresh) else of_emotion).iloc[0])
            seen.add(rows[-1].speaker)
    return pd.DataFrame(rows).reset_index(drop=True)


def faces_by_speaker(corpus: Corpus, num_speakers: int = 6) -> tuple[dict[tuple[str, str], np.ndarray], list[str]]:
    """Middle frames (H, W, 3) by (speaker, emotion) of speakers spread over the corpus, and their names."""
    names = sorted(corpus.clips.speaker.unique())
    speakers = [names[at] for at in np.linspace(0, len(names) - 1, num_speakers).astype(int)]
    column = "shows_face" if "shows_face" in corpus.clips else "emotion"
    first = corpus.clips[corpus.clips.speaker.isin(speakers)].drop_duplicates(["speaker", column])
    return {(clip.speaker, getattr(clip, column)): _middle_frame(clip) for clip in first.itertuples()}, speakers


def _middle_frame(clip) -> np.ndarray:
    return read_frames(clip.video, frame_times(clip.video, 1, clip.start, clip.end))[0]


def waves(picked: pd.DataFrame) -> dict[str, np.ndarray]:
    """Samples (T,) of each clip, by its emotion."""
    return {clip.emotion: read_audio(clip.audio, clip.start, clip.end, RATE) for clip in picked.itertuples()}


def right_and_wrong(
    test: pd.DataFrame, recipe: str, protocol: str, emotions: tuple[str, ...], num: int = 3
) -> pd.DataFrame:
    """Test clips of one recipe that were right, wrong (least sure first) and wrong and sure (surest first).

    Columns `kind, clip_id, speaker, emotion, predicted, label, sure`: of what was said (of a wrong clip: said and not true) the emotion
    with the highest probability, and that. A clip of several emotions that only lacks one that is there is not shown.
    """
    rows = test[(test.recipe == recipe) & (test.protocol == protocol) & (test.part == "test")]
    rows = _surest(rows[rows.seed == rows.seed.min()], emotions)
    right, wrong = (
        rows[rows.wrong == flag].sort_values(["sure", "clip_id"], ascending=[False, True]) for flag in (False, True)
    )
    right = right.drop_duplicates("emotion")  # one of each emotion before a second of any
    chosen = [
        right.head(num).assign(kind=KINDS[0]),
        wrong.tail(num).assign(kind=KINDS[1]),
        wrong.head(num).assign(kind=KINDS[2]),
    ]
    return pd.concat(chosen, ignore_index=True)[
        ["kind", "clip_id", "speaker", "emotion", "predicted", "label", "sure"]
    ].drop_duplicates("clip_id")


def _surest(rows: pd.DataFrame, emotions: tuple[str, ...]) -> pd.DataFrame:
    """Rows with `wrong`, and `label` and `sure` as `right_and_wrong` gives them; less those in which nothing said is wrong."""
    true, said, probabilities = preds.matrices(rows, emotions)
    wrong = (true != said).any(1)
    judged = said & ~(true & wrong[:, None])  # (N, C)
    shares = np.where(judged, probabilities, -1)
    rows = rows.assign(wrong=wrong, label=np.asarray(emotions)[shares.argmax(1)], sure=shares.max(1))
    return rows[judged.any(1)]


def show_faces(picked: pd.DataFrame, corpus: Corpus) -> HTML:
    """The middle face of each clip under what it is and what was said; without pictures where they may not be shown."""
    return _cards(picked, corpus, "video", lambda clip: _image(face_crops(clip.video, 3, 96, clip.start, clip.end)[1]))


def show_voices(picked: pd.DataFrame, corpus: Corpus) -> HTML:
    """A player for each clip."""
    return _cards(picked, corpus, "audio", lambda clip: _player(read_audio(clip.audio, clip.start, clip.end, RATE)))


def show_sentences(picked: pd.DataFrame, corpus: Corpus) -> HTML:
    """The words of each clip."""
    return _cards(picked, corpus, "text", lambda clip: f"<q>{html.escape(clip.text)}</q>")


def _cards(picked: pd.DataFrame, corpus: Corpus, medium: str, draw) -> HTML:
    clips = corpus.clips.set_index("clip_id", drop=False)
    share = corpus.card.get("examples_shareable", False) and medium in corpus.media
    parts = []
    for row in picked.itertuples():
        words = f"<b>{html.escape(row.emotion)}</b>"
        if "predicted" in picked:
            mark = "✓" if row.predicted == row.emotion else f"✗ said <b>{html.escape(row.predicted)}</b>"
            label = f"{html.escape(row.label)}, " if row.label != row.predicted else ""  # one of several that were said
            words = f"{row.kind}<br>{words} {mark} ({label}p = {row.sure:.2f})"
        media = _drawn(draw, clips.loc[row.clip_id]) if share else f"clip {html.escape(str(row.clip_id))}"
        parts.append(f"{START}{media}<figcaption>{words}<br>speaker {html.escape(row.speaker)}</figcaption></figure>")
    note = "" if share else f"<p>Media of {corpus.name} are not shown here: {html.escape(corpus.card['licence'])}.</p>"
    return HTML(f"{note}<div style='display:flex;flex-wrap:wrap'>{''.join(parts)}</div>")


def _drawn(draw, clip) -> str:
    try:
        return draw(clip)
    except BadMedia as error:
        return f"clip {html.escape(str(clip.clip_id))}: {html.escape(str(error))}"


def _image(pixels: np.ndarray) -> str:
    import cv2

    data = base64.b64encode(cv2.imencode(".png", pixels[..., ::-1])[1].tobytes()).decode()
    return f"<img width='120' alt='face' src='data:image/png;base64,{data}'>"


def _player(wave: np.ndarray) -> str:
    buffer = io.BytesIO()
    soundfile.write(buffer, wave, RATE, format="FLAC", subtype="PCM_16")
    data = base64.b64encode(buffer.getvalue()).decode()
    return f"<audio controls style='width:240px' src='data:audio/flac;base64,{data}'></audio>"
