"""Networks: shapes, gradients, and that each computes what its docstring says."""

import numpy as np
import pytest
import torch
from torch import nn

from emostudy.features.fitted import LearnedWordPiece
from emostudy.models import declare_missing_operators, faces
from emostudy.models.dense import mlp
from emostudy.models.faces import CHANGES, FaceCNN, Jitter, OverFrames, jitter_faces
from emostudy.models.fusion import Concatenation
from emostudy.models.speech import LinearLSTM, MfccLSTM
from emostudy.models.text import BertClassifier, cls_vector, pretrained, small_bert
from emostudy.recipes.text import WORDS, pretrained_bert

TOKENS = torch.tensor([[2, 7, 8, 3, 0, 0], [2, 9, 3, 0, 0, 0]])


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


MODELS = {
    "mlp": (lambda: mlp(5, 4), (torch.rand(3, 5),)),
    "cnn": (lambda: FaceCNN(4), (torch.rand(3, 3, 48, 48),)),
    "frames": (lambda: OverFrames(FaceCNN(4, size=30)), (torch.rand(3, 2, 3, 30, 30),)),
    "lstm": (lambda: MfccLSTM(4), (torch.rand(3, 40),)),
    "lstm_tanh": (lambda: MfccLSTM(4, linear=False), (torch.rand(3, 40),)),
    "bert": (lambda: BertClassifier(small_bert(50), 4), (TOKENS.repeat(2, 1)[:3],)),
    "concatenation": (lambda: Concatenation([5, 7], 4), (torch.rand(3, 5), torch.rand(3, 7))),
}


@pytest.mark.parametrize("name", MODELS)
def test_logits_for_each_clip_and_gradients_for_each_weight(name):
    build, inputs = MODELS[name]
    model = build()
    logits = model(*inputs)
    assert logits.shape == (3, 4) and torch.isfinite(logits).all()
    nn.functional.cross_entropy(logits, torch.tensor([0, 1, 2])).backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    assert sum(parameter.grad.abs().sum() > 0 for parameter in model.parameters()) >= 0.7 * len(
        list(model.parameters())
    )


@pytest.mark.parametrize("name", MODELS)
def test_a_clip_is_read_the_same_whatever_is_beside_it(name):
    build, inputs = MODELS[name]
    model = build().eval()
    with torch.no_grad():
        assert model(*(x[:1] for x in inputs)).numpy() == pytest.approx(model(*inputs)[:1].numpy(), abs=1e-5)


def by_hand(layer: LinearLSTM, sequence: np.ndarray, activation) -> np.ndarray:
    """The recurrence as textbooks write it, one clip, in NumPy."""
    weights, bias, recurrent = (
        p.detach().numpy() for p in (layer.input.weight, layer.input.bias, layer.recurrent.weight)
    )
    hidden = cell = np.zeros(layer.units)
    for step in sequence:
        gates = (weights @ step + bias + recurrent @ hidden).reshape(4, layer.units)
        entry, forget, out = (1 / (1 + np.exp(-gates[at])) for at in (0, 1, 3))
        cell = forget * cell + entry * activation(gates[2])
        hidden = out * activation(cell)
    return hidden


def test_the_linear_lstm_is_the_textbook_recurrence_without_tanh():
    layer, sequence = LinearLSTM(2, 5), torch.randn(3, 7, 2)
    found = layer(sequence).detach().numpy()
    for clip in range(3):
        assert found[clip] == pytest.approx(by_hand(layer, sequence[clip].numpy(), lambda x: x), abs=1e-5)
        assert np.abs(found[clip] - by_hand(layer, sequence[clip].numpy(), np.tanh)).max() > 1e-3


def test_the_linear_lstm_is_torchs_own_where_tanh_is_as_good_as_straight():
    layer, own = LinearLSTM(1, 4), nn.LSTM(1, 4, batch_first=True)
    with torch.no_grad():
        layer.input.weight *= 0.01
        own.weight_ih_l0.copy_(layer.input.weight)
        own.weight_hh_l0.copy_(layer.recurrent.weight)
        own.bias_ih_l0.copy_(layer.input.bias)
        own.bias_hh_l0.zero_()
        sequence = 0.1 * torch.randn(3, 10, 1)
        assert layer(sequence).numpy() == pytest.approx(own(sequence)[0][:, -1].numpy(), rel=1e-3, abs=1e-8)


def test_the_forget_gate_starts_open_and_the_recurrence_orthogonal():
    layer = LinearLSTM(1, 6)
    assert layer.input.bias.tolist() == [0] * 6 + [1] * 6 + [0] * 12
    product = layer.recurrent.weight.T @ layer.recurrent.weight
    assert product.detach().numpy() == pytest.approx(np.eye(6), abs=1e-5)


def test_the_cnn_is_system_f_with_relu_before_pooling():
    model, images = FaceCNN(6).eval(), torch.rand(2, 3, 48, 48)
    with torch.no_grad():
        x = images
        for layer in (each for each in model.convolutions if isinstance(each, nn.Conv2d)):
            x = nn.functional.max_pool2d(nn.functional.relu(layer(x)), 2)  # the order that the paper states
        assert x.shape == (2, 256, 4, 4)
        assert model(images).numpy() == pytest.approx(model.head(x).numpy(), abs=1e-5)
    assert [each.out_channels for each in model.convolutions if isinstance(each, nn.Conv2d)] == [64, 128, 256]


class Colour(nn.Module):
    """Logits are the mean red and green of an image."""

    def forward(self, images):
        return images.mean((2, 3))[:, :2]


def test_frames_are_joined_by_the_mean_of_their_probabilities():
    frames = 5 * torch.rand(4, 3, 3, 6, 6)
    model = OverFrames(Colour()).eval()
    expected = Colour()(frames.flatten(0, 1)).softmax(1).reshape(4, 3, 2).mean(1)
    assert model(frames).softmax(1).numpy() == pytest.approx(expected.numpy(), abs=1e-6)
    assert model(frames).exp().sum(1).numpy() == pytest.approx(np.ones(4), abs=1e-6)


def test_training_sees_one_frame_of_each_clip_at_random():
    frames = torch.arange(3.0).reshape(1, 3, 1, 1, 1).expand(200, 3, 3, 2, 2)
    seen = OverFrames(Colour()).train()(frames)[:, 0]
    assert set(seen.tolist()) == {0.0, 1.0, 2.0}


def test_jitter_without_chance_is_the_identity(monkeypatch):
    frames = torch.rand(2, 3, 3, 12, 12)
    monkeypatch.setattr(faces.torch, "rand", lambda *shape, **_: torch.full(shape, 0.5))
    moved, other = jitter_faces([frames, TOKENS], None)
    assert moved.numpy() == pytest.approx(frames.numpy(), abs=1e-5) and other is TOKENS


def test_jitter_moves_all_frames_of_a_clip_alike_and_stays_in_range():
    frames = torch.rand(4, 1, 3, 12, 12).expand(4, 3, 3, 12, 12)
    moved = jitter_faces([frames], torch.Generator().manual_seed(1))[0]
    assert moved.shape == frames.shape and moved.min() >= 0 and moved.max() <= 1
    assert torch.equal(moved[:, 0], moved[:, 2])
    assert all((moved[clip] - frames[clip]).abs().max() > 0.1 for clip in range(4))
    assert torch.equal(moved, jitter_faces([frames], torch.Generator().manual_seed(1))[0])


@pytest.mark.parametrize("vertical", [True, False])
def test_jitter_turns_flips_and_zooms_but_never_shears(monkeypatch, vertical):
    thetas = []
    grid = nn.functional.affine_grid
    monkeypatch.setattr(
        nn.functional, "affine_grid", lambda theta, *a, **k: (thetas.append(theta), grid(theta, *a, **k))[1]
    )
    changes = CHANGES if vertical else CHANGES[:-1]
    jitter_faces([torch.rand(64, 1, 3, 8, 8)], torch.Generator().manual_seed(0), changes)
    linear = thetas[0][:, :, :2]
    gram = linear.transpose(1, 2) @ linear  # zoom^2 times the identity, whatever the turn and the flips
    assert gram[:, 0, 1].abs().max() < 1e-6 and (gram[:, 0, 0] - gram[:, 1, 1]).abs().max() < 1e-5
    zoom = gram[:, 0, 0].sqrt()
    assert 0.9 <= zoom.min() < 0.95 and 1.05 < zoom.max() <= 1.1
    mirrored = (torch.linalg.det(linear) < 0).float().mean()
    assert 0.3 < mirrored < 0.7
    upside_down = (linear[:, 1, 1] < 0).float().mean()
    assert 0.3 < upside_down < 0.7 if vertical else upside_down == 0


def thetas_of(changes, monkeypatch) -> torch.Tensor:
    """What these changes do to 64 clips, as matrices (64, 2, 3)."""
    seen, grid = [], nn.functional.affine_grid
    with monkeypatch.context() as patch:
        patch.setattr(
            nn.functional, "affine_grid", lambda theta, *a, **k: (seen.append(theta), grid(theta, *a, **k))[1]
        )
        Jitter(changes)([torch.rand(64, 1, 3, 8, 8)], torch.Generator().manual_seed(0))
    return seen[0]


def test_each_change_to_a_picture_does_one_thing(monkeypatch):
    same = torch.tensor([[1.0, 0, 0], [0, 1, 0]])
    one = {change: thetas_of((change,), monkeypatch) - same for change in CHANGES}
    moved = {
        change: {tuple(place) for place in (theta.abs() > 1e-6).nonzero()[:, 1:].tolist()}
        for change, theta in one.items()
    }
    turned = {(0, 0), (0, 1), (1, 0), (1, 1)}
    assert moved == {
        "rotation": turned,
        "zoom": {(0, 0), (1, 1)},
        "shift": {(0, 2), (1, 2)},
        "mirror": {(0, 0)},
        "flip": {(1, 1)},
    }
    assert 0.3 < (one["flip"][:, 1, 1] == -2).float().mean() < 0.7 and one["shift"].abs().max() <= 0.2
    assert thetas_of((), monkeypatch).numpy() == pytest.approx(same.expand(64, 2, 3).numpy())
    whole = thetas_of(CHANGES, monkeypatch)  # each change is drawn alike, whatever the others are
    assert torch.equal(whole[:, :, 2], one["shift"][:, :, 2])
    assert torch.equal(whole[:, 1, 1] < 0, one["flip"][:, 1, 1] < 0)


def test_a_change_that_system_f_has_not_is_told():
    with pytest.raises(ValueError, match="no change 'shear'; it has rotation, zoom"):
        Jitter(("shear",))


def test_bert_does_not_look_at_padding():
    model = BertClassifier(small_bert(50), 3).eval()
    with torch.no_grad():
        longer = torch.cat([TOKENS, torch.zeros(2, 9, dtype=torch.long)], 1)
        assert model(longer).numpy() == pytest.approx(model(TOKENS).numpy(), abs=1e-6)
        assert model(TOKENS[1:, :3]).numpy() == pytest.approx(model(TOKENS)[1:].numpy(), abs=1e-6)
        assert np.abs((model(TOKENS[1:]) - model(TOKENS[:1])).numpy()).max() > 1e-3


def test_the_first_tokens_vector_is_taken():
    encoder = small_bert(50).eval()
    with torch.no_grad():
        whole = encoder(input_ids=TOKENS[:1, :4], attention_mask=torch.ones(1, 4)).last_hidden_state
        assert cls_vector(encoder, TOKENS[:1]).numpy() == pytest.approx(whole[:, 0].numpy(), abs=1e-6)


def test_a_frozen_encoder_is_not_trained():
    model = BertClassifier(small_bert(50), 3, frozen=True)
    model(TOKENS).sum().backward()
    assert all(parameter.grad is None for parameter in model.encoder.parameters())
    assert all(parameter.grad is not None for parameter in model.head.parameters())


def test_fusion_uses_every_modality_and_wants_them_all():
    model = Concatenation([5, 7], 3).eval()
    one, two = torch.rand(2, 5), torch.rand(2, 7)
    assert not torch.allclose(model(one, two), model(one + 1, two))
    assert not torch.allclose(model(one, two), model(one, two + 1))
    with pytest.raises(ValueError, match="shorter"):
        model(one)


def test_torchvision_can_be_imported_beside_this_torch():
    from torchvision.transforms import v2

    assert v2.CenterCrop(2)(torch.rand(3, 4, 4)).shape == (3, 2, 2)
    assert declare_missing_operators() == []  # they are there by now


@pytest.mark.parametrize("kind", ["AutoModel", "AutoTokenizer"])
def test_missing_weights_are_told_with_the_remedy(tmp_path, kind):
    with pytest.raises(
        ValueError, match=r"cannot load .*give a hub name .*or a folder with config\.json, model\.safetensors"
    ):
        pretrained(kind, str(tmp_path / "nothing"))


SENTENCES = [f"{word} I am {word} today" for word in ("angry", "afraid", "glad")]


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A tiny BERT and its tokeniser, saved as the hub keeps them."""
    from transformers import BertTokenizerFast

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("hub") / "tiny-bert"
    tokenizer = LearnedWordPiece().learn(np.array(SENTENCES * 2))
    vocabulary = sorted(tokenizer.get_vocab(), key=tokenizer.get_vocab().get)
    small_bert(len(vocabulary), width=32, layers=1).save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n", "utf-8")
    BertTokenizerFast(vocab=str(folder / "vocab.txt"), model_max_length=64).save_pretrained(folder)
    return folder


def test_pretrained_weights_in_a_folder_are_loaded_and_trained(weights):
    recipe = pretrained_bert(str(weights), epochs=1)
    assert recipe.name == "text_tiny-bert" and recipe.features == {"text": WORDS}
    loaded = recipe.learner.build({"text": 0}, 3)
    saved = pretrained("AutoModel", str(weights))
    assert torch.equal(loaded.encoder.embeddings.word_embeddings.weight, saved.embeddings.word_embeddings.weight)
    parts = {part: {"text": np.array(SENTENCES * 4)} for part in ("train", "dev", "test")}
    labels = {part: np.arange(12) % 3 for part in parts}
    small = {"text": recipe.prepare["text"].__class__(str(weights), max_tokens=16)}
    fitted = recipe.learner.fit(type(recipe)(**vars(recipe) | {"prepare": small}), parts, labels, 3, 0)
    assert fitted.test.shape == (12, 3) and len(fitted.history) == 1


def test_the_record_names_the_weights_by_content_and_not_by_folder(weights, tmp_path):
    import shutil

    from emostudy.provenance import describe

    moved = shutil.copytree(weights, tmp_path / "tiny-bert")
    assert describe(pretrained_bert(str(moved))) == describe(pretrained_bert(str(weights)))
    assert str(tmp_path) not in str(describe(pretrained_bert(str(moved))))
    other = (moved / "model.safetensors").read_bytes()
    (moved / "model.safetensors").write_bytes(other[:-1] + bytes([other[-1] ^ 1]))
    assert describe(pretrained_bert(str(moved))) != describe(pretrained_bert(str(weights)))
    (moved / "model.safetensors").unlink()
    with pytest.raises(ValueError, match=r"tiny-bert holds no model\.safetensors: save the model there"):
        pretrained_bert(str(moved))
    assert pretrained_bert("bert-base-uncased").pretrained == "bert-base-uncased"


def test_a_tokeniser_that_pads_with_another_number_is_refused(monkeypatch):
    from types import SimpleNamespace

    from emostudy.features.fitted import PretrainedTokens
    from emostudy.models import text

    monkeypatch.setattr(text, "pretrained", lambda *_: SimpleNamespace(pad_token_id=1))
    with pytest.raises(ValueError, match="pads with 1; must be 0: take one of the BERT family"):
        PretrainedTokens("roberta-base")(np.array(["hello"]))
