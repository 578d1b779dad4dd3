"""Augmentation of spectrograms: it changes what it says it does, leaves padding alone, and comes from the generator alone."""

import pytest
import torch

from emostudy.models import augmenting
from emostudy.models.sequences import lengths

WAYS = (augmenting.masked, augmenting.faster_or_slower, augmenting.noisy)


def frames(num=6, longest=80, bands=32, seed=0):
    """Clips of different length, 0 after their end."""
    made = torch.randn(num, longest, bands, generator=torch.Generator().manual_seed(seed)) + 5
    for clip in range(num):
        made[clip, longest - 8 * clip :] = 0
    return made


def changed(way, x, seed=0):
    other = torch.ones(len(x), 3)
    out, same = way([x, other], torch.Generator().manual_seed(seed))
    assert same is other
    return out


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_the_same_draw_gives_the_same_and_padding_stays_padding(way):
    x = frames()
    before = x.clone()
    one, again, other = changed(way, x), changed(way, x), changed(way, x, seed=1)
    assert torch.equal(one, again) and not torch.equal(one, other) and torch.equal(x, before)
    assert one.shape == x.shape
    if way is not augmenting.faster_or_slower:
        assert torch.equal((one == 0).all(2), (x == 0).all(2))


def test_masks_hide_whole_bands_and_whole_stretches_within_their_share():
    x = frames(num=200, longest=80)[:1].repeat(200, 1, 1)
    hidden = changed(augmenting.masked, x) == augmenting.HIDDEN
    bands, stretches = hidden.all(1), hidden.all(2)
    assert torch.equal(hidden, bands[:, None] | stretches[..., None])
    assert bands.sum(1).max() <= 2 * (0.15 * 32 + 1) and stretches.sum(1).max() <= 2 * (0.15 * 80 + 1)
    assert bands.any(1).float().mean() > 0.9 and stretches.any(1).float().mean() > 0.9


def test_other_speeds_change_the_length_by_a_tenth_at_most():
    x = torch.zeros(300, 120, 4)
    x[:, :100] = torch.arange(1.0, 101.0)[:, None]  # frame n holds n + 1: where it was read is seen
    out = changed(augmenting.faster_or_slower, x)
    num = lengths(out)
    assert num.min() >= 90 and num.max() <= 112 and num.float().std() > 3
    slope = out[:, 50, 0] - out[:, 49, 0]
    assert slope.min() >= 0.9 - 1e-4 and slope.max() <= 1.1 + 1e-4
    assert torch.equal(out[:, 0], x[:, 0])


def test_noise_has_the_stated_deviation():
    x = frames(num=50)
    difference = (changed(augmenting.noisy, x) - x)[(x != 0).any(2)]
    assert difference.std().item() == pytest.approx(0.2, abs=0.01) and difference.mean().abs() < 0.01
