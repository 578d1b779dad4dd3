"""What the sources report: every printed accuracy as one record, with what it was measured on, what to doubt and what explains it."""

from dataclasses import dataclass

from emostudy.corpora.catalogue import base_of

IN_THEIR_WAY = "in_their_way"  # the condition of runs of rebuilds that are split as their authors did, beside a notebook's protocols
MEASURED_ON = ("training", "validation", "test", "test, no test split described")


@dataclass(frozen=True)
class Claim:
    """One printed number.

    Args:
        system: R, F, I or M; `subject`: which of its models, in words.
        modalities: as of a recipe: `speech`.
        metric: as printed; `accuracy` is our WA.
        value: in 0 to 1, as printed.
        measured_on: one of `MEASURED_ON`.
        source: how our recipes that rebuild it begin their `source`; `recipes`: of these, by name, the nearest to what was described.
        on: the data, in words; `corpora`: by their names in the study; `needs`: what of them a rebuild reads.
        of: which part of the data, or which of several models; "" for all of it, or the only one.
        wording: how the value is printed, where not as a plain number: "over 80".
        careful: what to doubt.
        mistakes: what may have flattered it, of `leaks.LEAKS` by name.
        way: their way to split, as a protocol, where one rebuilds it; "" where a random split is the nearest.
        unlike: in what any rebuild here differs from what was measured, so that it can only stand in for it; "" if in nothing known.
        nearest: the source does not say which of its models has the number: of `recipes` the one that comes nearest is judged.
    """

    system: str
    subject: str
    modalities: str
    metric: str
    value: float
    measured_on: str
    source: str
    recipes: tuple[str, ...]
    on: str
    corpora: tuple[str, ...]
    of: str = ""
    wording: str = ""
    careful: str = ""
    way: str = ""
    mistakes: tuple[str, ...] = ()
    needs: str = ""
    unlike: str = ""
    nearest: bool = False

    @property
    def printed(self) -> str:
        """The value in percent with the digits that were printed: "97.99"."""
        return self.wording or f"{100 * self.value:.4g}"

    def measured_here(self, corpus: str) -> bool:
        """Whether a corpus of the study, by name, is what it was measured on."""
        return tuple(map(base_of, self.corpora)) == (base_of(corpus),)


def printed(
    values: dict[tuple[str, str], float], parts: dict[str, tuple[str, ...]] | None = None, **told
) -> tuple[Claim, ...]:
    """Accuracies that were printed of one model: (measured on, of which part) -> value in 0 to 1; `parts`: -> their corpora."""
    return tuple(
        Claim(
            metric="accuracy",
            value=value,
            measured_on=measured_on,
            of=of,
            **told | ({"corpora": parts[of]} if of in (parts or {}) else {}),
        )
        for (measured_on, of), value in values.items()
    )


SHARED = "sessions and speakers are in train and in test"
SIDES = {"left": ("iemocap_9_left",), "right": ("iemocap_9_right",), "balanced": ("iemocap_9_balanced",)}
IEMOCAP = {
    "system": "I",
    "modalities": "face",
    "on": "IEMOCAP",
    "corpora": ("iemocap_9",),  # its two rarest labels cannot be split
    "needs": "videos of the dialogues, and how each turn was labelled",
    "unlike": "9 of its 11 labels",
    "careful": SHARED,
    "mistakes": ("speaker",),
}
MELD = {
    "system": "M",
    "on": "100 clips of MELD",
    "corpora": ("meld",),
    "way": "as_published:100_clips",
    "mistakes": ("training",),
    "unlike": "80 training clips of the 100",
}
WHOLE = "our honest line learns from all of MELD's training part, a hundred times as many clips"
CLAIMS = (
    *printed(
        {("training", ""): 0.7645, ("validation", ""): 0.6691, ("test", ""): 0.6691},
        system="F",
        subject="image CNN",
        modalities="face",
        source="system F, image CNN",
        recipes=("face_cnn_stated",),
        on="JAFFE, CK+48 and CFE mixed",
        corpora=("face_mix",),
        needs="the pictures of all three; which CFE holds is not known",
        unlike="other pictures for CFE",
        careful="validation and test have the same number, as if they were one set (losses 0.7801 in training, 1.0621 beside it; 69 "
        "steps an epoch, so about 2 200 training images); several frames of one person; faces upside down",
        way="as_published:80_20",
        mistakes=("speaker", "chosen_on_test"),
    ),
    *printed(
        {("test, no test split described", ""): 0.98},
        system="F",
        subject="LSTM on mean MFCCs",
        modalities="speech",
        source="system F, speech",
        recipes=("speech_lstm_raw", "speech_mfcc_lstm", "speech_lstm_tanh"),
        on="TESS",
        corpora=("tess",),
        needs="the recordings",
        careful="two speakers, both of them in training and in test",
        way="as_published:80_20",
        mistakes=("speaker",),
    ),
    *printed(
        {
            ("validation", ""): 0.298,
            ("validation", "left"): 0.278,
            ("validation", "right"): 0.296,
            ("validation", "balanced"): 0.292,
        },
        subject="small CNN on faces",
        source="system I, faces: small_cnn on the speaker's face",
        recipes=("middle_face_small_cnn",),
        parts=SIDES,
        **IEMOCAP,
    ),
    *printed(
        {
            ("validation", ""): 0.65,
            ("validation", "left"): 0.96,
            ("validation", "right"): 0.928,
            ("validation", "balanced"): 0.943,
        },
        subject="ResNet-18 on faces",
        source="system I, faces: resnet18 on the speaker's face",
        recipes=("middle_face_resnet18",),
        parts=SIDES,
        **IEMOCAP | {"careful": f"{SHARED}; each side alone is far above both together"},
    ),
    *printed(
        {("validation", ""): 0.25, ("validation", "one side"): 0.234, ("validation", "another"): 0.238},
        subject="ResNet-50 on faces",
        source="system I, faces: resnet50 on the speaker's face",
        recipes=("middle_face_resnet50",),
        **IEMOCAP | {"careful": f"{SHARED}; of which sides the other two numbers are is not said"},
    ),
    *printed(
        {("validation", ""): 0.8},
        subject="ResNet-18 on half the frame",
        source="system I, faces: resnet18 on the speaker's half",
        recipes=("middle_half_resnet18",),
        wording="over 80",
        **IEMOCAP,
    ),
    *printed(
        {
            ("training", "first"): 0.9799,
            ("training", "second"): 0.5794,
            ("training", "third"): 0.9798,
            ("validation", "first"): 0.5122,
            ("validation", "second"): 0.5414,
            ("validation", "third"): 0.5686,
            ("test", "a printed matrix"): 0.574,
        },
        system="R",
        subject="three of four classical models",
        modalities="text",
        source="system R, text",
        recipes=("text_regression", "text_tree", "text_forest", "text_bayes"),
        on="sentences in 8 classes",
        corpora=("sentences",),
        needs="the csv of sentences, which is not published under a name",
        nearest=True,
        careful="which model has which number is not said; the test matrix has 6 959 sentences, 20 % of a public set of 34 792, while "
        "the split is stated as 70/20/10",
        way="as_published:70_20_10",
        mistakes=("training",),
    ),
    *printed(
        {("training", ""): 0.98},
        subject="BERT",
        modalities="text",
        source="system M, text",
        recipes=("text_bert-base-uncased", "text_bert-base-uncased_tuned", "text_bert-base-uncased_frozen_cls"),
        careful=f"no test score is printed; {WHOLE}",
        needs="the transcripts",
        **MELD,
    ),
    *printed(
        {("training", ""): 0.63, ("test", ""): 0.13},
        subject="MLP on 13 x 401 MFCCs",
        modalities="speech",
        source="system M, speech",
        recipes=("speech_mlp_raw", "speech_mlp"),
        careful="of 7 classes guessing hits about 14",
        needs="the films",
        **MELD,
    ),
    *printed(
        {("training", "standardised"): 0.52, ("training", "standardised, best"): 0.54},
        subject="fusion of BERT and MFCCs",
        modalities="speech+text",
        source="system M, fusion",
        recipes=("concatenation",),
        careful="no test score is printed",
        needs="the films and the transcripts",
        **MELD,
    ),
    *printed(
        {("training", "not standardised"): 0.45, ("training", "not standardised, best"): 0.5},
        subject="fusion of BERT and MFCCs as they come",
        modalities="speech+text",
        source="system M, fusion, not standardised",
        recipes=("concatenation_raw",),
        careful="no test score is printed",
        needs="the films and the transcripts",
        **MELD,
    ),
    *printed(
        {("test", ""): 0.82},
        subject="transformer on speech and text",
        source="cross-modal transformer",
        recipes=("cross_modal",),
        **IEMOCAP | {"modalities": "speech+text"},
    ),
    *printed(
        {("test", ""): 0.89, ("test", "in one place"): 0.891},
        subject="transformer on a score matrix",
        source="system I, fusion of a modality x class score matrix",
        recipes=("score_transformer",),
        **IEMOCAP
        | {
            "modalities": "face+speech+text",
            "careful": f"{SHARED}; it seems trained on scores of models that saw the same clips",
            "mistakes": ("speaker", "stacked"),
        },
    ),
)


def subjects(modalities: str) -> list[tuple[Claim, ...]]:
    """The claims of a set of modalities, those about one model together, in the order of `CLAIMS`."""
    found = {}
    for claim in CLAIMS:
        if claim.modalities == modalities:
            found.setdefault((claim.system, claim.subject), []).append(claim)
    return [tuple(claims) for claims in found.values()]
