"""System R's four classical models on TF-IDF, each tuned by cross-validation inside the training clips."""

from sklearn.base import BaseEstimator
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.tree import DecisionTreeClassifier

from emostudy.recipes import Recipe
from emostudy.recipes.classical import first_column
from emostudy.recipes.text import WORDS
from emostudy.training import Estimator

FOLDS = 3  # of the training clips; a protocol promises three clips of each emotion


def cross_validated(model: BaseEstimator, grid: dict[str, list]) -> GridSearchCV:
    """Words and pairs of words by TF-IDF into `model`; UAR over three stratified folds of the training clips chooses from `grid`.

    Vocabulary and weights of words are those of each fold's own training part. The chosen point is fitted on all of train.
    """
    vectors = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    steps = make_pipeline(FunctionTransformer(first_column), vectors, model)
    grid = {f"{steps.steps[-1][0]}__{name}": values for name, values in grid.items()}
    return GridSearchCV(steps, grid, cv=FOLDS, scoring="balanced_accuracy")


def logistic_regression(seed: int) -> GridSearchCV:
    """Multinomial logistic regression; C is one over the strength of the L2 penalty."""
    return cross_validated(LogisticRegression(max_iter=1000), {"C": [0.3, 1.0, 3.0, 10.0, 30.0]})


def decision_tree(seed: int) -> GridSearchCV:
    """A tree by Gini impurity; without a limit it grows until its leaves are pure."""
    grid = {"max_depth": [10, 40, None], "min_samples_leaf": [1, 3]}
    return cross_validated(DecisionTreeClassifier(random_state=seed), grid)


def random_forest(seed: int) -> GridSearchCV:
    """A hundred trees, each on clips drawn with replacement and the square root of the words at each node."""
    return cross_validated(RandomForestClassifier(100, random_state=seed), {"min_samples_leaf": [1, 2, 5]})


def naive_bayes(seed: int) -> GridSearchCV:
    """Multinomial naive Bayes; alpha is added to every count."""
    return cross_validated(MultinomialNB(), {"alpha": [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0]})


def _recipe(name: str, title: str, build, uses_seed: bool) -> Recipe:
    return Recipe(
        name,
        f"{title} (R)",
        ("text",),
        {"text": WORDS},
        Estimator(build, uses_seed=uses_seed),
        source=f"system R, text, {title}",
        reading="TF-IDF of words and pairs of words; three-fold cross-validation on train, by UAR, over a grid of ours",
    )


TEXT_REGRESSION = _recipe("text_regression", "logistic regression", logistic_regression, uses_seed=False)
TEXT_TREE = _recipe("text_tree", "decision tree", decision_tree, uses_seed=True)
TEXT_FOREST = _recipe("text_forest", "random forest", random_forest, uses_seed=True)
TEXT_BAYES = _recipe("text_bayes", "naive Bayes", naive_bayes, uses_seed=False)
CLASSICAL_TEXT = (TEXT_REGRESSION, TEXT_TREE, TEXT_FOREST, TEXT_BAYES)
