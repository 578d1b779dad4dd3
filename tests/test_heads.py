"""Heads: any set of modalities, and nothing of a missing one reaches the answer."""

import numpy as np
import pytest
import torch
import toys

from emostudy.models.coins import Coins, Dropout, brought
from emostudy.models.deep_heads import CrossModal, HierarchicalGated, TwoStages
from emostudy.models.film_voice import FilmVoice, stretches
from emostudy.models.heads import AttentionFusion, EmbraceNet, TensorFusion, cost
from emostudy.models.less import EqualAttention, NoProducts, OneStage, Undrawn
from emostudy.models.scores import ScoreTransformer
from emostudy.recipes.heads import USUAL, WAYS, asked, recipe_of, sets_of

LESS = {one.__name__: one for one in (EqualAttention, NoProducts, OneStage, Undrawn)}
BUILDS = {way.name: way.build for way in WAYS} | {"scores": ScoreTransformer} | LESS
SIZES = (7, 5, 9, 4)


def made(name, num=3):
    torch.manual_seed(0)
    head = BUILDS[name](list(SIZES[:num]), 4).eval()
    return head, [torch.randn(6, size) for size in SIZES[:num]]


@pytest.mark.parametrize("name", BUILDS)
@pytest.mark.parametrize("num", [2, 3, 4])
def test_any_number_of_modalities_gives_logits(name, num):
    head, inputs = made(name, num)
    assert head(*inputs).shape == (6, 4)
    assert torch.equal(head(*inputs), head(*inputs))  # nothing is random but in training
    assert torch.equal(head(*inputs), head(*inputs, present=torch.ones(6, num, dtype=torch.bool)))


@pytest.mark.parametrize("name", BUILDS)
def test_what_stands_for_a_missing_modality_does_not_matter_and_the_others_do(name):
    head, inputs = made(name)
    for missing in range(3):
        present = torch.ones(6, 3, dtype=torch.bool)
        present[:, missing] = False
        told = head(*inputs, present=present)
        assert torch.isfinite(told).all()
        for stands in (torch.full_like(inputs[missing], float("nan")), 1e6 * torch.randn_like(inputs[missing])):
            other = [stands if m == missing else x for m, x in enumerate(inputs)]
            assert torch.equal(head(*other, present=present), told)
        for m in set(range(3)) - {missing}:
            moved = [x + 1 if n == m else x for n, x in enumerate(inputs)]
            assert not torch.allclose(head(*moved, present=present), told), f"modality {m} is not heard"
        assert not torch.allclose(told, head(*inputs), atol=1e-3)


@pytest.mark.parametrize("name", BUILDS)
def test_a_missing_modality_gets_no_gradient_and_no_number_that_is_none(name):
    head, inputs = made(name)
    inputs[1] = torch.full_like(inputs[1], float("nan"))
    present = torch.tensor([[True, False, True]]).expand(6, 3)
    targets = torch.eye(4)[torch.arange(6) % 4]
    for progress in (0.0, 0.9):
        losses, logits = head.train().losses(inputs, present, targets, progress, 0.1)
        assert losses.shape == (6,) and logits.shape == (6, 4)
        losses.sum().backward()
        assert all(weight.grad is None or torch.isfinite(weight.grad).all() for weight in head.parameters())


@pytest.mark.parametrize("name", BUILDS)
def test_a_clip_that_lacks_all_has_an_answer_of_its_own(name):
    head, inputs = made(name)
    nobody = torch.zeros(6, 3, dtype=torch.bool)
    told = head(*inputs, present=nobody)
    assert torch.isfinite(told).all() and torch.allclose(told, told[:1].expand_as(told))


@pytest.mark.parametrize("name", BUILDS)
def test_clips_of_a_batch_do_not_see_each_other(name):
    head, inputs = made(name)
    assert torch.allclose(head(*inputs)[2:3], head(*(x[2:3] for x in inputs)), atol=1e-6)


def test_sequences_are_tokens_of_a_cross_modal_transformer():
    head = CrossModal([7, 5], 4, num_tokens=1).eval()
    frames, vector = torch.randn(3, 11, 7), torch.randn(3, 5)
    told = head(frames, vector)
    assert told.shape == (3, 4)
    later = frames.clone()
    later[:, -1] += 1
    assert not torch.allclose(head(later, vector), told)


def test_the_tensor_stays_small_and_holds_each_product():
    for num in (2, 3, 4):
        head = TensorFusion(list(SIZES[:num]), 4)
        assert next(layer for layer in head.decision[1] if hasattr(layer, "in_features")).in_features <= 5000
    head = TensorFusion([2, 2], 3).eval()
    head.branches.branches = torch.nn.ModuleList([torch.nn.Identity(), torch.nn.Identity()])
    head.decision = torch.nn.Identity()
    product = head(torch.tensor([[2.0, 3.0]]), torch.tensor([[5.0, 7.0]]))[0].tolist()
    assert product == [1, 5, 7, 2, 10, 14, 3, 15, 21]


def test_embracenet_takes_each_number_from_one_that_is_there():
    torch.manual_seed(0)
    head = EmbraceNet([3, 3, 3], 2, units=400)
    values = torch.stack([torch.full((2, 400), float(m + 1)) for m in range(3)], 1)
    head.branches.forward = lambda inputs, present: values
    head.decision = torch.nn.Identity()
    present = torch.tensor([[True, True, True], [True, False, True]])
    drawn = head.train()(*[torch.zeros(2, 3)] * 3, present=present)
    assert set(drawn[0].tolist()) == {1, 2, 3} and set(drawn[1].tolist()) == {1, 3}
    shares = [(drawn[0] == value).float().mean().item() for value in (1, 2, 3)]
    assert shares == pytest.approx([1 / 3] * 3, abs=0.08)
    assert (drawn[1] == 1).float().mean().item() == pytest.approx(0.5, abs=0.08)


def test_self_distillation_draws_each_modality_towards_the_joint_answer():
    torch.manual_seed(0)
    head, inputs = HierarchicalGated([7, 5], 4).eval(), [torch.randn(40, 7), torch.randn(40, 5)]
    present, targets = torch.ones(40, 2, dtype=torch.bool), torch.eye(4)[torch.arange(40) % 4]
    plain, _ = HierarchicalGated([7, 5], 4, distilled=False).losses(inputs, present, targets, 0, 0)
    assert plain.mean() < head.losses(inputs, present, targets, 0, 0)[0].mean()
    optimiser = torch.optim.Adam(head.alone.parameters(), 0.02)
    joint = head(*inputs).softmax(1).detach()

    def apart():
        own = [alone(head._gated(inputs, present)[:, m]).softmax(1) for m, alone in enumerate(head.alone)]
        return sum((one - joint).abs().mean().item() for one in own)

    before = apart()
    for _ in range(60):
        optimiser.zero_grad()
        head.losses(inputs, present, joint, 0, 0)[0].mean().backward()
        optimiser.step()
    assert apart() < 0.5 * before


def test_the_first_stage_leaves_the_voice_alone():
    head, inputs = TwoStages([7, 5], 4), [torch.randn(6, 7), torch.randn(6, 5)]
    present, targets = torch.ones(6, 2, dtype=torch.bool), torch.eye(4)[torch.arange(6) % 4]
    head.losses(inputs, present, targets, 0.2, 0)[0].sum().backward()
    assert all(weight.grad is None for weight in head.second.parameters())
    assert all(weight.grad is not None for weight in head.first.parameters())
    head.losses(inputs, present, targets, 0.6, 0)[0].sum().backward()
    assert all(weight.grad is not None for weight in head.second.parameters())


def test_a_head_less_its_idea_is_else_the_same():
    inputs, present = [torch.randn(6, size) for size in SIZES[:3]], torch.ones(6, 3, dtype=torch.bool)
    torch.manual_seed(0)
    attention, equal = AttentionFusion(list(SIZES[:3]), 4).eval(), EqualAttention(list(SIZES[:3]), 4).eval()
    equal.load_state_dict(attention.state_dict())
    mean = attention.decision(attention.branches(tuple(inputs), None).mean(1))
    assert torch.allclose(equal(*inputs), mean, atol=1e-6)
    assert not torch.allclose(attention(*inputs), mean, atol=1e-3)
    embrace, undrawn = EmbraceNet(list(SIZES[:3]), 4), Undrawn(list(SIZES[:3]), 4)
    undrawn.load_state_dict(embrace.state_dict())
    assert torch.allclose(undrawn.eval()(*inputs), embrace.eval()(*inputs), atol=1e-6)  # in training alone it differs
    stages, one = TwoStages(list(SIZES[:3]), 4).eval(), OneStage(list(SIZES[:3]), 4).eval()
    one.load_state_dict(stages.state_dict())
    targets = torch.eye(4)[torch.arange(6) % 4]
    early, late = (one.losses(inputs, present, targets, progress, 0.1)[1] for progress in (0.0, 0.9))
    assert torch.equal(early, late) and torch.allclose(late, stages(*inputs))
    assert not torch.allclose(stages.losses(inputs, present, targets, 0.0, 0.1)[1], early)


def test_without_products_numbers_of_two_modalities_are_never_multiplied():
    torch.manual_seed(0)
    whole, less = (build([7, 5], 4).eval() for build in (TensorFusion, NoProducts))
    assert less.branches.branches[0][1].out_features == whole.branches.branches[0][1].out_features == 32
    assert less.decision[1][0].in_features == 2 * 32 and whole.decision[1][0].in_features == 33**2
    seen = []
    less.decision.register_forward_hook(lambda module, given, out: seen.append(given[0]))
    inputs = [torch.randn(3, 7), torch.randn(3, 5)]
    less(*inputs)
    less(inputs[0], inputs[1] + 1)
    assert torch.equal(seen[0][:, :32], seen[1][:, :32]) and not torch.equal(seen[0][:, 32:], seen[1][:, 32:])


def test_coins_come_from_outside_and_are_counted():
    layer, x = Dropout(0.25), torch.ones(2, 1000)
    with brought(Coins()) as counted:
        layer(x)
    assert counted.used == 1000
    coins = torch.rand(2, 1000, generator=torch.Generator().manual_seed(1))
    with brought(Coins(coins)):
        dropped = layer(x)
    assert torch.equal(dropped, torch.where(coins < 0.25, torch.tensor(0.0), torch.tensor(1 / 0.75)))
    assert layer(x).mean().item() == pytest.approx(1, abs=0.1)  # torch's own coins where none are brought
    assert torch.equal(layer.eval()(x), x)


def test_cost_is_cross_entropy():
    logits, labels = torch.randn(5, 3), torch.tensor([0, 2, 1, 1, 0])
    expected = torch.nn.functional.cross_entropy(logits, labels, reduction="none", label_smoothing=0.1)
    assert torch.allclose(cost(logits, torch.eye(3)[labels], 0.1), expected)


def test_picture_and_sound_into_one_network():
    torch.manual_seed(0)
    head = FilmVoice(4).eval()
    frames, bands = torch.randint(0, 255, (3, 8, 3, 48, 48), dtype=torch.uint8), torch.randn(3, 64, 32)
    told = head(frames, bands)
    assert told.shape == (3, 4)
    present = torch.tensor([[True, False]]).expand(3, 2)
    without = head(frames, bands, present=present)
    assert torch.equal(head(frames, bands + 1, present=present), without) and not torch.allclose(without, told)
    assert not torch.allclose(head(255 - frames, bands), told)


def test_a_voice_is_cut_into_stretches_of_its_own_length():
    even = stretches(torch.tensor([20]), 8, 20)
    maps = torch.randn(1, 5, 20)
    assert torch.allclose(even @ maps.transpose(1, 2), torch.nn.functional.adaptive_avg_pool1d(maps, 8).transpose(1, 2))
    for length in (1, 3, 7, 8, 13):
        short = stretches(torch.tensor([length]), 8, 20)
        assert torch.equal(short[:, :, length:], torch.zeros(1, 8, 20 - length)) and torch.allclose(
            short.sum(2), torch.ones(1, 8)
        )
        assert (short.sum(1)[0, :length] > 0).all() and (short.argmax(2).diff() >= 0).all()
    assert stretches(torch.tensor([0]), 8, 20)[0, :, 0].eq(1).all()  # no voice at all


def test_how_long_others_are_padded_says_nothing():
    torch.manual_seed(0)
    head, frames = FilmVoice(4).eval(), torch.randint(0, 255, (1, 8, 3, 48, 48), dtype=torch.uint8)
    bands = torch.cat([torch.randn(1, 64, 32), torch.zeros(1, 64, 32)], 1)
    assert torch.allclose(head(frames, bands), head(frames, bands[:, :72]), atol=1e-5)


def corpus_of(*media):
    numbers = toys.numbers_cell(np.ones(3))
    return toys.corpus(**dict.fromkeys(media, numbers))


def test_heads_are_made_for_the_sets_that_a_corpus_has():
    corpus = corpus_of("audio", "action_units", "text")
    assert sets_of(corpus) == [("face", "speech"), ("face", "text"), ("speech", "text"), ("face", "speech", "text")]
    assert len(asked([], True, corpus)) == 4 * len(WAYS) and len(asked([], False, corpus)) == 4 * len(USUAL)
    assert {recipe.name for recipe in asked(["embracenet"], False, corpus)} == {*USUAL, "embracenet"}
    one = recipe_of(WAYS[0], ("face", "speech"), corpus, hide=0.3)
    assert one.features["face"].name == "unit_powers" and one.learner.hide == 0.3
    assert recipe_of(WAYS[0], ("face",), corpus_of("video")).features["face"].name == "face_hog"


def test_what_is_not_known_or_has_no_film_is_refused():
    with pytest.raises(ValueError, match=r"gated_unti.*gated_unit"):
        asked(["gated_unti"], False, corpus_of("audio", "text"))
    with pytest.raises(ValueError, match=r"end_to_end reads video and audio; toy has .*leave it out"):
        asked(["end_to_end"], False, corpus_of("audio", "text"))
    assert "end_to_end" in [recipe.name for recipe in asked(["end_to_end"], False, corpus_of("audio", "video"))]
