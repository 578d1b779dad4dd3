"""Pretrained encoders: pooling, batches of texts of unlike length, and vectors kept by the content of the weights."""

import shutil
import string

import numpy as np
import pytest
import torch
import transformers

from emostudy.features import encoders
from emostudy.features.encoders import TextVectors
from emostudy.features.media import BadMedia
from emostudy.models.encoders import PooledClassifier, by_length, encoder_and_tokenizer, pooled
from emostudy.models.text import small_bert
from emostudy.provenance import describe

WORDS = ["angry", "afraid", "glad", "i", "am", "today", "joey"]
TEXTS = ["I am glad", "Joey: I am angry today [SEP] Joey: I am glad", "afraid", "i am i am i am i am afraid today"]
SEP = 3
TOKENS = torch.tensor([[2, 7, SEP, 8, 9, SEP], [2, 9, SEP, 0, 0, 0], [2, 5, 6, 7, 8, SEP]])


def tiny(folder, family: str):
    """A BERT or ALBERT with random weights and a vocabulary of some words, saved as the hub keeps them."""
    torch.manual_seed(0)
    size = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    letters = list(string.ascii_lowercase)
    if family == "bert":
        vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS, ":", *letters, *(f"##{x}" for x in letters)]
        tokenizer = transformers.BertTokenizer(vocab={piece: number for number, piece in enumerate(vocabulary)})
        config = transformers.BertConfig(vocab_size=len(vocabulary), max_position_embeddings=64, **size)
    else:
        vocabulary = ["<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]", *(f"▁{word}" for word in WORDS), ":", "▁", *letters]
        tokenizer = transformers.AlbertTokenizer(vocab=[(piece, -float(rank)) for rank, piece in enumerate(vocabulary)])
        config = transformers.AlbertConfig(
            vocab_size=len(vocabulary), embedding_size=8, max_position_embeddings=64, **size
        )
    transformers.AutoModel.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module", params=["bert", "albert"])
def weights(request, tmp_path_factory):
    return tiny(tmp_path_factory.mktemp("hub") / f"tiny-{request.param}", request.param)


def vectors(weights, texts=TEXTS, pooling="mean", **settings):
    nothing = [float("nan")] * len(texts)
    return TextVectors(str(weights), f"name@{weights.name}", pooling, max_tokens=64, **settings)(
        texts, nothing, nothing
    )


def alone(weights, text: str, pooling: str) -> np.ndarray:
    """One text through the model with transformers alone, pooled as papers write it."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(weights)
    encoder = transformers.AutoModel.from_pretrained(weights).eval()
    tokens = tokenizer(text, return_tensors="pt")
    with torch.no_grad():
        states = encoder(**tokens).last_hidden_state[0]
    first = tokens.input_ids[0].tolist().index(tokenizer.sep_token_id)
    return {"cls": states[0], "mean": states.mean(0), "current": states[: first + 1].mean(0)}[pooling].numpy()


@pytest.mark.parametrize("pooling", ["cls", "mean", "current"])
def test_vectors_are_those_of_each_text_alone(weights, pooling):
    found = vectors(weights, TEXTS, pooling)
    assert found.shape == (4, 32) and found.dtype == np.float32
    for row, text in zip(found, TEXTS, strict=True):
        assert row == pytest.approx(alone(weights, text, pooling), abs=1e-5)


def test_the_current_turn_is_read_in_the_light_of_its_history(weights):
    one, other = vectors(weights, ["glad [SEP] angry", "glad [SEP] afraid"], "current")
    assert np.abs(one - other).max() > 1e-4
    one, other = vectors(weights, ["glad", "glad"], "current")
    assert np.abs(one - other).max() < 1e-6


def test_what_is_cut_off_is_the_oldest_turn(weights):
    settings = {"pooling": "mean", "max_tokens": 6}
    nothing = [0.0, 0.0]
    texts = ["i am glad [SEP] afraid angry angry", "i am glad [SEP] afraid today today"]
    one, other = TextVectors(str(weights), f"name@{weights.name}", **settings)(texts, nothing, nothing)
    assert np.abs(one - other).max() < 1e-6


def test_normalised_vectors_have_length_one_and_the_same_direction(weights):
    plain, unit = vectors(weights), vectors(weights, normalised=True)
    assert np.linalg.norm(unit, axis=1) == pytest.approx(np.ones(4), abs=1e-5)
    assert unit == pytest.approx(plain / np.linalg.norm(plain, axis=1, keepdims=True), abs=1e-5)


def test_a_text_without_words_is_bad(weights):
    with pytest.raises(BadMedia, match="empty transcript"):
        vectors(weights, ["glad", "  "])


def test_the_encoder_is_loaded_once_in_a_process(weights, monkeypatch):
    calls = []
    encoders.loaded.cache_clear()
    monkeypatch.setattr(encoders, "encoder_and_tokenizer", lambda *a: (calls.append(a), encoder_and_tokenizer(*a))[1])
    vectors(weights)
    vectors(weights, ["glad"])
    assert len(calls) == 1


def test_the_record_tells_the_name_and_not_the_place():
    one, moved = TextVectors("/here", "bert@12"), TextVectors("/there", "bert@12")
    assert describe(one) == describe(moved) == {"type": "TextVectors", "name": "bert@12"}
    assert describe(TextVectors("/here", "bert@34")) != describe(one)


def test_missing_weights_are_told_with_the_remedy(tmp_path):
    with pytest.raises(ValueError, match=r"cannot load .*give a hub name .*or a folder with config\.json"):
        vectors(tmp_path / "nothing")


def test_a_tokeniser_of_another_model_and_too_long_texts_are_refused(weights, tmp_path):
    with pytest.raises(ValueError, match="reads at most 64 tokens; max_tokens=65 must not be more"):
        encoder_and_tokenizer(str(weights), 65)
    other = shutil.copytree(weights, tmp_path / "other")
    small_bert(9, width=32).save_pretrained(other)
    with pytest.raises(ValueError, match=r"the tokeniser has \d+ pieces, the model knows 9; take both from one place"):
        encoder_and_tokenizer(str(other), 64)


def classifier(pooling: str) -> PooledClassifier:
    torch.manual_seed(0)
    return PooledClassifier(small_bert(50), 4, pooling, SEP)


@pytest.mark.parametrize("pooling", ["cls", "mean", "current"])
def test_logits_of_each_text_whatever_is_beside_it_and_gradients(pooling):
    model = classifier(pooling).eval()
    with torch.no_grad():
        longer = torch.cat([TOKENS, torch.zeros(3, 9, dtype=torch.long)], 1)
        assert model(longer).numpy() == pytest.approx(model(TOKENS).numpy(), abs=1e-5)
        for row in range(3):
            assert model(TOKENS[row : row + 1]).numpy() == pytest.approx(model(TOKENS)[row : row + 1].numpy(), abs=1e-5)
    model.train()(TOKENS).square().sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    unused = [name for name, p in model.named_parameters() if not p.grad.abs().sum() > 0]
    assert all("key.bias" in name for name in unused)  # softmax does not see what is added to every key


def test_pooling_by_hand():
    states = torch.arange(36.0).reshape(3, 6, 2)
    mask = (TOKENS != 0).long()
    assert torch.equal(pooled(states, TOKENS, mask, "cls"), states[:, 0])
    expected = torch.stack([states[0].mean(0), states[1, :3].mean(0), states[2].mean(0)])
    assert torch.allclose(pooled(states, TOKENS, mask, "mean"), expected)
    expected[0] = states[0, :3].mean(0)  # up to the first separator
    assert torch.allclose(pooled(states, TOKENS, mask, "current", SEP), expected)
    with pytest.raises(ValueError, match="unknown pooling 'max'; must be one of cls, mean, current"):
        PooledClassifier(small_bert(9), 2, "max")


def test_texts_of_like_length_go_together_and_come_back_in_order():
    widths = []

    def first_and_length(tokens):
        widths.append(tokens.shape)
        return torch.stack([tokens[:, 0], (tokens != 0).sum(1)], 1).float()

    lengths = [5, 1, 4, 2, 3, 1]
    tokens = torch.zeros(6, 9, dtype=torch.long)
    for row, length in enumerate(lengths):
        tokens[row, :length] = row + 1
    assert by_length(first_and_length, tokens, group=2).tolist() == [[row + 1, n] for row, n in enumerate(lengths)]
    assert widths == [(2, 1), (2, 3), (2, 5)]


def test_dropout_is_the_encoders_own_unless_it_is_told():
    def rates(model):
        return {layer.p for layer in model.encoder.modules() if isinstance(layer, torch.nn.Dropout)}

    assert rates(PooledClassifier(small_bert(9), 2)) == {0.1, 0.2}
    assert rates(PooledClassifier(small_bert(9), 2, dropout=0.3)) == {0.3}
