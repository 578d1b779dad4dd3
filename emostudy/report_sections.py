"""The report's main page: what of each corpus stands on it, and what the study finds, read off the tables; no score is computed."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from statistics import median

from emostudy.report_files import Figure, Table
from emostudy.report_parts import FALL, Shown, Study

REFERENCE = "reference lines"
NUM_LEAKS = 2  # figures of mistakes on the main page; the others stand on the corpora's pages
MOST = 3  # mistakes named among the findings


@dataclass(frozen=True)
class Sections:
    """What the main page shows, section by section; findings are (sentence, id of the section that shows it)."""

    falls: list[tuple[Study, Shown]] = field(default_factory=list)
    results: list[tuple[Study, Shown | None, Shown]] = field(default_factory=list)
    across: list[Shown] = field(default_factory=list)
    mistakes: Shown | None = None
    leaks: list[tuple[Study, Shown]] = field(default_factory=list)
    orders: Shown | None = None
    findings: list[tuple[str, str]] = field(default_factory=list)


def sections(studies: Sequence[Study], claims: Sequence[Shown]) -> Sections:
    """What the main page shows of the studies, in their order, and of the table of claims."""
    leaks = [(study, item) for study in studies if (item := study.find("figures", "leaks"))]
    across = [found for kind in ("figures", "tables") if (found := _first(studies, kind, "matrix"))]
    told = Sections(
        [(study, study.falling) for study in studies if study.falling],
        [(study, study.main, best(study.results)) for study in studies if study.results],
        across,
        _first(studies, "tables", "mistakes"),
        leaks[:NUM_LEAKS],
        _first(studies, "tables", "orders"),
    )
    found = [*map(_found, studies), _abroad(across), _worst(told.mistakes)]
    return replace(told, findings=[one for one in [*found, _claimed(claims)] if one])


def _first(studies: Sequence[Study], kind: str, name: str) -> Shown | None:
    """Of what one notebook says of all corpora there is one; where there are more, that of the last study."""
    return next((item for study in reversed(studies) if (item := study.find(kind, name))), None)


def best(results: Shown) -> Shown:
    """The first row of each set of modalities, which is the best, and every reference line; what cannot be shown as it is."""
    table = results.content
    if not table:
        return results
    seen, rows = set(), []
    for row in table.rows:
        if row[0] not in seen or row[0] == REFERENCE:
            rows.append(row)
        seen.add(row[0])
    return replace(results, content=replace(table, caption=f"{table.caption}: the best of each set", rows=rows))


def trained(results: Shown | None) -> list[list[str]]:
    """The rows of a table of results that are no reference lines."""
    rows = results.content.rows if results and results.content else []
    return [row for row in rows if row[1:] and row[0] != REFERENCE]


def number(cell: str) -> float | None:
    """The number that a cell begins with: "-1.5 [-2, 1]" -> -1.5; None if there is none."""
    found = re.match(r"[+-]?\d+(\.\d+)?", cell)
    return float(found[0]) if found else None


def _found(study: Study) -> tuple[str, str] | None:
    """What a corpus shows: how many systems fall, what the best reaches then, and whether joining modalities helps."""
    fall, joined = _fall(study), _joined(study)
    return (
        (f"{study.name} · {study.profile}: {' '.join(filter(None, (fall, joined)))}", f"results-{study.id}")
        if fall or joined
        else None
    )


def _fall(study: Study) -> str:
    """How many systems fall from the flattering protocol to the honest one, and which is the highest there."""
    if not study.falling:
        return ""
    header, rows = study.results.content.header, trained(study.results)
    at = next(place for place, cell in enumerate(header) if cell.startswith(FALL))
    falls = [fall for row in rows if (fall := number(row[at])) is not None]
    reached = [row for row in rows if number(row[at - 1]) is not None]
    if not falls or not reached:
        return ""
    top = max(reached, key=lambda row: number(row[at - 1]))
    lower, higher = sum(fall > 0 for fall in falls), sum(fall < 0 for fall in falls)
    first, last = header[at - 2], header[at - 1]
    way = f"score {'lower' if median(falls) >= 0 else 'higher'} on “{last}” than on “{first}”"
    most = max(lower, higher)
    told = f"all {most} systems {way}" if most == len(falls) else f"{most} of {len(falls)} systems {way}"
    return f"{told}, in the median by {abs(median(falls)):.1f} points. Highest on “{last}”: {top[1]} ({top[0]}), {top[at - 1]}."


def _joined(study: Study) -> str:
    """How many systems that join modalities are shown better than the single one that dev prefers."""
    single = {row[1] for row in trained(study.results) if "+" not in row[0]}
    table = study.find("tables", "comparisons")
    rows = [row for row in table.content.rows if len(row) > 3] if table and table.content else []
    honest = [row for row in rows if "+" in row[0] and row[2] == study.titles[1] and row[3] in single]
    if not honest:
        return ""
    each = ", ".join(f"{num} {verdict}" for verdict, num in Counter(row[-1] for row in honest).most_common())
    against = " and ".join(sorted({row[3] for row in honest}))
    return f"Of {len(honest)} systems that join modalities, beside {against} on “{study.titles[1]}”: {each}."


def _abroad(across: Sequence[Shown]) -> tuple[str, str] | None:
    """What the table of corpora by corpora holds at home and elsewhere."""
    table = next((item.content for item in across if isinstance(item.content, Table)), None)
    if not table:
        return None
    cells = [
        (name.endswith(f" {row[1]}"), value)
        for row in table.rows
        for name, cell in zip(table.header[2:], row[2:], strict=True)
        if row[1:] and (value := number(cell)) is not None and any(head.endswith(f" {row[1]}") for head in table.header)
    ]
    home, abroad = ([value for at_home, value in cells if at_home == wanted] for wanted in (True, False))
    if not home or not abroad:
        return None
    told = f"{min(home):.1f} to {max(home):.1f} % on new speakers of it, {min(abroad):.1f} to {max(abroad):.1f} % on another corpus"
    return f"Systems trained on one corpus reach {told}.", "across"


def _worst(mistakes: Shown | None) -> tuple[str, str] | None:
    """The mistakes that add most anywhere; none that is above by construction or not shown to add."""
    if not mistakes or not mistakes.content:
        return None
    header = mistakes.content.header
    cells = [
        (float(cell), row[0], corpus)
        for row in mistakes.content.rows
        for corpus, cell in zip(header[1:], row[1:], strict=True)
        if re.fullmatch(r"[+-]?\d+(\.\d+)?", cell)
    ]
    top = {}
    for points, name, corpus in sorted(cells, reverse=True):
        top.setdefault(name, f"{name} ({points:+.1f} on {corpus})")
    return (f"Mistakes that add most points: {'; '.join([*top.values()][:MOST])}.", "leaks") if top else None


def _claimed(claims: Sequence[Shown]) -> tuple[str, str] | None:
    """How many printed numbers became what: the first sentence of the figure's text."""
    alt = next((item.content.alt for item in claims if isinstance(item.content, Figure)), "")
    return (f"Claims: {alt.partition('. ')[0].rstrip('.')}.", "claims") if alt else None
