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

    Raises:
        ValueError: the weights are not there; never a silent start from scratch.
    """
    options = {"use_safetensors": True} if kind == "AutoModel" else {}
    try:
        return getattr(transformers, kind).from_pretrained(weights, **options)
    except (OSError, ValueError) as error:
        raise ValueError(
            f"cannot load {weights!r} ({str(error).splitlines()[0]}): give a hub name with network access "
            f"(`hf download {weights}` fetches it), or a folder with config.json, model.safetensors and the tokeniser"
        ) from None
