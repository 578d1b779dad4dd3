"""A network of which dev chooses the setting and the epoch, and only the chosen one is fitted a second time."""

from dataclasses import dataclass, replace

import numpy as np

from emostudy.estimators import Fitted, score
from emostudy.training import Network


@dataclass(frozen=True)
class TunedNetwork:
    """Each of `settings` (name -> fields of `network` but `keep` and `refit`) is trained on train; dev UAR chooses setting and epoch.

    With those it is fitted again on train and dev, its schedule as long as the epochs that dev chose. `info` keeps all trials;
    the first of equals is taken. Unlike `Tuned`, what dev does not choose is not fitted twice, and a setting may be a function.
    """

    network: Network
    settings: dict[str, dict]
    uses_seed: bool = True

    def fit(self, recipe, parts, labels, num_classes, seed, **options) -> Fitted:
        """Fit with every setting, keep what dev likes best, predict dev with that and test with the one fitted again.

        Raises:
            ValueError: with some setting the loss is not finite before one epoch is over.
        """
        best, trials = None, []
        for name, setting in self.settings.items():
            found = replace(self.network, refit=False, **setting).fit(
                recipe, parts, labels, num_classes, seed, **options
            )
            dev_uar, epoch = score(labels["dev"], found.dev), found.info["best_epoch"]
            trials.append({"setting": name, "epoch": epoch, "dev_uar": round(dev_uar, 4)})
            if best is None or dev_uar > best[0]:
                best = dev_uar, name, found
        _, name, found = best
        chosen = {"setting": name, "epochs": found.info["best_epoch"]}
        again = replace(
            self.network, refit=False, keep="last", **self.settings[name] | {"epochs": found.info["best_epoch"]}
        )
        test = again.fit(*_on_both(recipe, parts, labels), num_classes, seed, **options).test
        return replace(found, test=test, info={**found.info, "refit": True, "chosen": chosen, "trials": trials})


def _on_both(recipe, parts, labels):
    """The same with dev's clips in train too."""
    both = {name: np.concatenate([parts["train"][name], parts["dev"][name]]) for name in parts["train"]}
    known = np.concatenate([labels["train"], labels["dev"]])
    return recipe, parts | {"train": both}, labels | {"train": known}
