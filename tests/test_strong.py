"""The strong lines on speech: log-mel frames, the CRNN, the perceptron on functionals."""

import numpy as np
import pytest
import soundfile
import torch
from torch import nn

from emostudy.features.logmel import HOP, RATE, bands, logmel
from emostudy.features.media import BadMedia
from emostudy.models.crnn import CRNN, Heard, Perceptron, rough
from emostudy.recipes.strong import SPEECH_CRNN, SPEECH_FUNCTIONALS_MLP, STRONG

NAN = float("nan")


def tone(path, hertz=440.0, seconds=1.0, before=0.5, after=0.5, level=0.1):
    time = np.arange(int(seconds * RATE)) / RATE
    wave = np.concatenate(
        [np.zeros(int(before * RATE)), level * np.sin(2 * np.pi * hertz * time), np.zeros(int(after * RATE))]
    )
    soundfile.write(path, wave, RATE)
    return str(path)


def real(frames: np.ndarray) -> int:
    return int((frames != 0).any(1).sum())


def test_silence_before_and_after_is_cut_off(tmp_path):
    short, long = (logmel(tone(tmp_path / f"{s}.wav", before=s, after=s), NAN, NAN) for s in (0.2, 1.0))
    assert short.shape == long.shape == (256, 64) and short.dtype == np.float32
    assert abs(real(short) - real(long)) <= 1 and real(long) == pytest.approx(1.0 * RATE / HOP, abs=16)
    assert (short[real(short) :] == 0).all()


def test_the_loudest_band_is_the_tones_and_levels_are_decibels(tmp_path):
    soft, loud = (logmel(tone(tmp_path / f"{level}.wav", level=level), NAN, NAN) for level in (0.01, 0.1))
    middle = loud[real(loud) // 2]
    corners = np.linspace(0, RATE / 2, 513)[bands(64)[middle.argmax()] > 0]
    assert corners.min() <= 440 <= corners.max()
    assert loud[30].max() - soft[30].max() == pytest.approx(20.0, abs=0.1)


def test_what_is_too_long_is_cut(tmp_path):
    assert real(logmel(tone(tmp_path / "long.wav", seconds=6.0), NAN, NAN)) == 256


def test_silence_alone_is_told(tmp_path):
    with pytest.raises(BadMedia, match="silent"):
        logmel(tone(tmp_path / "none.wav", level=0.0), NAN, NAN)


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return Heard([CRNN(32, filters=(4, 4, 8, 8), units=8), Perceptron(5, units=16)], 3)


def frames(num=4, longest=40, seed=0):
    return torch.randn(num, longest, 32, generator=torch.Generator().manual_seed(seed))


def test_padding_says_nothing(network):
    """The same clip in more padding, and beside a longer clip: the same logits, but for what convolutions see at its very end."""
    network.eval()
    x, vector = frames(2), torch.randn(2, 5)
    x[0, 20:] = 0
    padded = nn.functional.pad(x, (0, 0, 0, 24))
    with torch.no_grad():
        alone, beside, more = network(x[:1, :20], vector[:1]), network(x, vector), network(padded, vector)
    assert more == pytest.approx(beside, abs=1e-5)
    weights = network.parts[0].attention.weights(torch.randn(2, 10, 16), (x != 0).any(2)[:, ::4])
    assert (weights[0, 5:] == 0).all() and weights.sum(1).tolist() == pytest.approx([1, 1])
    assert torch.isfinite(alone).all()


def test_no_attention_is_paid_to_padding(network, monkeypatch):
    network.eval()
    attention, given = network.parts[0].attention, []
    weights = type(attention).weights
    monkeypatch.setattr(type(attention), "weights", lambda self, *told: given.append(weights(self, *told)) or given[-1])
    x = frames(2)
    x[0, 20:] = 0
    with torch.no_grad():
        network(x, torch.randn(2, 5))
    assert given[0].shape == (2, 10) and (given[0][0, 5:] == 0).all() and (given[0][0, :5] > 0).all()
    assert (given[0][1] > 0).all()


def test_a_clip_of_one_frame_and_one_of_none_give_finite_logits(network):
    network.eval()
    x = frames(2)
    x[0, 1:] = 0
    with torch.no_grad():
        assert torch.isfinite(network(x[:1], torch.randn(1, 5))).all()


def test_every_parameter_learns(network):
    network.train()
    network(frames(), torch.randn(4, 5)).logsumexp(1).sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())


def test_noise_is_for_functionals_alone_and_repeats():
    x, vector = frames(), torch.zeros(1000, 5)
    one, two = (rough([x, vector], torch.Generator().manual_seed(3)) for _ in range(2))
    assert one[0] is x and torch.equal(one[1], two[1]) and one[1].std().item() == pytest.approx(0.3, abs=0.02)


def made(num: int, seed: int, noise: float) -> tuple[dict, np.ndarray]:
    """Clips of different lengths whose class lifts some bands (frames) or some numbers (functionals)."""
    rng = np.random.default_rng(seed)
    labels = np.arange(num) % 3
    speech = rng.normal(-40, noise, (num, 32, 64)).astype(np.float32)
    speech[np.arange(num)[:, None], :, (16 * labels)[:, None] + np.arange(8)] += noise
    for row in range(num):
        speech[row, rng.integers(16, 32) :] = 0
    pooled = rng.normal(0, noise, (num, 12)).astype(np.float32)
    pooled[np.arange(num), labels] += 2 * noise
    return {"speech": speech, "pooled": pooled}, labels


@pytest.mark.parametrize("recipe", STRONG, ids=lambda recipe: recipe.name)
def test_each_learns_a_toy_task(recipe):
    made_of = {
        part: made(num, seed, 5.0) for seed, (part, num) in enumerate((("train", 120), ("dev", 30), ("test", 60)))
    }
    parts = {
        part: {name: values[name.rpartition(" ")[2]] for name in recipe.features}
        for part, (values, _) in made_of.items()
    }
    fitted = recipe.learner.fit(
        recipe, parts, {part: labels for part, (_, labels) in made_of.items()}, 3, 0, max_epochs=12
    )
    assert (fitted.test.argmax(1) == made_of["test"][1]).mean() > 0.7
    for info in fitted.info.get("members", {"alone": fitted.info}).values():
        assert info["best_epoch"] == 12 and info["refit"] and info["num_parameters"] > 1000
    assert recipe.pretrained == "none"


def test_they_listen_and_nothing_else():
    assert {recipe.modalities for recipe in STRONG} == {("speech",)}
    assert {feature.medium for one in (SPEECH_CRNN, SPEECH_FUNCTIONALS_MLP) for feature in one.features.values()} == {
        "audio"
    }
