"""Claims of order, on results folders that the test makes."""

import json

import numpy as np
import pytest
import toys

from emostudy import claim_orders as orders
from emostudy import stamps
from emostudy.corpora.kept import keep
from emostudy.predictions import write_run

BETTER, WORSE = orders.ORDERS[0].better[0], orders.ORDERS[0].worse[0]


def results(root, skills: dict[str, float], modalities: str = "face+speech", profile: str = "paper"):
    """A folder of EmoSynth's name with predictions of these recipes; a larger skill says the right emotion more often."""
    folder = root / "emosynth" / profile
    folder.mkdir(parents=True)
    corpus = toys.corpus()
    corpus.card.update(cluster="speaker", metric="UAR")
    keep(corpus, folder)
    facts = json.loads((folder / "corpus.json").read_text()) | {"name": "emosynth"}
    (folder / "corpus.json").write_text(json.dumps(facts))
    for recipe, skill in skills.items():
        for protocol, loss in (("random", 0.0), ("speaker_independent", 0.5)):
            rows = toys.predictions(recipe, modalities, skill - loss, protocol, run_id=f"{recipe}-{protocol}")
            record = {"run_id": f"{recipe}-{protocol}", "recipe": recipe, "title": recipe, "modalities": modalities}
            write_run(folder, rows, record | {"condition": "none", "protocol": protocol, "seed": 0})
    made = [f"{recipe}-{protocol}" for recipe in skills for protocol in ("random", "speaker_independent")]
    stamps.write(folder, "05_decision_fusion", {"corpus": "c", "runs": made, "reads": [], "files": {}})
    return root


@pytest.mark.parametrize(
    ("skills", "said"), [((4.0, 0.5), "better"), ((0.5, 4.0), "worse"), ((2.0, 2.0), "no difference shown")]
)
def test_an_order_is_tested_in_pairs_under_the_honest_protocol(tmp_path, skills, said):
    table = orders.tested(results(tmp_path, dict(zip((BETTER, WORSE), skills, strict=True))))
    row = table[table.words == orders.ORDERS[0].words].iloc[0]
    assert (row.verdict, row.protocol, row.on) == (said, "speaker_independent", "EmoSynth")
    assert np.sign(row.difference) == {"better": 1, "worse": -1}.get(said, np.sign(row.difference))
    assert set(table.verdict[table.words != row.words]) == {orders.NOWHERE} and len(table) == len(orders.ORDERS)


def test_one_side_alone_and_runs_cut_short_test_nothing(tmp_path):
    assert set(orders.tested(results(tmp_path / "one", {BETTER: 2.0})).verdict) == {orders.NOWHERE}
    both = results(tmp_path / "cut", {BETTER: 4.0, WORSE: 0.5}, profile="smoke")
    assert set(orders.tested(both).verdict) == {orders.NOWHERE}
    assert set(orders.tested(tmp_path / "nothing").verdict) == {orders.NOWHERE}


def test_verdicts_in_words(tmp_path):
    table = orders.tested(results(tmp_path, {BETTER: 0.5, WORSE: 4.0}))
    worded = orders.worded(table).set_index("claim")
    row = worded.loc[f"R: {orders.ORDERS[0].words}"]
    assert row.verdict == "the other way round" and row["on"] == "EmoSynth, face + speech, new speakers"
    assert worded["on"].tolist().count("-") == len(table) - 1
    assert f"The other way round: R, {orders.ORDERS[0].words} (EmoSynth)." in orders.summary(table)
