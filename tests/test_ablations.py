"""Ablations: shares that sum to the whole, fewer clips that leave test alone, stackers that are wrong on purpose."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
import toys
from test_batched import head_recipe

from emostudy import ablation_words, ablations, augmentations, experiments, figures, robustness
from emostudy import predictions as preds
from emostudy.ablations import Fewer
from emostudy.corpora import load
from emostudy.corpora.corpus import Corpus
from emostudy.lesson import Lesson
from emostudy.models import heads
from emostudy.models.coins import Dropout
from emostudy.models.faces import CHANGES
from emostudy.partners import partnered
from emostudy.protocols import splits
from emostudy.recipes import ablated, augmented
from emostudy.recipes.rules import PRODUCT, STACKING
from emostudy.scores import score
from emostudy.shapley import modality_shares, shapley, shares_apart, shares_of


def test_shapley_values_of_a_game_worked_out_by_hand():
    worth = {"": 0.0, "a": 10.0, "b": 20.0, "c": 0.0, "ab": 40.0, "ac": 10.0, "bc": 20.0, "abc": 43.0}
    values = {frozenset(name): np.array(value) for name, value in worth.items()}
    found = {player: float(value) for player, value in shapley(values, ("a", "b", "c")).items()}
    orders = {  # what each adds in the six orders
        "a": (10 + 10 + 20 + 23 + 10 + 23) / 6,
        "b": (30 + 33 + 20 + 20 + 33 + 20) / 6,
        "c": (3 + 0 + 3 + 0 + 0 + 0) / 6,
    }
    assert found == pytest.approx(orders) and sum(found.values()) == pytest.approx(43)


def singles(seeds=(0,), **shared) -> pd.DataFrame:
    frames = [
        toys.predictions("one", modality, skill, noise=noise, seed=seed, **shared)
        for noise, (modality, skill) in enumerate((("face", 1.0), ("speech", 1.5), ("text", 0.0)))
        for seed in seeds
    ]
    return pd.concat(frames, ignore_index=True)


def test_shares_of_modalities_sum_to_what_all_have_above_chance_and_who_knows_nothing_gets_none():
    from itertools import combinations

    frame, frames = singles(), []
    for size in (1, 2, 3):
        for chosen in combinations(("face", "speech", "text"), size):
            rows = frame[frame.modalities.isin(chosen)]
            joined = partnered(rows, PRODUCT, "matched", toys.EMOTIONS)
            frames.append(joined.assign(recipe="product", condition="subsets"))
    corpus = toys.corpus()
    found = shares_of(pd.concat(frames), corpus, num_draws=200)
    table = modality_shares(found, corpus).set_index("modality")
    whole = score(frames[-1], corpus).query("metric == 'UAR' and emotion == 'all'").value.iloc[0]
    assert table.value.sum() + 1 / 3 == pytest.approx(whole)
    assert (
        table.value["text"] < 0.05 < table.value["face"] < table.value["speech"]
    )  # it may harm: it is sure of nothing true
    lost = pd.concat([*frames[:-1], frames[-1][frames[-1].clip_id != frames[-1].clip_id.iloc[0]]])
    fewer = shares_of(lost, corpus, num_draws=20)  # one set lacks a clip: none has it
    assert fewer.modalities == found.modalities and fewer.num_clips == found.num_clips - 1
    assert (table.ci_low < table.value).all() and (table.value < table.ci_high).all()
    apart = shares_apart(found).set_index(["modality", "other"])
    assert apart.index.tolist() == [("speech", "face"), ("speech", "text"), ("face", "text")]
    assert apart.difference.tolist() == pytest.approx(
        [table.value[one] - table.value[other] for one, other in apart.index]
    )
    two = apart.loc[("speech", "text")]
    assert 0 < two.ci_low < two.difference < two.ci_high
    unpaired = table.ci_high["speech"] - table.ci_low["text"]
    assert two.ci_high < unpaired  # the same speakers are drawn on both sides
    drawn, told = figures.shares(table.reset_index(), "speaker_independent", "product"), table.reset_index()
    assert drawn.axes and figures.shares_alt(told, "product").index("speech") < figures.shares_alt(
        told, "product"
    ).index("face")


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return toys.corpus(num_speakers=20)


@pytest.mark.parametrize("of", ["clip", "speaker"])
def test_fewer_clips_are_among_more_and_test_stays(corpus, of):
    (split,) = splits(corpus, "speaker_independent", (0,))
    cut = {share: Fewer(share, of)(split, corpus) for share in (0.25, 0.5, 1.0)}
    assert cut[1.0] == split
    assert set(cut[0.25].train) < set(cut[0.5].train) < set(split.train)
    assert len(cut[0.5].train) == pytest.approx(len(split.train) / 2, rel=0.1)
    clips = corpus.clips.set_index("clip_id")
    speakers, all_speakers = (clips.speaker[list(one.train)].nunique() for one in (cut[0.25], split))
    assert speakers == all_speakers if of == "clip" else speakers < all_speakers / 2
    assert clips.emotion[list(cut[0.25].train)].value_counts().min() >= 3
    for one in cut.values():
        assert (one.dev, one.test, one.keeps_apart) == (split.dev, split.test, split.keeps_apart)


def test_what_is_left_out_of_train_is_in_the_record_and_in_the_run_id(corpus, tmp_path):
    study = (corpus, (toys.SVM,), ["speaker_independent"], toys.QUICK, tmp_path)
    frames = {
        one: experiments.run(*study, jobs=1, condition=f"clips_{one.share}", cut=one)
        for one in (Fewer(0.2), Fewer(1.0))
    }
    runs = preds.read_records(tmp_path, [run_id for rows in frames.values() for run_id in rows.run_id.unique()])
    table = ablations.by_size(frames, lambda rows: score(rows, corpus), runs, "UAR")
    assert len(runs) == 4 and table.num_train.iloc[1] == table.num_train.iloc[2]
    assert table.num_train.iloc[0] == pytest.approx(0.2 * table.num_train.iloc[1], rel=0.15)
    assert table.of.tolist() == ["clip", "clip", "speaker"]  # all clips are those of all speakers
    fig = figures.sizes(table, chance=0.3, learned="models not trained again")
    fig.draw_without_rendering()
    (ax,) = fig.axes
    assert ax.get_legend().get_window_extent().y0 >= ax.get_window_extent().y1 - 1  # on no curve and not on chance
    assert "New speakers, models not trained again;" in " ".join(fig.get_supxlabel().split())
    assert f"from {table.num_train.iloc[0]:.0f} clips" in figures.sizes_alt(table)


def test_a_stacker_on_training_scores_believes_who_remembers(tmp_path):
    """One model has its training clips by heart and knows nothing else; the other is honest."""
    frame = singles()
    frame = frame[frame.modalities != "text"]
    dev = frame[frame.part == "dev"]
    train = dev.assign(part="train", clip_id="t" + dev.clip_id)
    numbers = preds.columns_of(toys.EMOTIONS)
    by_heart = train.modalities == "face"
    sure = pd.get_dummies(train.emotion)[list(toys.EMOTIONS)].to_numpy(float) * 0.98 + 0.01
    train.loc[by_heart, numbers] = sure[by_heart.to_numpy()]
    frame.loc[frame.modalities == "face", numbers] = 1 / 3
    everything = pd.concat([frame, train], ignore_index=True)
    right = {}
    for part in ("train", "dev"):
        rows = ablations.stacked(everything, STACKING, part, toys.EMOTIONS)
        right[part] = (rows.emotion == rows.predicted).mean()
        assert set(rows.recipe) == {f"stacking_on_{part}"}
    assert right["train"] < right["dev"]


def test_training_clips_are_kept_where_asked_for(tmp_path, corpus):
    recipe = head_recipe(refit=False)
    study = (corpus, (recipe,), (), ["speaker_independent"], toys.QUICK, tmp_path)
    rows = robustness.run(*study, jobs=1, keep_train=True)
    assert set(rows.part) == {"train", "dev", "test"}
    assert set(robustness.run(*study, jobs=1).part) == {"dev", "test"}
    records = preds.read_records(tmp_path, list(rows.run_id.unique()))
    assert {record["condition"] for record in records} == {"with train"}
    counts = rows.groupby(["fold", "part"]).clip_id.nunique().unstack()
    assert (counts.train == [record["num_clips"]["train"] for record in records]).all()


def test_each_ablated_recipe_has_a_name_of_its_own_and_one_change():
    cell = toys.numbers_cell(np.ones(3))
    corpus = toys.corpus(audio=cell, action_units=cell, text="some words")
    base, *changed = ablated.one_by_one(corpus)
    assert len({one.name for one in (base, *changed)}) == len(changed) + 1 == 9
    assert changed[-1].learner.noise == 0  # it is told in deviations of standardised numbers
    for one in changed[:-1]:
        same = replace(one, name=base.name, title=base.title)
        assert (same.learner != base.learner) != (same.prepare != base.prepare)
    undropped = base.learner.build([5, 6, 7], 3), changed[-2].learner.build([5, 6, 7], 3)
    assert [{one.share for one in head.modules() if isinstance(one, Dropout)} for head in undropped] == [
        {0.2, 0.5},
        {0.0},
    ]
    for whole, less in ablated.parts_of_blocks(corpus).values():
        assert less.name == f"{whole.name}_less" and less.learner.build is not whole.learner.build
        sizes = [5, 6, 7]
        assert isinstance(less.learner.build(sizes, 3), type(whole.learner.build(sizes, 3)))
    assert len(ablated.subsets(corpus)) == 7
    scaled, plain = ablated.as_they_come(corpus)
    assert scaled.name == "concatenation" and scaled.prepare != plain.prepare and scaled.learner == plain.learner


def test_other_inputs_are_those_that_a_corpus_has():
    cell = toys.numbers_cell(np.ones(3))
    assert ablated.other_inputs(toys.corpus(audio=cell, action_units=cell)) == []
    films = replace(toys.corpus(audio=cell, video="film.mp4", text="some words"), card=toys.corpus().card)
    clips = films.clips.assign(dialogue=films.clips.speaker, turn=range(len(films.clips)))
    faces, turns = ablated.other_inputs(replace(films, clips=clips))
    assert [one.features["face"].name for one in faces] == ["face_hog", "frame_hog_half", "frame_hog_whole"]
    assert [sorted(one.features) for one in turns] == [["text"], ["before", "text"], ["before", "text"]]
    assert turns[2].features["before"].medium == "history_3"


def test_training_clips_are_varied_in_one_way_each_where_a_corpus_has_sounds_or_films():
    assert augmented.one_by_one(toys.corpus(action_units=toys.numbers_cell(np.ones(3)))) == []
    voices, faces = augmented.one_by_one(toys.corpus(audio="clip.wav", video="film.mp4"))
    for group in (voices, faces):
        base, *others = group
        ways = [replace(one.learner, augment=base.learner.augment) for one in others]
        kept = [one for one in ways if one == base.learner]
        assert len(kept) == len(others) - (group is voices)  # mixup is no augmentation of single clips
        assert len({one.name for one in group}) == len(group) == len(augmented.names(group))
    assert [one.learner.mixup for one in voices] == [0.3, 0.0, 0.3, 0.3, 0.3]
    assert augmented.names(faces)["face_cnn_all_but_flip"] == "all but flip"
    assert [one.learner.augment.changes for one in faces[1:6]] == [(change,) for change in CHANGES]


def test_of_a_large_corpus_a_share_is_learned_from():
    corpus = toys.corpus()
    assert ablations.share_of(corpus) == 1 and ablations.cut_of(corpus) is None and ablations.learned_told(corpus) == ""
    copies = [
        corpus.clips.assign(clip_id=corpus.clips.clip_id + f"_{n}")
        for n in range(3 * ablations.MOST // len(corpus.clips))
    ]
    many = replace(corpus, clips=pd.concat(copies))
    assert ablations.share_of(many) == ablations.cut_of(many).share == pytest.approx(1 / 3, abs=0.01)
    assert ablations.learned_told(many) == ", learned from 33 % of the training clips, dev whole"


def test_a_card_may_name_whose_training_clips_are_varied_and_in_how_many_folds():
    corpus = toys.corpus(audio="clip.wav", video="film.mp4")
    assert [augmented.num_folds(corpus, group) for group in augmented.one_by_one(corpus)] == [None, None]
    corpus = replace(corpus, card=corpus.card | {"augmented": {"face": 2}})
    (faces,) = augmented.one_by_one(corpus)
    assert faces == augmented.FACES and augmented.num_folds(corpus, faces) == 2
    assert augmented.one_by_one(load("emosynth", profile="smoke")) == [augmented.FACES]


def test_equal_gates_are_a_plain_mean():
    torch.manual_seed(0)
    gated, plain = (build([3, 4], 2).eval() for build in (heads.GatedUnit, ablated.ungated))
    plain.load_state_dict(gated.state_dict())
    inputs = torch.randn(5, 3), torch.randn(5, 4)
    mean = plain.decision(plain.branches(inputs, None).mean(1))
    assert torch.allclose(plain(*inputs), mean, atol=1e-6) and not torch.allclose(gated(*inputs), mean, atol=1e-3)


def test_shares_are_not_ranked_where_no_difference_is_shown():
    shares = pd.DataFrame(
        {"modality": ["face", "speech"], "value": [0.2, 0.3], "ci_low": [0.1, 0.2], "ci_high": [0.3, 0.4]}
    )
    apart = pd.DataFrame({"modality": ["speech"], "other": ["face"], "difference": 0.1, "ci_low": -0.1, "ci_high": 0.3})
    told = ablation_words.shares(shares, apart)
    assert "Of the 50.0 points" in told and "speech 30.0 [20.0, 40.0], face 20.0 [10.0, 30.0]" in told
    assert "Speech minus face, in pairs: 10.0 [-10.0, 30.0] points, no difference shown." in told and "Most" not in told
    assert "a difference is shown" in ablation_words.shares(shares, apart.assign(ci_low=0.01))
    assert "a difference is shown" in ablation_words.shares(shares, apart.assign(ci_high=-0.01))


def test_the_findings_name_what_is_shown():
    compared = pd.DataFrame(
        {
            "recipe": ["a", "b"],
            "difference": [-0.05, 0.001],
            "ci_low": [-0.06, -0.01],
            "ci_high": [-0.04, 0.01],
            "verdict": ["worse", "no difference shown"],
        }
    )
    told = ablation_words.choices(compared, {"a": "without A"})
    assert "Of 2 single choices 1 are shown to matter" in told and "without A -5.0 [-6.0, -4.0]." in told
    sizes = pd.DataFrame(
        {"of": "clip", "share": [0.25, 1.0], "num_train": [10.2, 40], "value": [0.4, 0.6], "metric": "UAR"}
    ).assign(ci_low=0.3, ci_high=0.7)
    told = ablation_words.sizes(sizes, compared.assign(baseline="c"))
    assert "From 10 to 40 training clips, clips left out: 40.0 [30.0, 70.0] to 60.0 [30.0, 70.0] %" in told
    assert "B, minus c, in pairs: 0.1 [-1.0, 1.0] points, no difference shown" in told
    assert ablation_words.sizes_worded(sizes).iloc[0].tolist() == ["single clips", "25 %", 10, "40.0 [30.0, 70.0]"]


def test_single_clips_meet_whole_speakers_of_the_same_share():
    skill = {
        Fewer(0.25): 3.0,
        Fewer(0.25, "speaker"): 0.0,
        Fewer(0.5): 1.0,
        Fewer(0.5, "speaker"): 1.0,
        Fewer(1.0): 3.0,
    }
    frames = {one: toys.predictions(skill=value) for one, value in skill.items()}
    table = ablations.clips_or_speakers(frames, toys.corpus())
    assert table.share.tolist() == [0.25, 0.5]
    assert table.difference[0] > 0.2 and table.difference[1] == 0
    assert table.recipe[0] == "single clips left out, 25 % kept" and "speakers" in table.baseline[0]


def test_weights_by_class_are_tried_where_classes_differ():
    even, test = toys.corpus(), toys.predictions()
    assert ablations.equally_frequent(test, even)
    last = even.clips.index[-1]
    assert not ablations.equally_frequent(test, replace(even, clips=even.clips.drop(index=last)))
    moved = test.fold.where(test.clip_id != test.clip_id[test.part == "test"].iloc[0], 4)
    assert not ablations.equally_frequent(test.assign(fold=moved), even)
    one = test[test.emotion == "joy"]  # as many of one, and none of the others
    assert not ablations.equally_frequent(one, even)
    cell = toys.numbers_cell(np.ones(3))
    corpus = toys.corpus(audio=cell, action_units=cell)
    every, some = ablated.one_by_one(corpus), ablated.one_by_one(corpus, weighted=False)
    assert {one.name for one in every} - {one.name for one in some} == {"joined_balanced"}


def test_each_variation_stands_beside_the_network_as_it_is(tmp_path, corpus, monkeypatch):
    base = head_recipe()
    longer = replace(base, name="longer", title=f"{base.title}, longer", learner=replace(base.learner, batch=16))
    monkeypatch.setattr(augmentations.augmented, "one_by_one", lambda corpus: [(base, longer)])
    given, profile = (
        corpus.card | {"augmented": dict.fromkeys(base.modalities, 2)},
        replace(toys.QUICK, folds=(0, 1, 2)),
    )
    corpus = replace(corpus, card=given)
    lesson = Lesson("07_ablations", corpus, profile, ["speaker_independent"], [0, 1], "cpu", 1, tmp_path)
    (one,) = augmentations.tried(lesson)
    assert {record["fold"] for record in preds.read_records(tmp_path, lesson.made)} == {0, 1} and one.folds == 2
    assert one.base == base and one.ways[longer.name] == "longer" and len(one.compared) == 1
    assert {record["seed"] for record in preds.read_records(tmp_path, lesson.made)} == {0}
    table = augmentations.written(lesson, [one])
    assert table["verdict"].tolist().count("-") == table["difference (points)"].tolist().count("-") == 1
    assert "seed 0, 2 folds, new speakers" in (tmp_path / "tables" / "07_augmented.md").read_text("utf-8")
    kept = pd.read_csv(tmp_path / "tables" / "07_augmented.csv").set_index("recipe")
    apart = kept.own_value["longer"] - kept.own_value[base.name]
    assert kept.difference["longer"] == pytest.approx(apart, abs=1e-6) and kept.difference.isna()[base.name]
