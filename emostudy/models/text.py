"""Networks on text: BERT, from scratch or pretrained, with system M's head."""

import transformers  # its models are loaded when first named: that takes seconds
from torch import Tensor, nn


class BertClassifier(nn.Module):
    """BERT, its first token's vector (CLS), dense 128 ReLU, dense C. System M.

    Args:
        encoder: a model of the BERT family; `small_bert` makes one from scratch, `pretrained` loads one.
        frozen: train the head alone.
    """

    def __init__(self, encoder: nn.Module, num_classes: int, frozen: bool = False) -> None:
        super().__init__()
        self.encoder = encoder.requires_grad_(not frozen)
        self.head = nn.Sequential(nn.Linear(encoder.config.hidden_size, 128), nn.ReLU(), nn.Linear(128, num_classes))

    def forward(self, tokens: Tensor) -> Tensor:
        """Token numbers (B, T), 0 is padding -> (B, C)."""
        return self.head(cls_vector(self.encoder, tokens))


def cls_vector(encoder: nn.Module, tokens: Tensor) -> Tensor:
    """(B, T) token numbers, 0 is padding -> the first token's vector (B, D). Columns that are padding for all are cut."""
    tokens = tokens[:, : max(int((tokens != 0).sum(1).max()), 1)]
    return encoder(input_ids=tokens, attention_mask=(tokens != 0).long()).last_hidden_state[:, 0]  # (B, T, D) -> (B, D)


def small_bert(vocabulary: int, width: int = 96, layers: int = 2) -> nn.Module:
    """A BERT small enough to train from scratch on some hundred sentences."""
    config = transformers.BertConfig(
        vocab_size=vocabulary,
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=4,
        intermediate_size=2 * width,
        max_position_embeddings=64,
        hidden_dropout_prob=0.2,
        attention_probs_dropout_prob=0.1,
    )
    return transformers.BertModel(config, add_pooling_layer=False)


def pretrained(kind: str, weights: str):
    """A transformers class by name (`AutoModel`, `AutoTokenizer`), loaded by hub name or from a folder, safetensors only.

    No code that lies beside the weights is run, nor one that their configuration names.

    Raises:
        ValueError: they are not there, or not whole; never a silent start from scratch.
    """
    own = {"use_safetensors": True, "attn_implementation": "eager", "output_loading_info": True}
    try:
        loaded = getattr(transformers, kind).from_pretrained(
            weights, trust_remote_code=False, **(own if kind == "AutoModel" else {})
        )
        return _whole_model(*loaded) if kind == "AutoModel" else _whole_tokenizer(loaded)
    except Exception as error:  # from a broken file transformers raises anything: KeyError, SafetensorError, ...
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise ValueError(
            f"cannot load {weights!r} ({reason}): give a hub name with network access "
            f"(`hf download NAME` fetches it), or a folder with config.json, model.safetensors and the tokeniser"
        ) from None


def _whole_model(model: nn.Module, found: dict) -> nn.Module:
    """transformers draws at random what the file lacks; only the pooler and what masks a waveform, not used here, may be lacking."""
    unused = ("pooler.", "masked_spec_embed")
    missing = sorted(name for name in found["missing_keys"] if not name.startswith(unused))
    if missing:
        raise ValueError(f"the file lacks {len(missing)} of the weights, such as {missing[0]}")
    return model


def _whole_tokenizer(tokenizer):
    """transformers makes an empty one where there are no files."""
    if len(tokenizer) <= len(tokenizer.all_special_tokens):
        raise ValueError("the tokeniser has no vocabulary")
    return tokenizer
