"""Draws who speaks, what is felt and what is shown: EmoSynth's clip table before anything is rendered."""

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from emostudy.corpora.emosynth.tables import EMOTIONS, MODALITIES

# Six dialogues of a pair are drawn together, so a pair's clips are a multiple of 6 * turns.
SIZES = {
    "smoke": {"num_pairs": 5, "num_turns": 2, "num_dialogues": 6},  # 10 speakers x 6 clips
    "class": {"num_pairs": 12, "num_turns": 10, "num_dialogues": 6},  # 24 x 30
    "paper": {"num_pairs": 60, "num_turns": 10, "num_dialogues": 12},  # 120 x 60
}
INERTIA = 0.5
INTENSITY = (0.7, 1.1)


def transition_matrix(inertia: float) -> np.ndarray:
    """P[e, next e] = inertia * [same] + (1 - inertia) / C, (C, C); symmetric, so emotions are equally likely.

    inertia in [0, 1] is the probability of staying beyond what a uniform draw gives: 0 = independent turns.
    """
    if not 0 <= inertia <= 1:
        raise ValueError(f"inertia {inertia} must lie between 0 (independent turns) and 1 (an emotion never changes)")
    num = len(EMOTIONS)
    return inertia * np.eye(num) + (1 - inertia) / num


def draw_chains(num_turns: int, inertia: float, rng: np.random.Generator) -> np.ndarray:
    """Emotions of six dialogues drawn together, (C dialogues, T turns): each emotion once in every turn.

    Each dialogue alone is exactly the chain of `transition_matrix`; together they are balanced, because those
    that change emotion exchange theirs at random.
    """
    num = len(EMOTIONS)
    change, state = _probability_of_change(inertia), rng.permutation(num)
    turns = [state.copy()]
    for _ in range(num_turns - 1):
        changing = rng.random(num) < change
        state[changing] = rng.permutation(state[changing])
        turns.append(state.copy())
    return np.stack(turns, axis=1)


def _probability_of_change(inertia: float) -> float:
    """Chance q of joining the exchange, which may return one's own emotion: stay = 1-q + (1-(1-q)^C) / C."""
    num, stay = len(EMOTIONS), transition_matrix(inertia)[0, 0]
    return brentq(lambda q: 1 - q + (1 - (1 - q) ** num) / num - stay, 0.0, 1.0)


def draw_clips(profile: str, tables: dict[str, np.ndarray], rng: np.random.Generator, inertia: float = INERTIA):
    """One row a clip: clip_id, speaker, gender, dialogue, turn, emotion, shows_<modality>, intensity.

    Two speakers of a fixed pair, a woman and a man, take turns; who begins alternates. Emotions are exactly
    balanced within each pair. Raises ValueError on an unknown profile.
    """
    if profile not in SIZES:
        raise ValueError(f"unknown profile {profile!r}: take one of {list(SIZES)}")
    size = SIZES[profile]
    clips = pd.concat([_pair(pair, size, inertia, rng) for pair in range(1, size["num_pairs"] + 1)])
    for modality in MODALITIES:
        rows = tables[modality][clips["emotion"].to_numpy()]  # (N, C)
        clips[f"shows_{modality}"] = [EMOTIONS[rng.choice(len(EMOTIONS), p=row)] for row in rows]
    clips["emotion"] = [EMOTIONS[e] for e in clips["emotion"]]
    clips["intensity"] = rng.uniform(*INTENSITY, len(clips)).round(3)
    return clips.reset_index(drop=True)


def _pair(pair: int, size: dict, inertia: float, rng: np.random.Generator) -> pd.DataFrame:
    blocks = [draw_chains(size["num_turns"], inertia, rng) for _ in range(size["num_dialogues"] // len(EMOTIONS))]
    rows = []
    for d, emotions in enumerate(np.concatenate(blocks)):
        for t, emotion in enumerate(emotions):
            female = (d + t) % 2 == 0
            dialogue = f"p{pair:02d}d{d + 1:02d}"
            rows.append(
                {
                    "clip_id": f"{dialogue}t{t + 1:02d}",
                    "speaker": f"s{2 * pair - female:03d}",
                    "gender": "female" if female else "male",
                    "dialogue": dialogue,
                    "turn": t + 1,
                    "emotion": emotion,
                }
            )
    return pd.DataFrame(rows)


def speaker_folds(clips: pd.DataFrame, num_folds: int = 5) -> list[list[str]]:
    """Speakers in folds of whole pairs (who talk together stay together), so women and men are balanced."""
    pairs = sorted(set(clips.groupby("dialogue")["speaker"].agg(lambda s: tuple(sorted(set(s))))))
    return [[speaker for pair in pairs[k::num_folds] for speaker in pair] for k in range(num_folds)]
