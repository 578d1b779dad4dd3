"""Films of real layouts, MELD's and IEMOCAP's, from files to comparisons: what each modality says, and all ways to join it.

No film of either may be here; these are drawn, and lack what the real ones lack. It is looked at whether every step runs on them and reads
the right clips, not how well two epochs learn.
"""

from dataclasses import dataclass

import acted
import numpy as np
import pandas as pd
import pytest

from emostudy import predictions as preds
from emostudy import robustness
from emostudy.corruptions import Corruption, corruptions_of
from emostudy.intervals import MIN_CLUSTERS
from emostudy.lesson import Lesson, begin
from emostudy.metrics import confusion, uar
from emostudy.protocols import Split, splits
from emostudy.recipes import heads, robust
from emostudy.recipes.faces import FACE_HOG_SVM
from emostudy.recipes.fusion import concatenations
from emostudy.recipes.reference import lines
from emostudy.recipes.rules import PRODUCT, RULES, USUAL
from emostudy.recipes.score_transformer import SCORE_TRANSFORMER
from emostudy.recipes.speech import SPEECH_MFCC_LSTM, SPEECH_SVM
from emostudy.recipes.text import TEXT_TFIDF

SETS = {"face+speech", "face+text", "speech+text", "face+speech+text"}
ALONE = (FACE_HOG_SVM, SPEECH_SVM, SPEECH_MFCC_LSTM, TEXT_TFIDF)
RULED = {  # all rules once; on the other corpus the usual ones, or the file would take too long
    "official": (*RULES, SCORE_TRANSFORMER),
    "speaker_independent": (*USUAL, SCORE_TRANSFORMER),
    "random": USUAL[:2],
}
READERS = ("concatenation", "gated_unit", "embracenet", SCORE_TRANSFORMER.name)  # of clips that lack a modality
BEFALL = ("face_absent", "face_covered_0.5")


@dataclass
class Study:
    """A corpus' `lesson`, which clips give nothing for a modality, and what was said of the others."""

    lesson: Lesson
    lacks: dict[str, set[str]]
    single: pd.DataFrame
    fused: pd.DataFrame
    corruptions: list[Corruption]
    spoilt: pd.DataFrame
    splits: dict[str, Split]

    @property
    def corpus(self):
        return self.lesson.corpus

    def having(self, clip_ids, modalities: str, how=all) -> set[str]:
        """Those of the clips that have all, or any, of the modalities."""
        names = [] if modalities == "none" else modalities.split("+")
        return {i for i in clip_ids if not names or how(i not in self.lacks[one] for one in names)}


@pytest.fixture(scope="module", params=["meld", "iemocap_4"])
def study(request, tmp_path_factory) -> Study:
    """What notebooks 03 to 06 and 08 do, at the profile `smoke`."""
    folder = tmp_path_factory.mktemp(request.param)
    lacks = {"meld": acted.small_meld, "iemocap_4": acted.small_iemocap}[request.param](folder)
    results = str(folder / "results")
    lesson = begin("08_missing_and_noisy", request.param, str(folder), "smoke", [], [], "cpu", 1, results)
    single = lesson.train((*lines(lesson.corpus), *ALONE))
    fused = [lesson.fuse(rows, RULED[protocol]) for protocol, rows in single.groupby("protocol")]
    fused += [
        lesson.train(concatenations(lesson.corpus)),
        lesson.train(heads.asked(["embracenet"], False, lesson.corpus)),
    ]
    alone = robust.alone(lesson.corpus)
    features = {modality: feature for recipe in alone for modality, feature in recipe.features.items()}
    corruptions = [one for one in corruptions_of(features) if one.name in BEFALL]
    spoilt = lesson.spoil((*robust.asked([], False, lesson.corpus), *alone), tuple(corruptions), keep_train=True)
    divided = {protocol: splits(lesson.corpus, protocol, (0,))[0] for protocol in lesson.protocols}
    return Study(lesson, lacks, single, lesson.joined(*fused), corruptions, spoilt, divided)


def runs_of(frame: pd.DataFrame):
    """Protocol, recipe, modalities and rows of each system."""
    return [(*key, rows) for key, rows in frame.groupby(["protocol", "recipe", "modalities"])]


def test_what_a_clip_lacks_is_told_and_what_it_has_is_read(study):
    told = " ".join(study.corpus.left_out.agg(" ".join, axis=1))
    known_before = acted.NO_FILM | acted.SET_ASIDE if study.corpus.name == "meld" else acted.NO_WAV | acted.NO_WORDS
    assert all(clip in told for clip in known_before) and set(study.lacks) == {"face", "speech", "text"}
    assert set().union(*study.lacks.values()) <= set(study.corpus.clips.clip_id)
    for protocol, _, modalities, rows in runs_of(study.single):
        for part in ("dev", "test"):
            asked = getattr(study.splits[protocol], part)
            assert set(rows[rows.part == part].clip_id) == study.having(asked, modalities)


@pytest.mark.parametrize("recipe", [FACE_HOG_SVM, SPEECH_SVM, TEXT_TFIDF], ids=lambda recipe: recipe.name)
def test_film_sound_and_words_are_the_clips_own(study, recipe):
    """Drawn, toned and worded as the clip's emotion, so that those of another turn, side or part would say another one."""
    rows = study.single[(study.single.recipe == recipe.name) & (study.single.part == "test")]
    y, predicted, _ = preds.arrays(rows, study.corpus.emotions)
    assert uar(confusion(y, predicted, len(study.corpus.emotions))) > 0.6


def test_every_set_of_modalities_is_joined_in_every_way(study):
    found = study.fused.groupby(["protocol", "recipe"]).modalities.agg(set)
    joined = ("concatenation", "gated_unit", "embracenet")
    for protocol in study.lesson.protocols:
        assert set(found[protocol].index) == {*joined, *(rule.name for rule in RULED[protocol])}
        fewest = {rule.name: rule.fewest for rule in RULES}
        for name, sets in found[protocol].items():
            assert sets == {one for one in SETS if one.count("+") + 1 >= fewest.get(name, 2)}


def test_clips_that_lack_a_modality_are_read_by_those_who_can_and_left_out_by_others(study):
    lacking = 0
    for protocol, recipe, modalities, rows in runs_of(study.fused):
        for part in ("dev", "test"):
            asked = getattr(study.splits[protocol], part)
            whole, some = study.having(asked, modalities), study.having(asked, modalities, any)
            assert set(rows[rows.part == part].clip_id) == (some if recipe in READERS else whole), recipe
            lacking += len(some - whole) if recipe in READERS else 0
    assert lacking


def test_no_clip_that_is_tested_or_chosen_by_is_trained_on(study):
    everything = pd.concat([study.single, study.fused])
    for protocol, recipe, modalities, rows in runs_of(everything):
        split = study.splits[protocol]
        parts = {part: set(rows[rows.part == part].clip_id) for part in ("dev", "test")}
        assert parts["dev"] <= set(split.dev) and parts["test"] <= set(split.test)
        (record,) = preds.read_records(study.lesson.folder, list(rows.run_id.unique()))
        if "num_clips" in record:  # of what was trained; rules learn from dev alone
            trained = study.having(split.train, modalities, any if recipe in READERS else all)
            counted = {"train": len(trained)} | {part: len(clips) for part, clips in parts.items()}
            assert record["num_clips"] == counted
    clean = study.spoilt[study.spoilt.condition == "clean"]
    for _, rows in clean.groupby("run_id"):
        assert len(rows) == rows.clip_id.nunique() and set(rows.part) == {"train", "dev", "test"}
        kept_apart = "speaker" if study.corpus.name == "iemocap_4" else "dialogue"
        of = rows.clip_id.map(study.corpus.clips.set_index("clip_id")[kept_apart])
        assert rows.part.groupby(of).nunique().eq(1).all()


def test_probabilities_are_probabilities(study):
    columns = preds.columns_of(study.corpus.emotions)
    truth = study.corpus.clips.set_index("clip_id").emotion
    for frame in (study.single, study.fused, study.spoilt):
        values = frame[columns].to_numpy(float)
        assert np.isfinite(values).all() and (values >= 0).all() and np.abs(values.sum(1) - 1).max() < 1e-3
        assert (frame.emotion.to_numpy() == truth[frame.clip_id].to_numpy()).all()


def test_what_befalls_faces_befalls_those_alone_that_there_are(study):
    columns = preds.columns_of(study.corpus.emotions)
    heads_alone = study.spoilt[(study.spoilt.modalities == "face+speech+text") & (study.spoilt.part == "test")]
    for _, rows in heads_alone.groupby("recipe"):
        of = {name: some.set_index("clip_id")[columns] for name, some in rows.groupby("condition")}
        assert set(of) == {"clean", *BEFALL}
        gone = of["clean"].index.isin(list(study.lacks["face"]))
        assert gone.any() and not gone.all()
        for name in BEFALL:
            change = (of[name].loc[of["clean"].index] - of["clean"]).abs().max(axis=1)
            assert change[gone].max() < 1e-3 and change[~gone].max() > 1e-3


def test_a_rule_goes_on_without_the_face(study):
    alone = study.spoilt[study.spoilt.recipe == robust.ALONE]
    ruled = robustness.joined(alone, PRODUCT, tuple(study.corruptions), study.corpus.emotions)
    tested = study.splits[study.lesson.protocols[-1]].test
    for condition, rows in ruled.groupby("condition"):
        whole = "speech+text" if condition == "face_absent" else "face+speech+text"
        assert set(rows.clip_id) == study.having(tested, whole)
    scored = study.lesson.score(pd.concat([alone, ruled], ignore_index=True))  # as notebook 08 does
    unit = study.corpus.clips.set_index("clip_id")[study.corpus.card["cluster"]]
    whole = scored[(scored.recipe == PRODUCT.name) & (scored.condition == "clean") & (scored.emotion == "all")]
    assert set(whole.num_clusters) == {unit[list(study.having(tested, "face+speech+text"))].nunique()}


def test_records_and_comparisons_resample_what_the_card_says(study):
    corpus, lesson = study.corpus, study.lesson
    few = study.fused.recipe.isin(("mean", "stacking", *READERS))
    records, compared, curves = lesson.rebuild(lesson.joined(study.single, study.fused[few]))
    unit = corpus.clips.set_index("clip_id")[{"meld": "dialogue", "iemocap_4": "speaker"}[corpus.name]]
    assert set(compared.metric) == {"weighted_F1" if corpus.name == "meld" else "UAR"}
    everything = pd.concat([study.single, study.fused])
    tested = {key: rows[rows.part == "test"] for *key, rows in runs_of(everything) for key in [tuple(key)]}
    for row in compared.itertuples():
        clips = set(tested[row.protocol, row.recipe, row.modalities].clip_id)
        base = next(rows for key, rows in tested.items() if key[:2] == (row.protocol, row.baseline))
        both = clips & set(base.clip_id)
        assert (row.num_clips, row.num_clusters) == (len(both), unit[list(both)].nunique())
        assert np.isfinite([row.ci_low, row.ci_high]).all() == (row.num_clusters >= MIN_CLUSTERS)
    assert (compared.num_clusters >= MIN_CLUSTERS).any() and set(compared.protocol) == set(lesson.protocols)
    assert all((lesson.folder / f"{name}.csv").stat().st_size for name in ("records", "comparisons", "curves"))
    assert set(SETS) <= set(records.modalities) and {"gated_unit", "concatenation"} <= set(curves.recipe)
