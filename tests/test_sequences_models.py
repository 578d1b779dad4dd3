"""System R's networks on frames: padding never counts, every weight learns, augmentation keeps a clip a clip."""

import numpy as np
import pytest
import torch
from torch import nn

from emostudy.features.fitted_speech import flattened_raw, padded_frames
from emostudy.models.sequences import AttentionPooling, FramesCNN, FramesLSTM, jitter_frames, lengths, mask, turned

BUILDERS = {
    "cnn": lambda: FramesCNN(5, 3),
    "lstm": lambda: FramesLSTM(5, 3, units=16),
    "bilstm": lambda: FramesLSTM(5, 3, units=16, bidirectional=True),
    "attention": lambda: FramesLSTM(5, 3, units=16, bidirectional=True, attention=True),
}


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def clips(num: int, longest: int = 20, width: int = 5) -> torch.Tensor:
    """Frames of clips from half to the whole of the longest, then zeros."""
    frames = torch.randn(num, longest, width)
    ends = torch.randint(longest // 2, longest + 1, (num,))
    return frames * (torch.arange(longest) < ends[:, None]).unsqueeze(2)


@pytest.mark.parametrize("name", BUILDERS)
def test_logits_and_gradients_for_every_weight(name):
    model = BUILDERS[name]()
    logits = model(clips(6))
    assert logits.shape == (6, 3)
    nn.functional.cross_entropy(logits, torch.tensor([0, 1, 2, 0, 1, 2])).backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in model.parameters())


@pytest.mark.parametrize("name", BUILDERS)
@pytest.mark.parametrize("padding", [1, 4, 17])
def test_padding_and_what_lies_beside_a_clip_change_nothing(name, padding):
    model, frames = BUILDERS[name]().eval(), clips(4)
    longer = torch.cat([frames, torch.zeros(4, padding, 5)], 1)
    with torch.no_grad():
        expected = model(frames).numpy()
        assert model(longer).numpy() == pytest.approx(expected, abs=1e-5)
        for clip, num in enumerate(lengths(frames)):
            alone = frames[clip : clip + 1, :num]
            assert model(alone).numpy() == pytest.approx(expected[clip : clip + 1], abs=1e-5)
        assert np.abs(model(frames + 1.0).numpy() - expected).max() > 1e-3


def test_lengths_are_up_to_the_last_frame_that_is_not_zero():
    frames = torch.zeros(3, 6, 2)
    frames[0, 2] = 1
    frames[1, :] = 1
    assert lengths(frames).tolist() == [3, 6, 1]
    assert mask(torch.tensor([1, 3]), 3).tolist() == [[True, False, False], [True, True, True]]


def test_the_two_directions_are_torchs_own_on_each_clip_alone():
    model, frames = FramesLSTM(5, 3, units=8, bidirectional=True).eval(), clips(3)
    own = nn.LSTM(5, 8, batch_first=True, bidirectional=True)
    state = dict(model.forwards.state_dict())
    own.load_state_dict(state | {f"{key}_reverse": value for key, value in model.backwards.state_dict().items()})
    with torch.no_grad():
        for clip, num in enumerate(lengths(frames)):
            _, (last, _) = own(frames[clip : clip + 1, :num])
            expected = model.head(last.transpose(0, 1).flatten(1))
            assert expected.numpy() == pytest.approx(model(frames)[clip : clip + 1].numpy(), abs=1e-5)


def test_turning_a_clip_leaves_its_padding():
    frames = torch.tensor([[1.0, 2, 3, 0], [1, 2, 3, 4]]).unsqueeze(2)
    assert turned(frames, torch.tensor([3, 4])).squeeze(2).tolist() == [[3, 2, 1, 0], [4, 3, 2, 1]]


def test_attention_weighs_a_clips_own_frames_alone():
    pooling, outputs, inside = AttentionPooling(4), torch.randn(2, 6, 4), mask(torch.tensor([2, 6]), 6)
    weights = pooling.weights(outputs, inside)
    assert (
        weights.sum(1).tolist() == pytest.approx([1, 1]) and (weights[0, 2:] == 0).all() and (weights > 0)[inside].all()
    )
    expected = (weights.unsqueeze(2) * outputs).sum(1)
    assert torch.allclose(pooling(outputs, inside), expected, atol=1e-6)


@pytest.mark.parametrize("name", BUILDERS)
def test_a_rise_or_a_fall_is_learned(name):
    """The two classes have the same frames in another order: only the course over time tells them apart."""
    rng = torch.Generator().manual_seed(0)

    def some(num):
        rise = torch.linspace(-1, 1, 16)[None, :, None]
        sign = torch.randint(0, 2, (num, 1, 1), generator=rng) * 2 - 1
        noise = 0.3 * torch.randn(num, 16, 5, generator=rng)
        return torch.cat([sign * rise + noise, torch.zeros(num, 8, 5)], 1), (sign.flatten() > 0).long()

    model = BUILDERS[name]()
    optimiser = torch.optim.Adam(model.parameters(), lr=5e-3)
    for _ in range(30):
        frames, labels = some(32)
        optimiser.zero_grad()
        nn.functional.cross_entropy(model.train()(frames), labels).backward()
        optimiser.step()
    frames, labels = some(200)
    assert (model.eval()(frames).argmax(1) == labels).float().mean() > 0.9


def test_jitter_is_the_same_from_the_same_seed_and_another_from_another():
    frames, other = clips(8, 60), torch.arange(8)
    one, kept = jitter_frames([frames, other], torch.Generator().manual_seed(1))
    assert kept is other and one.shape == frames.shape and torch.isfinite(one).all()
    assert torch.equal(one, jitter_frames([frames], torch.Generator().manual_seed(1))[0])
    assert not torch.equal(one, jitter_frames([frames], torch.Generator().manual_seed(2))[0])


def test_jitter_shifts_and_stretches_within_its_ranges():
    frames = torch.zeros(400, 200, 1)
    frames[:, :100] = 100.0
    frames[:, 50] = 200.0  # a mark that can be found again
    moved = jitter_frames([frames], torch.Generator().manual_seed(0))[0][..., 0]
    at = moved.argmax(1)
    # shift in -10 to 10 frames, speed in .85 to 1.15: the mark lies at shift + 50 / speed
    assert at.min() >= 50 / 1.15 - 11 and at.max() <= 50 / 0.85 + 11 and at.float().std() > 3
    num = lengths(moved.unsqueeze(2))
    assert num.min() >= 99 / 1.15 - 11 and num.max() <= 99 / 0.85 + 12
    noise = moved[:, 10:30] - 100  # before the mark
    assert noise[noise > -50].std().item() == pytest.approx(0.1, abs=0.01)


def test_padding_stays_zero_under_jitter():
    frames = clips(16, 40)
    frames[:, 20:] = 0
    moved = jitter_frames([frames], torch.Generator().manual_seed(0))[0]
    assert (moved[:, 27:] == 0).all()


def test_frames_are_standardised_without_their_padding():
    rng = np.random.default_rng(0)
    train = rng.normal(5.0, 3.0, (6, 10, 4)).astype(np.float32)
    train[:, 7:] = 0
    scale = padded_frames(train)
    found = scale(train).numpy()
    assert scale.size == 4 and (found[:, 7:] == 0).all()
    assert found[:, :7].mean((0, 1)) == pytest.approx(np.zeros(4), abs=1e-5)
    assert found[:, :7].std((0, 1)) == pytest.approx(np.ones(4), abs=1e-5)
    other = np.full((1, 10, 4), np.nan, np.float32)
    other[0, :2] = 5
    assert (scale(other).numpy()[0, 2:] == 0).all() and np.isfinite(scale(other).numpy()).all()


def test_frames_laid_end_to_end_as_they_come():
    train = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    scale = flattened_raw(train)
    assert scale.size == 12 and scale(train).tolist() == train.reshape(2, 12).tolist()
