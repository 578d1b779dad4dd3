"""How much of the study one runs: every fold and seed for the paper, a lesson's worth in class, a spark in the tests."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Profile:
    """Which folds and seeds are run, and how far a network may train.

    `max_epochs` cuts every recipe's own number of epochs (None: as the recipe says); a cut is part of the run's record. With
    `further` the notebooks train the systems too that the corpus' card names under `further_systems`.
    """

    name: str
    folds: tuple[int, ...]
    seeds: tuple[int, ...]
    max_epochs: int | None
    about: str
    further: bool = False

    @property
    def is_cut(self) -> bool:
        """Whether its numbers mean nothing: training is cut short."""
        return self.max_epochs is not None


PROFILES = {
    profile.name: profile
    for profile in (
        Profile("smoke", (0,), (0,), 2, "tests: does every step run? Its numbers mean nothing."),
        Profile("class", (0, 1, 2), (0,), None, "a lesson on a laptop: three of the five folds, one seed"),
        Profile(
            "paper",
            (0, 1, 2, 3, 4),
            (0, 1, 2),
            None,
            "the committed numbers: every fold, three seeds, further systems",
            True,
        ),
    )
}
