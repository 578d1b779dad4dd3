"""What a notebook shows of a network: one row a layer, whose parameters add up, and whether dev clips prefer it."""

import pandas as pd

from emostudy import findings
from emostudy.lesson import layers
from emostudy.models.dense import mlp
from emostudy.models.faces import FaceCNN
from emostudy.models.speech import MfccLSTM
from emostudy.models.text import BertClassifier, small_bert


def test_a_cell_that_runs_at_every_step_has_one_row_that_says_how_often():
    table = layers(MfccLSTM(6), (40,))
    assert table.index.is_unique and table.what["lstm.recurrent"] == "Linear, 40 times"
    assert "times" not in table.what.drop("lstm.recurrent").str.cat(sep=" ")


def test_parameters_of_the_rows_are_those_of_the_whole():
    tables = [layers(MfccLSTM(6), (40,)), layers(mlp(35, 6), (35,)), layers(FaceCNN(6), (3, 48, 48))]
    tables.append(layers(BertClassifier(small_bert(50), 6), (12,), int))
    for table in tables:
        assert table.parameters["all"] == table.parameters.drop("all").sum() > 0


def test_a_transformer_has_a_row_for_each_of_its_blocks():
    table = layers(BertClassifier(small_bert(50), 6), (12,), int)
    assert table.what["encoder.encoder.layer.0"] == table.what["encoder.encoder.layer.1"] == "BertLayer"
    assert table.output["encoder.encoder.layer.1"] == "12 x 96" and table.output["head.2"] == "6"
    assert not table.index.str.contains("attention").any()


def test_whether_dev_prefers_what_is_shown_is_said_with_both_scores():
    dev = pd.Series({("text", "bert"): 0.4584, ("text", "bag"): 0.5697}).rename_axis(["modalities", "recipe"])
    titles = {"bert": "small BERT", "bag": "TF-IDF"}
    best = "From here on **TF-IDF** is shown, which dev clips prefer"
    other = f"{best} (macro F1 57.0 % on dev clips); **small BERT** reaches 45.8 % there."
    assert findings.preference(dev, "bert", titles, "macro_F1") == other
    assert findings.preference(dev, "bag", titles) == f"{best} (UAR 57.0 % on dev clips)."
