"""wav2vec2, HuBERT, WavLM and Whisper's encoder, pretrained: frozen with a probe on all layers, or fine-tuned."""

import numpy as np
import torch
import transformers
from torch import Tensor, nn

from emostudy.models.dense import mlp
from emostudy.models.text import pretrained

RATE = 16_000  # Hz, of all these encoders
HIDDEN = 256  # units of the dense layer before the classes


class SpeechEncoder(nn.Module):
    """A pretrained encoder together with what prepares sound for it.

    Args:
        weights: hub name, or folder with config.json, model.safetensors and preprocessor_config.json.

    Raises:
        ValueError: they are not there, not whole, or no encoder of speech; never a silent start from scratch.
    """

    def __init__(self, weights: str) -> None:
        super().__init__()
        self.extractor = sound_preparer(weights)
        whole = pretrained("AutoModel", weights)
        self.encoder = whole.get_encoder() if whole.config.is_encoder_decoder else whole  # Whisper has a decoder too
        if whole.main_input_name not in {"input_values", "input_features"} & set(self.extractor.model_input_names):
            raise ValueError(
                f"{weights!r} is no encoder of speech: take one of the wav2vec2, HuBERT, WavLM or Whisper family"
            )
        self.encoder.config.apply_spec_augment = False  # it would mask at random by NumPy, and stop at short clips

    @property
    def width(self) -> int:
        """Numbers in a hidden state."""
        return self.encoder.config.hidden_size

    def forward(self, waves: list[np.ndarray]) -> tuple[tuple[Tensor, ...], Tensor]:
        """Waves of 16 kHz in [-1, 1], each (samples,) -> hidden states, L + 1 times (B, T, D), and numbers of frames (B,).

        The first state is what the first layer is given; the last is normalised where the encoder does so at its end. A
        frame is 20 ms; those after a clip's own are padding. Whisper hears 30 s, no more.
        """
        options = {"padding": True} if "input_values" in self.extractor.model_input_names else {}
        given = self.extractor(waves, sampling_rate=RATE, return_tensors="pt", **options)
        device = next(self.encoder.parameters()).device
        given = {name: value.to(device) for name, value in given.items()}
        found = self.encoder(**given, output_hidden_states=True)
        states = (*found.hidden_states[:-1], found.last_hidden_state)  # large encoders normalise the last once more
        return states, self.num_frames([len(wave) for wave in waves]).to(device).clamp(max=states[0].shape[1])

    def num_frames(self, samples: list[int]) -> Tensor:
        """How many frames come of so many samples, (B,) int64; 0 for a clip that is too short."""
        counted = torch.tensor(samples)
        if "input_values" in self.extractor.model_input_names:
            return self.encoder._get_feat_extract_output_lengths(counted).clamp(min=0).long()
        return (counted + 2 * self.extractor.hop_length - 1) // (2 * self.extractor.hop_length)


def sound_preparer(weights: str):
    """transformers' feature extractor that belongs to the weights: scaling for wav2vec2 and its kin, log-mel for Whisper.

    Raises:
        ValueError: there is none.
    """
    try:
        return transformers.AutoFeatureExtractor.from_pretrained(weights, trust_remote_code=False)
    except Exception as error:  # as for weights: from a broken file anything may come
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise ValueError(
            f"cannot load how {weights!r} wants its sound ({reason}): give a hub name with network access "
            f"(`hf download NAME` fetches it), or a folder with preprocessor_config.json beside config.json and model.safetensors"
        ) from None


def mean_over_frames(states: Tensor, num_frames: Tensor) -> Tensor:
    """(B, T, D) and lengths (B,) -> the mean over each clip's own frames (B, D)."""
    inside = torch.arange(states.shape[1], device=states.device) < num_frames[:, None]  # (B, T)
    return (states * inside.unsqueeze(2)).sum(1) / num_frames.clamp(min=1).unsqueeze(1)


class LayerProbe(nn.Module):
    """A weighted sum of an encoder's layers, the weights learned, then dense 256 ReLU, dense C (SUPERB, Yang et al. 2021).

    Layers come averaged over time, (B, L, D): mean and weighted sum can change places.
    """

    def __init__(self, num_layers: int, width: int, num_classes: int, hidden: tuple[int, ...] = (HIDDEN,)) -> None:
        super().__init__()
        self.scores = nn.Parameter(torch.zeros(num_layers))  # all layers count alike at first
        self.head = mlp(width, num_classes, hidden)

    def shares(self) -> Tensor:
        """How much each layer counts, (L,), summing to 1: what layer probing shows (Singh and Gupta 2023)."""
        return self.scores.softmax(0)

    def forward(self, layers: Tensor) -> Tensor:
        """(B, L, D) -> (B, C)."""
        return self.head(torch.einsum("l,bld->bd", self.shares(), layers))


class WaveClassifier(nn.Module):
    """An encoder trained further: mean of its last layer over the clip, dense 256 ReLU, dense C.

    The convolutions that read the samples stay as they are, as is usual (Baevski et al. 2020).
    """

    def __init__(self, encoder: SpeechEncoder, num_classes: int) -> None:
        super().__init__()
        self.encoder = encoder
        if hasattr(encoder.encoder, "feature_extractor"):  # Whisper has none
            encoder.encoder.feature_extractor.requires_grad_(False)
        self.head = mlp(encoder.width, num_classes, (HIDDEN,))

    def forward(self, waves: Tensor) -> Tensor:
        """Waves (B, samples), 0 after their end -> (B, C)."""
        states, num_frames = self.encoder(without_padding(waves))
        return self.head(mean_over_frames(states[-1], num_frames))


def without_padding(waves: Tensor) -> list[np.ndarray]:
    """(B, samples) -> each clip's samples up to the last that is not 0."""
    return [np.trim_zeros(wave, "b") for wave in waves.cpu().numpy()]
