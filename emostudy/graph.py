"""The study as a graph: which notebook asks what, builds on which, and needs which modalities."""

from collections.abc import Sequence
from dataclasses import dataclass

from emostudy.parameters import check_name

TRAINS = ("predictions", "runs", "tables", "figures")
SHOWS = ("tables", "figures")


@dataclass(frozen=True)
class Notebook:
    """A node of the graph, named as its file `notebooks/<slug>.ipynb`."""

    slug: str
    question: str
    after: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()  # modalities, or raters' votes, that the corpus must have,
    num_modalities: int = 0  # or at least so many of them
    minutes: float = 1.0  # on two cores, profile `class`, nothing cached
    writes: tuple[str, ...] = ()  # folders under results/<corpus>/<profile>
    one_label: bool = False  # for corpora whose clips have one emotion each
    home: str = ""  # the one corpus that it is run on


UNIMODAL = ("02_face_cnn", "03_speech_lstm", "04_text_bert")
FUSION = ("05_decision_fusion", "06_feature_fusion")
ABLATIONS = "07_ablations"
MISSING = "08_missing_and_noisy"
HONEST = "09_honest_protocols"
CLAIMS = "10_claims"
RATERS = "11_raters"
CALIBRATION, GROUPS = "12_calibration", "13_groups"
ACROSS = "14_across_corpora"
PAPER = "20_paper"
READS = (*UNIMODAL, *FUSION, RATERS)
ALL = ("00_study_map", "01_corpora", *UNIMODAL, *FUSION)
NOTEBOOKS = (
    Notebook("00_study_map", "What is asked here, and which notebook answers it?", minutes=0.5),
    Notebook("01_corpora", "What is in a corpus, and how well could anyone do on it?", minutes=0.8, writes=SHOWS),
    Notebook(UNIMODAL[0], "What can be read from a face alone?", ALL[1:2], ("face",), 0, 2.0, TRAINS),
    Notebook(UNIMODAL[1], "What can be read from a voice alone?", ALL[1:2], ("speech",), 0, 1.5, TRAINS),
    Notebook(UNIMODAL[2], "What can be read from words alone?", ALL[1:2], ("text",), 0, 0.6, TRAINS),
    Notebook(FUSION[0], "Do decisions joined beat the best modality?", UNIMODAL, (), 2, 0.3, TRAINS, True),
    Notebook(FUSION[1], "Is it better to join features than decisions?", FUSION[:1], (), 2, 1.5, TRAINS, True),
    Notebook(ABLATIONS, "What was each choice worth?", FUSION[1:], (), 2, 2.5, TRAINS, True),
    Notebook(MISSING, "What is left when a modality is missing or noisy?", FUSION[1:], (), 2, 1.5, TRAINS, True),
    Notebook(HONEST, "How can a score flatter itself?", ALL[1:2], (), 1, 2.0, TRAINS, True),
    Notebook(RATERS, "How well do people join what they hear and see?", ALL[1:2], ("votes",), 0, 1.0, TRAINS),
    Notebook(CALIBRATION, "What is a model's confidence worth?", READS, (), 0, 0.2, SHOWS, True),
    Notebook(GROUPS, "For whom does it work?", READS, (), 0, 0.2, SHOWS, True),
    Notebook(
        ACROSS, "Is what one corpus teaches true of another?", ALL[1:2], ("speech",), 0, 3.0, TRAINS, True, "across"
    ),
    Notebook(PAPER, "Which tables and figures go into the paper?", ALL, (), 0, 0.4, SHOWS),
    Notebook(CLAIMS, "What became of what was claimed?", (PAPER,), (), 0, 0.2, SHOWS, home="emosynth"),
)


def select(only: Sequence[str], notebooks: tuple[Notebook, ...] = NOTEBOOKS) -> tuple[Notebook, ...]:
    """The notebooks named by number or slug, in graph order; all if none is. ValueError for unknown names."""
    slug_of = {notebook.slug.partition("_")[0]: notebook.slug for notebook in notebooks}
    wanted = {slug_of.get(name.zfill(2), name) for name in only}
    for name in sorted(wanted):
        check_name("notebook", name, [notebook.slug for notebook in notebooks])
    return tuple(notebook for notebook in notebooks if not only or notebook.slug in wanted)


def ancestors(slug: str, notebooks: tuple[Notebook, ...] = NOTEBOOKS) -> list[str]:
    """Slugs of all notebooks on which one builds, directly or not, in graph order."""
    after = {notebook.slug: notebook.after for notebook in notebooks}
    found, waiting = set(), list(after.get(slug, ()))
    while waiting:
        name = waiting.pop()
        found.add(name)
        waiting += after.get(name, ())
    return [name for name in after if name in found]


def lacking(notebook: Notebook, modalities: Sequence[str], several: bool = False, corpus: str = "") -> str:
    """Why a corpus of this name with these modalities, `several` labels a clip or one, cannot be given to the notebook, or ""."""
    if notebook.home and notebook.home != corpus:
        return f"is run on the corpus {notebook.home} only"
    missing = [name for name in notebook.needs if name not in modalities]
    perceived = [name for name in modalities if name != "votes"]  # what people said of a clip is no modality of it
    if missing or len(perceived) < notebook.num_modalities:
        wanted = (
            " and ".join(missing)
            or f"{notebook.num_modalities} modalit{'y' if notebook.num_modalities == 1 else 'ies'}"
        )
        return f"needs {wanted}; the corpus has {', '.join(modalities if missing else perceived)}"
    return (
        "is for clips of one emotion each; these may have several: take a reading of one label"
        if several and notebook.one_label
        else ""
    )


def left_out(
    notebooks: Sequence[Notebook],
    modalities: Sequence[str],
    no_split: str = "",
    several: bool = False,
    corpus: str = "",
    graph: tuple[Notebook, ...] = NOTEBOOKS,
) -> dict[str, str]:
    """Of each notebook why it cannot be run on a corpus, "" where it can.

    Args:
        no_split: why the corpus cannot be split as asked, so that nothing can be trained; "" if it can.
        several: whether a clip may have several labels.
        corpus: its name.
    """
    reasons = {}
    for notebook in dict.fromkeys((*graph, *notebooks)):
        trains = "runs" in notebook.writes
        reasons[notebook.slug] = lacking(notebook, modalities, several, corpus) or (no_split if trains else "")
    for notebook in notebooks:
        before = [one for one in graph if one.slug in ancestors(notebook.slug, graph) and "runs" in one.writes]
        if before and all(reasons[one.slug] for one in before) and not reasons[notebook.slug]:
            reasons[notebook.slug] = "nothing that it builds on can be run"
    return {notebook.slug: reasons[notebook.slug] for notebook in notebooks}


def markdown() -> str:
    """The table of notebooks for the README."""
    lines = ["| notebook | question | minutes | writes |", "| :--- | :--- | ---: | :--- |"]
    for notebook in sorted(NOTEBOOKS, key=lambda notebook: notebook.slug):
        writes = ", ".join(notebook.writes) or "nothing"
        name = f"[{notebook.slug}](notebooks/{notebook.slug}.ipynb)"
        lines.append(f"| {name} | {notebook.question} | {notebook.minutes:g} | {writes} |")
    return "\n".join(lines)
