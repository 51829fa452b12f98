"""What is known to fail is refused before anything is read."""

import pytest

from delinquency.config import load
from delinquency.errors import ChoiceError
from delinquency.pipeline.preflight import check_choices

FOLDS = "evaluation=cross_validation"


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        (["evaluation.metrics=[roc_acu]"], "Unknown metric .* Did you mean 'roc_auc'"),
        ([FOLDS, "evaluation.peers=[lightgmb]"], "Unknown peer .* Did you mean 'lightgbm'"),
        ([FOLDS, "evaluation.variants=[free]"], "Unknown variant .* without_monotone"),
    ],
)
def test_names_that_only_an_evaluation_asks_for_are_known_before_the_fit(choices, words):
    with pytest.raises(ChoiceError, match=words):
        check_choices(load(["stage=train", "tracking=none", *choices]))


def test_the_default_choices_pass():
    check_choices(load(["stage=evaluate", "tracking=none", FOLDS]))
