"""Recipes for corpora that have films: system F's two stages on its own inputs, and picture and sound in one network, end to end."""

from emostudy.batched import Batched
from emostudy.features import Feature
from emostudy.features.clips import byte_pixels
from emostudy.features.fitted import standardised
from emostudy.features.fitted_speech import padded_frames
from emostudy.features.hog import face_hog
from emostudy.models.deep_heads import TwoStages
from emostudy.models.film_voice import FilmVoice
from emostudy.models.fusion import ToldByNaN
from emostudy.recipes import Recipe
from emostudy.recipes.faces import CROPS
from emostudy.recipes.strong import LOGMEL
from emostudy.recipes.videos import FLOW
from emostudy.recipes.voices import FUNCTIONALS
from emostudy.training import Network

ONE_FACE = Feature("face_hog_one", "video", face_hog, {"num_frames": 1}, unit="normalised gradient energy")


def film_voice(sizes: dict[str, int], num_classes: int) -> FilmVoice:
    """Both convolutions and the LSTM."""
    return FilmVoice(num_classes)


def lacking_film_voice(sizes: dict[str, int], num_classes: int) -> ToldByNaN:
    """The same where clips lack one of the two."""
    return ToldByNaN(film_voice(sizes, num_classes))


TWO_STAGES_FILM = Recipe(
    "two_stages_film",
    "image + film, + voice (F)",
    ("face", "speech"),
    {"image": ONE_FACE, "film": FLOW, "speech": FUNCTIONALS},
    Batched(TwoStages),
    {"image": standardised, "film": standardised, "speech": standardised},
    source="system F, video model: image and film joined and trained, then the voice joins and all is trained on",
    reading="image: gradients of one frame; film: optical flow; voice: functionals; half of 30 epochs each stage",
)
END_TO_END = Recipe(
    "end_to_end",
    "CNNs into an LSTM",
    ("face", "speech"),
    {"face": CROPS, "speech": LOGMEL},
    Network(film_voice, epochs=10, batch=16, lr=1e-3, schedule="one_cycle", clip_norm=5.0),
    {"face": byte_pixels, "speech": padded_frames},
    lacking=lacking_film_voice,
    source="end-to-end CNN + CNN into an LSTM (Tzirakis et al. 2017)",
    reading="three face frames of 48 pixels, log-mel bands; from scratch; the epoch of ten that dev likes best",
)
FILMS_AND_VOICES = (TWO_STAGES_FILM, END_TO_END)
