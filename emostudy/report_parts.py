"""What stands in a report: a figure or a table, what one notebook wrote, one corpus at one profile."""

from dataclasses import dataclass, field

from emostudy.corpora import card
from emostudy.corpora.catalogue import base_of
from emostudy.report_files import Figure, Table
from emostudy.wording import by_rigour, pair, protocol_title

FALL = "fall"  # a table of results has a column of this name where two protocols stand side by side


@dataclass(frozen=True)
class Shown:
    """A figure or a table on a page, or why it is not there; `links` are (kind, address) of its files."""

    slug: str
    content: Figure | Table | None
    fault: str
    links: list[tuple[str, str]]

    @property
    def is_figure(self) -> bool:
        """Whether its files are a picture's, be they whole or not."""
        return any(kind == "png" for kind, _ in self.links)

    @property
    def falls(self) -> bool:
        """Whether it is a table in which a flattering protocol stands beside an honest one."""
        return isinstance(self.content, Table) and any(cell.startswith(FALL) for cell in self.content.header[4:])


@dataclass(frozen=True)
class Part:
    """What one notebook wrote, in the order of the files' names; `note` says in a sentence what is not there."""

    slug: str
    title: str
    page: str  # address of the executed notebook as a page, or ""
    source: str  # address of the executed notebook, or ""
    note: str
    figures: list[Shown]
    tables: list[Shown]

    @property
    def is_here(self) -> bool:
        """Whether there is anything of it to read."""
        return bool(self.source or self.figures or self.tables)


@dataclass(frozen=True)
class Study:
    """One corpus at one profile; the paper's part is the first.

    `clips` and `speakers` are counted in the clip table, else the card's, 0 where unknown; `again` are the commands that make it anew.
    """

    corpus: str
    profile: str
    parts: list[Part]
    runs: list[dict]
    modalities: list[str] = field(default_factory=list)
    clips: int = 0
    speakers: int = 0
    again: list[str] = field(default_factory=list)

    @property
    def card(self) -> dict:
        """The corpus' card."""
        return card(self.corpus)

    @property
    def id(self) -> str:
        """What begins the ids of its places on a page: "emosynth-class"."""
        return f"{self.corpus}-{self.profile}"

    @property
    def page(self) -> str:
        """The file of its own page in the report's folder."""
        return f"{self.corpus}_{self.profile}.html"

    @property
    def name(self) -> str:
        """Its title in a word or two: "RAVDESS", "GoEmotions, ekman multi"."""
        title, base = self.card["title"], base_of(self.corpus)
        short = title if self.card.get("subcorpora") else title.partition(",")[0]
        reading = self.corpus.removeprefix(base).strip("_").replace("_", " ")
        return f"{short}, {reading}" if reading else short

    @property
    def protocols(self) -> list[str]:
        """The protocols of its runs, or where there is no run those of the card."""
        return sorted({run["protocol"] for run in self.runs} or self.card["protocols"])

    @property
    def protocol_titles(self) -> list[str]:
        """Titles of its protocols, those that keep more apart later."""
        return list(dict.fromkeys(protocol_title(name) for name in by_rigour(self.protocols)))

    @property
    def titles(self) -> tuple[str, str]:
        """Titles of the flattering protocol, "" where one alone is shown, and of the honest one: those of its table of results."""
        if self.results and self.results.falls:
            header = self.results.content.header
            at = next(place for place, cell in enumerate(header) if cell.startswith(FALL))
            return header[at - 2], header[at - 1]
        shown = (
            [cell for cell in self.results.content.header if cell in self.protocol_titles] if self._has_table else []
        )
        flattering, honest = ("", shown[-1]) if shown else map(_title, pair(self.protocols))
        return flattering, honest

    @property
    def _has_table(self) -> bool:
        return bool(self.results and self.results.content)

    def find(self, kind: str, name: str) -> Shown | None:
        """The first of its `figures` or `tables` named `<number>_<name>`: that of the paper's notebook, if it has one."""
        return next((item for part in self.parts for item in getattr(part, kind) if _name(item) == name), None)

    @property
    def results(self) -> Shown | None:
        """The table of all systems."""
        return self.find("tables", "results")

    @property
    def falling(self) -> Shown | None:
        """The figure of all systems under a flattering and an honest protocol; None where one protocol alone was run."""
        return self.find("figures", "protocols") if self.results and self.results.falls else None

    @property
    def main(self) -> Shown | None:
        """The figure that stands beside its results: joined systems against single ones, or all systems under one protocol."""
        differences = self.find("figures", "differences")
        return differences or (None if self.falling else self.find("figures", "protocols"))


def _title(protocol: str) -> str:
    return protocol_title(protocol) if protocol else ""


def _name(item: Shown) -> str:
    return item.slug.partition("_")[2]
