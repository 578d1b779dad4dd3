"""Heads with one choice changed, for notebook 07: regularisers, scaling, the parts of a block, and sets of modalities."""

from collections.abc import Callable
from dataclasses import replace

from emostudy.corpora import derived
from emostudy.corpora.corpus import Corpus
from emostudy.features import Feature
from emostudy.features.fitted import padded_sentence_vectors, raw, standardised
from emostudy.features.fitted_speech import flattened_raw
from emostudy.features.hog import frame_hog
from emostudy.features.text import words
from emostudy.models import deep_heads, heads, less
from emostudy.models.coins import Dropout
from emostudy.recipes import Recipe, augmented
from emostudy.recipes.fusion import concatenations
from emostudy.recipes.heads import WAYS, Way, inputs_of, recipe_of, recipes_of

BASE = WAYS[0]  # joined vectors: the simplest head
SIZES = (0.1, 0.25, 0.5, 1.0)  # of all training clips, or speakers
ON_TRAIN = "models not trained again with dev's clips"  # what captions say of `not_refitted`
INNER = 3  # shares of train, each of which is held out of it once
CHANGED = {
    "no_noise": ({"noise": 0.0}, "without noise"),
    "no_mixup": ({"mixup": 0.0}, "without mixup"),
    "no_smoothing": ({"label_smoothing": 0.0}, "without label smoothing"),
    "no_decay": ({"weight_decay": 0.0}, "without weight decay"),
    "no_refit": ({"refit": False}, "without dev's clips in training"),
    "balanced": ({"balanced": True}, "errors weighted by class"),
}
FRAMES = {"half": "half of the frame", "whole": "the whole frame"}
TURNS = (1, 3)  # before a clip's own


def one_by_one(corpus: Corpus, weighted: bool = True) -> tuple[Recipe, ...]:
    """Joined vectors of all modalities, as they are; then with one choice changed each; `weighted`: errors by class too."""
    base = recipe_of(BASE, tuple(inputs_of(corpus)), corpus)
    changed = [
        replace(base, name=f"joined_{name}", title=title, learner=replace(base.learner, **settings))
        for name, (settings, title) in CHANGED.items()
        if weighted or "balanced" not in settings
    ]
    kept = replace(base.learner, build=undropped)
    changed.append(replace(base, name="joined_no_dropout", title="without dropout", learner=kept))
    prepare = {name: raw if fitted is standardised else fitted for name, fitted in base.prepare.items()}
    silent = replace(base.learner, noise=0.0)  # whose size is told in standard deviations
    title = "face and voice not standardised, no noise"
    return base, *changed, replace(base, name="joined_raw", title=title, prepare=prepare, learner=silent)


def undropped(sizes: list[int], num_classes: int) -> heads.Joined:
    """Joined vectors, no number dropped."""
    head = heads.Joined(sizes, num_classes)
    for layer in head.modules():
        if isinstance(layer, Dropout):
            layer.share = 0.0
    return head


def faces_and_frames(corpus: Corpus) -> tuple[Recipe, ...]:
    """One modality, the face: cut out where it is found, then half of the frame and the whole frame; nothing where faces are no films."""
    if "face" not in inputs_of(corpus) or inputs_of(corpus)["face"][0].medium != "video":
        return ()
    face = replace(recipe_of(BASE, ("face",), corpus), name="joined_face", title="the face, cut out")
    films = {
        part: Feature(f"frame_hog_{part}", "video", frame_hog, {"part": part}, "normalised gradient energy")
        for part in FRAMES
    }
    return face, *(
        replace(face, name=f"joined_{part}_frame", title=FRAMES[part], features={"face": film})
        for part, film in films.items()
    )


def with_turns_before(corpus: Corpus) -> tuple[Recipe, ...]:
    """The words alone, then with those of the turns before, told apart; nothing where the corpus has no dialogues."""
    if "text" not in inputs_of(corpus) or derived.column(corpus.clips, f"history_{TURNS[0]}") is None:
        return ()
    own = replace(recipe_of(BASE, ("text",), corpus), name="joined_words", title="the words alone")
    past = {turns: Feature("words", f"history_{turns}", words, unit="characters", cached=False) for turns in TURNS}
    return own, *(
        replace(
            own,
            name=f"joined_{turns}_before",
            title=f"words, and {turns} turn{'s' * (turns > 1)} before",
            features=own.features | {"before": feature},
            prepare=own.prepare | {"before": padded_sentence_vectors},
        )
        for turns, feature in past.items()
    )


def other_inputs(corpus: Corpus) -> list[tuple[Recipe, ...]]:
    """Groups of recipes of one modality each: the first reads what is usual, the others something else."""
    return [group for group in (faces_and_frames(corpus), with_turns_before(corpus)) if group]


def as_they_come(corpus: Corpus) -> tuple[Recipe, ...]:
    """System M's own ablation: its fusion on standardised inputs, and on inputs as they come."""
    whole = concatenations(corpus)[-1]
    plain = {"speech": flattened_raw, "face": raw}
    prepare = {name: plain.get(name, fitted) for name, fitted in whole.prepare.items()}
    return whole, replace(whole, name="concatenation_raw", title="concatenation (M), not standardised", prepare=prepare)


def undistilled(sizes: list[int], num_classes: int) -> deep_heads.HierarchicalGated:
    """Gates, and no lesson from the joint decision."""
    return deep_heads.HierarchicalGated(sizes, num_classes, distilled=False)


def not_rebuilt(sizes: list[int], num_classes: int) -> deep_heads.SharedSpace:
    """The shared space, from which nothing has to be built again."""
    return deep_heads.SharedSpace(sizes, num_classes, weight=0.0)


def one_token(sizes: list[int], num_classes: int) -> deep_heads.CrossModal:
    """One token a modality: to whom one can listen, but not to what."""
    return deep_heads.CrossModal(sizes, num_classes, num_tokens=1)


def rank_one(sizes: list[int], num_classes: int) -> heads.LowRankFusion:
    """A single product."""
    return heads.LowRankFusion(sizes, num_classes, rank=1)


def ungated(sizes: list[int], num_classes: int) -> heads.GatedUnit:
    """A plain mean over modalities."""
    return heads.GatedUnit(sizes, num_classes, gated=False)


PARTS = {
    "tensor_fusion": (less.NoProducts, "tensor fusion, no products"),
    "embracenet": (less.Undrawn, "EmbraceNet, nothing drawn"),
    "attention_fusion": (less.EqualAttention, "attention fusion, all weights equal"),
    "two_stages": (less.OneStage, "two stages (F), trained in one"),
    "gated_unit": (ungated, "gated unit, all gates equal"),
    "hierarchical_gated": (undistilled, "gated, not distilled"),
    "shared_space": (not_rebuilt, "shared space, nothing rebuilt"),
    "cross_modal": (one_token, "cross-modal transformer, one token"),
    "low_rank_fusion": (rank_one, "low-rank fusion, rank 1"),
}


def parts_of_blocks(corpus: Corpus) -> dict[str, tuple[Recipe, Recipe]]:
    """Heads on all modalities by name, each with the same less one part."""
    modalities, known = tuple(inputs_of(corpus)), {way.name: way for way in WAYS}
    return {
        name: (recipe_of(known[name], modalities, corpus), _less(known[name], build, title, modalities, corpus))
        for name, (build, title) in PARTS.items()
    }


def _less(way: Way, build: Callable, title: str, modalities: tuple[str, ...], corpus: Corpus) -> Recipe:
    whole = recipe_of(way, modalities, corpus)
    return replace(whole, name=f"{way.name}_less", title=title, learner=replace(whole.learner, build=build))


def subsets(corpus: Corpus) -> tuple[Recipe, ...]:
    """Joined vectors of every set of modalities, single ones too."""
    return recipes_of(BASE, corpus, fewest=1)


def not_refitted(corpus: Corpus, modality: str = "") -> Recipe:
    """Joined vectors of all modalities, or of one, trained on train alone: dev stays new to it."""
    chosen = (modality,) if modality else tuple(inputs_of(corpus))
    recipe = recipe_of(BASE, chosen, corpus, refit=False)
    return replace(recipe, name="joined_no_refit", title="joined vectors, not trained on dev")


def alone(corpus: Corpus) -> tuple[Recipe, ...]:
    """`not_refitted` of each modality by itself: what is fused on purpose wrongly, and what stackers learn from."""
    return tuple(not_refitted(corpus, modality) for modality in inputs_of(corpus))


def by_condition(corpus: Corpus) -> dict[str, tuple[Recipe, ...]]:
    """All of these under the conditions by which notebook 07 keeps them."""
    sizes = (f"{of}s_{share}" for of in ("clip", "speaker") for share in SIZES)
    return {
        "subsets": subsets(corpus),
        "one_by_one": one_by_one(corpus),
        "inputs": tuple(recipe for group in other_inputs(corpus) for recipe in group),
        "as_they_come": as_they_come(corpus),
        "augmented": tuple(recipe for group in augmented.one_by_one(corpus) for recipe in group),
        "blocks": tuple(recipe for pair in parts_of_blocks(corpus).values() for recipe in pair),
        **dict.fromkeys(sizes, (not_refitted(corpus),)),
        **dict.fromkeys((f"inner fold {number}" for number in range(INNER)), alone(corpus)),
        "with train": alone(corpus),
    }
