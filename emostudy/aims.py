"""What the study aimed at, and what others published: every mark as one record."""

from dataclasses import dataclass

from emostudy.recipes.rules import RULES

AT_LEAST, AIM, PUBLISHED, BEFORE = "at least", "aim", "published", "measured before"


@dataclass(frozen=True)
class Aim:
    """A mark, and which of our systems is set beside it.

    Args:
        folder: of the results, `<corpus>/<profile>`; `modalities`, `metric` (as in records), `protocol`, `condition`: of what there.
        value: the mark, 0 to 1; `kind`: of this study's own aims the least or the higher one, what others published, or
            what was measured on the same folds before this study was built.
        source: where the mark comes from; `tried`: in few words what was done to reach it.
        recipes: among which dev prefers one; all of these modalities where none is named.
        read: where it is found: in `records`, in the table of ceilings, as what a modality `shown` or as `fusion` below the ceiling, or in
            notebook 05's table of fusion `unflattered`.
        flattered: whether systems may speak whose settings saw test clips of the corpus, as its card names them.
    """

    folder: str
    modalities: str
    metric: str
    value: float
    kind: str
    source: str
    protocol: str = "speaker_independent"
    condition: str = "none"
    tried: str = ""
    recipes: tuple[str, ...] = ()
    read: str = "records"
    flattered: bool = True


RAVDESS, MELD, DRAWN = "ravdess/paper", "meld/paper", "emosynth/paper"
OURS, LUNA = "this study's own", "Luna-Jimenez et al. 2021, Applied Sciences 12(1): 327"
UNNAMED = "no reference at hand"
HEARD = "CRNN and functionals from scratch, openSMILE, means of these; no pretrained encoder of speech was at hand"
SEEN = "discriminant and perceptron, settings chosen in the fold; action units have one row a clip, nothing for a sequence model"
HAND = "CRNN, functionals, the mean of both, mixup: settings found by hand on these folds"
NESTED = "settings chosen anew in every fold by its dev clips"
ROOTS = f"{NESTED}; that roots of action units are tried at all was learned from test scores"
JOINED = "every rule and head, calibrated"
SAID = (
    "an encoder of 22.7 million weights, tuned, with adjusted logits and with turns before; no larger one was at hand"
)
ALONE = ("text_all-MiniLM-L6-v2_tuned_small", "text_roberta-base_tuned", "text_bert-base-uncased_tuned")
VOICES = ("speech_crnn", "speech_functionals_mlp", "speech_strong")  # of our own features, settings found by hand,
IN_FOLDS = ("speech_crnn_nested", "speech_functionals_nested", "speech_strong_nested")  # and chosen by dev in each fold
OWN = f"{OURS}: without openSMILE"
LSTMS = ("speech_lstm_raw", "speech_mfcc_lstm", "speech_lstm_tanh")
RERUN = "the same set of features and kind of machine, C tuned inside the training actors"
SETS = (
    ("openSMILE eGeMAPS and SVM", "speech_egemaps", "none", 0.455),
    ("openSMILE eGeMAPS and SVM", "speech_egemaps", "by_speaker", 0.604),
    ("openSMILE ComParE functionals and linear SVM", "speech_compare", "none", 0.574),
    ("openSMILE ComParE functionals and linear SVM", "speech_compare", "by_speaker", 0.658),
)
RULED = tuple(rule.name for rule in RULES)
AIMS = (
    Aim(RAVDESS, "speech", "UAR", 0.60, AT_LEAST, OWN, tried=HAND, recipes=VOICES),
    Aim(RAVDESS, "speech", "UAR", 0.60, AT_LEAST, OWN, tried=NESTED, recipes=IN_FOLDS),
    Aim(RAVDESS, "speech", "UAR", 0.60, AT_LEAST, OURS, tried=HEARD),
    Aim(RAVDESS, "speech", "UAR", 0.60, AT_LEAST, OURS, tried=NESTED, flattered=False),
    Aim(RAVDESS, "speech", "UAR", 0.70, AIM, OURS, tried=HEARD),
    Aim(RAVDESS, "speech", "UAR", 0.68, AT_LEAST, OWN, condition="by_speaker", tried=HAND, recipes=VOICES),
    Aim(RAVDESS, "speech", "UAR", 0.68, AT_LEAST, OWN, condition="by_speaker", tried=NESTED, recipes=IN_FOLDS),
    Aim(RAVDESS, "speech", "UAR", 0.68, AT_LEAST, OURS, condition="by_speaker", tried=HEARD),
    Aim(RAVDESS, "speech", "UAR", 0.68, AT_LEAST, OURS, condition="by_speaker", tried=NESTED, flattered=False),
    Aim(RAVDESS, "speech", "UAR", 0.75, AIM, OURS, condition="by_speaker", tried=HEARD),
    *(
        Aim(
            RAVDESS,
            "speech",
            "UAR",
            mark,
            BEFORE,
            whose,
            condition=condition,
            tried=RERUN,
            recipes=(recipe,),
            flattered=False,
        )
        for whose, recipe, condition, mark in SETS
    ),
    Aim(
        RAVDESS, "speech", "WA", 0.623, PUBLISHED, f"small LSTM, its scaler fitted on all data; {UNNAMED}", tried=HEARD
    ),
    Aim(RAVDESS, "speech", "WA", 0.543, PUBLISHED, f"frozen wav2vec2-base; {UNNAMED}", tried=HEARD),
    Aim(RAVDESS, "speech", "WA", 0.72, PUBLISHED, f"frozen WavLM-large; {UNNAMED}", tried=HEARD),
    Aim(RAVDESS, "speech", "WA", 0.67, PUBLISHED, "people who hear, as the corpus' card cites", tried=HEARD),
    Aim(RAVDESS, "face", "UAR", 0.60, AT_LEAST, OURS, tried=SEEN),
    Aim(RAVDESS, "face", "UAR", 0.60, AT_LEAST, OURS, tried=ROOTS, flattered=False),
    Aim(RAVDESS, "face", "WA", 0.621, PUBLISHED, f"BiLSTM on action units, {LUNA}", tried=SEEN),
    Aim(RAVDESS, "face+speech", "UAR", 0.74, AT_LEAST, OURS, tried=JOINED),
    Aim(RAVDESS, "face+speech", "UAR", 0.74, AT_LEAST, OURS, tried=ROOTS, read="unflattered", flattered=False),
    Aim(RAVDESS, "face+speech", "UAR", 0.80, AIM, OURS, tried=JOINED),
    Aim(RAVDESS, "face+speech", "WA", 0.867, PUBLISHED, f"with a fine-tuned encoder of speech, {LUNA}", tried=JOINED),
    Aim(
        "tess/paper",
        "speech",
        "WA",
        0.98,
        PUBLISHED,
        "system F",
        "as_published:80_20",
        tried="the LSTM to the letter, on standardised MFCCs, and with its framework's usual activation",
        recipes=LSTMS,
    ),
    Aim(MELD, "text", "weighted_F1", 0.60, AT_LEAST, OURS, "official", tried=SAID),
    Aim(
        MELD,
        "text",
        "weighted_F1",
        0.633,
        AIM,
        "RoBERTa-base on single utterances",
        "official",
        tried=SAID,
        recipes=ALONE,
    ),
    Aim(
        "goemotions_ekman_multi/paper",
        "text",
        "macro_F1",
        0.58,
        AT_LEAST,
        "within 6 points of BERT-base, 64 (Demszky et al. 2020)",
        "official",
        tried=SAID,
    ),
    *(
        Aim(
            DRAWN,
            name,
            "reads",
            0.90,
            AT_LEAST,
            f"{OURS}: of what the {name} shows",
            read="shown",
            tried="ten times the clips",
        )
        for name in ("face", "speech", "text")
    ),
    Aim(
        DRAWN,
        "face+speech+text",
        "UAR",
        0.03,
        AT_LEAST,
        f"{OURS}: within 3 points of the adjusted ceiling",
        read="fusion",
        tried="every rule",
    ),
    Aim(
        "cremad/paper",
        "face+speech",
        "UAR",
        0.77,
        AT_LEAST,
        f"{OURS}: votes of raters who saw and of raters who heard, joined",
        recipes=RULED,
        tried="every rule",
    ),
)
