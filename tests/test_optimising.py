"""Step sizes, mixup, averaged weights and class weights."""

import pytest
import torch
from torch import nn

from emostudy.optimising import average_of, class_weights, mixed, schedule


def steps_of(name: str, num_steps: int = 100) -> list[float]:
    optimiser = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=2.0)
    scheduler, found = schedule(name, optimiser, num_steps), []
    for _ in range(num_steps):
        found.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        scheduler.step()
    return found


def test_a_constant_step_is_the_step_that_was_given():
    assert steps_of("constant") == [2.0] * 100


def test_the_linear_schedule_goes_up_for_a_tenth_and_then_down_to_nearly_nothing():
    found = steps_of("linear")
    assert found[0] == pytest.approx(0.2) and max(found) == 2.0 and found.index(2.0) in (9, 10)
    assert found[-1] == pytest.approx(2 / 90) and found[10:] == sorted(found[10:], reverse=True)


def test_one_cycle_peaks_after_a_tenth_and_ends_near_nothing():
    found = steps_of("one_cycle")
    assert max(found) == pytest.approx(2.0, rel=1e-3) and 8 <= found.index(max(found)) <= 11 and found[-1] < 0.01


@pytest.mark.parametrize("name", ["constant", "linear", "one_cycle"])
def test_one_step_alone_is_enough_for_any_schedule(name):
    assert steps_of(name, 1)[0] > 0


def generator():
    return torch.Generator().manual_seed(3)


def test_mixup_mixes_clips_and_their_labels_by_the_same_share():
    labels = torch.arange(4)
    (x,), shares = mixed([torch.eye(4)], labels, 1.0, 4, generator())
    assert torch.equal(x, shares) and not torch.equal(x, torch.eye(4))  # clip k is the k-th unit vector: as its label
    assert shares.sum(1) == pytest.approx(1) and (shares.argmax(1) == labels).all()


def test_a_clip_keeps_the_larger_share_of_itself():
    labels = torch.arange(4)
    for seed in range(30):
        _, shares = mixed([torch.eye(4)], labels, 1.0, 4, torch.Generator().manual_seed(seed))
        assert shares.diagonal().min() >= 0.5


def test_without_mixup_nothing_is_drawn():
    inputs, labels, one = [torch.ones(2, 1)], torch.tensor([0, 1]), generator()
    found = mixed(inputs, labels, 0.0, 2, one)
    assert found[0] is inputs and found[1] is labels and torch.equal(one.get_state(), generator().get_state())


def test_tokens_are_not_mixed():
    with pytest.raises(ValueError, match="mixup is for numbers, and an input holds tokens"):
        mixed([torch.ones(2, 1, dtype=torch.long)], torch.tensor([0, 1]), 0.2, 2, generator())


def test_the_average_lies_between_old_and_new_weights_and_follows_statistics_too():
    model = nn.Sequential(nn.Linear(1, 1, bias=False), nn.BatchNorm1d(1))
    averaged = average_of(model, 0.75)
    for value in (0.0, 4.0):
        nn.init.constant_(model[0].weight, value)
        model[1].running_mean.fill_(value)
        averaged.update_parameters(model)
    assert averaged.module[0].weight.item() == averaged.module[1].running_mean.item() == 1.0
    assert average_of(model, 0.0) is None


def test_class_weights_make_every_class_count_the_same():
    weights = class_weights(torch.tensor([0, 0, 0, 1]), 3)
    assert (weights * torch.tensor([3, 1, 0])).tolist() == [2, 2, 0] and weights[2] == 0
