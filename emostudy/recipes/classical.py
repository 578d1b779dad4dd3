"""How the classical recipes are built: a scaler where it belongs, a classifier, probabilities by temperature."""

from sklearn.calibration import CalibratedClassifierCV
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC


def support_vectors(seed: int, C: float = 1.0):
    """Standardised features into a support vector machine with a Gaussian kernel.

    Probabilities are its decision values with a temperature, found by three-fold cross-validation on the training clips.
    """
    machine = make_pipeline(StandardScaler(), SVC(C=C, decision_function_shape="ovr"))
    return CalibratedClassifierCV(machine, method="temperature", cv=3, ensemble=False)


def first_column(texts):
    """(N, 1) -> (N,): scikit-learn's vectorisers want a list."""
    return texts[:, 0]


def tfidf_regression(seed: int, C: float = 1.0):
    """Words and pairs of words by TF-IDF into logistic regression."""
    vectors = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    return make_pipeline(FunctionTransformer(first_column), vectors, LogisticRegression(C=C, max_iter=1000))
