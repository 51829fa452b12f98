"""Simulated portfolios with a model that is right by construction, to measure the checks with.

Six traits with two features each act on the log-odds of bad by known weights, and the "model" is
that truth itself. A check that calls it red is wrong; a check that lets a planted fault pass
(``planted_faults``) is blind.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from delinquency.features.feature_description import FeatureMeaning
from delinquency.log_odds import probability
from delinquency.metrics import METRICS
from delinquency.traits import TRAITS
from delinquency.validation.check_inputs import Array, Evidence, PanelFacts, Refits, Rows
from delinquency.validation.leakage_checks import null_error
from delinquency.validation.validation_options import Documents

WEIGHTS = np.array([0.45, 0.70, 0.55, 0.60, 0.50, 0.40])
"""Effect of a trait's two features together, per standard deviation."""
BASE = -2.9
PERFORMANCE_MONTHS = 12
HALVES = 6
NUMBERS_IN_TRAIT = 2
SAME = 0.9
"""Correlation of a feature of an account with its own value a year and a half earlier."""
NAMES = tuple(f"{key}_{k}" for key in TRAITS for k in range(1, NUMBERS_IN_TRAIT + 1))
COEFFICIENTS = np.repeat(WEIGHTS / np.sqrt(NUMBERS_IN_TRAIT), NUMBERS_IN_TRAIT)
TABLE_OF = {"bureau": NAMES[2:4], "cashflows": NAMES[6:8]}
DEVELOPMENT = tuple(f"{year}-06" for year in range(2018, 2023))
"""Observation months of the development: with their outcomes, more than five years."""
TEST_MONTH = "2023-12"
WHOLE_PAPERS = Documents(
    purpose="Rank accounts.",
    out_of_scope=["Granting credit."],
    materiality_tier="2",
    owner="A named person",
    pd_philosophy="Point in time.",
    monitoring_plan=["Monthly."],
    triggers=["PSI above 0.25."],
    rollback="One command.",
)
"""Papers of a model that is right in them too."""


@dataclass(frozen=True)
class Portfolio:
    """How large a simulated portfolio is.

    Attributes
    ----------
    n_train, n_test : int
        Accounts of development, observed over four years, and of the test a year and a half
        later; as many as give the bads that item 6 asks for.
    """

    n_train: int = 18_000
    n_test: int = 8_000


def linear_score(X: pd.DataFrame, coefficients: Array = COEFFICIENTS, base: float = BASE) -> Array:
    """Return the log-odds of features by name; a missing value counts as the mean, 0."""
    values = np.nan_to_num(X[list(NAMES)].to_numpy(np.float64))
    return np.asarray(base + values @ coefficients)


def trait_values(X: pd.DataFrame, coefficients: Array = COEFFICIENTS) -> Array:
    """Return the exact trait values of a linear score against a population of mean 0."""
    values = np.nan_to_num(X[list(NAMES)].to_numpy(np.float64)) * coefficients
    return np.asarray(values.reshape(len(X), len(TRAITS), NUMBERS_IN_TRAIT).sum(axis=2))


def rows_of(
    X: pd.DataFrame,
    bad: Array,
    accounts: Array,
    months: Sequence[str],
    *,
    score: Array | None = None,
) -> Rows:
    """Return rows scored and explained by the right model, or by the scores given.

    The months are given out in turn.
    """
    raw = linear_score(X) if score is None else score
    return Rows(
        X=X,
        bad=bad,
        pd_hat=probability(raw),
        raw_score=raw,
        accounts=accounts,
        groups=accounts,
        months=np.resize(np.array(months, "datetime64[M]"), len(X)),
        phi=trait_values(X),
        base_value=BASE,
    )


def right_evidence(seed: int, portfolio: Portfolio | None = None) -> Evidence:
    """Return the evidence of a model that is right, on a portfolio of its own.

    Parameters
    ----------
    seed : int
    portfolio : Portfolio, optional

    Returns
    -------
    Evidence
        Features are standard normal with a correlation of 0.2 inside a trait; outcomes are drawn
        from the model's own PDs; groups and segments are independent of everything.
    """
    size = portfolio or Portfolio()
    rng = np.random.default_rng(seed)
    train, test = (
        drawn_rows(rng, n, first=first, months=months)
        for n, first, months in (
            (size.n_train, 0, DEVELOPMENT), (size.n_test, size.n_train, (TEST_MONTH,)),
        )
    )  # fmt: skip
    n = len(test)
    protected = pd.DataFrame(
        {"sex": rng.choice(["female", "male"], n), "age": rng.integers(20, 75, n).astype(float)}
    )
    segments = pd.DataFrame(
        {"standing": rng.choice(["current", "late"], n, p=[0.7, 0.3]),
         "credit limit": rng.choice(["lowest third", "middle third", "highest third"], n)}
    )  # fmt: skip
    split = pd.concat(
        [
            pd.DataFrame({"account_id": rows.accounts, "group_id": rows.groups,
                          "observation_month": rows.months.astype("datetime64[ns]"),
                          "part": part})
            for rows, part in ((train, "train"), (test, "test"))
        ],
        ignore_index=True,
    )  # fmt: skip
    half = COEFFICIENTS.copy()
    half[4:] = 0.0
    permuted = rng.permutation(np.concatenate([train.bad, test.bad]))
    learnt, judged = permuted[: len(train)], permuted[len(train) :]
    placebo = probability(linear_score(test.X, _fitted(train.X, learnt)[1:], 0.0))
    auc = METRICS["roc_auc"]
    n_bad = test.bad.sum()
    now = auc(test.bad, test.pd_hat)
    older = auc(test.bad, probability(test.raw_score + rng.normal(0, 0.25, n)))
    sample = np.sort(rng.choice(n, min(n, 200), replace=False))
    audited = np.sort(rng.choice(n, min(n, 400), replace=False))
    truth = pd.DataFrame(
        test.phi[audited] + rng.normal(0, 0.35, (len(audited), len(TRAITS))), columns=list(TRAITS)
    )
    truth.insert(0, "row", audited)
    return Evidence(
        data="Simulated portfolio",
        how="out of time, accounts held out",
        train=train,
        test=test,
        split=split,
        split_by="account_and_time",
        performance_months=PERFORMANCE_MONTHS,
        meanings=meanings(),
        importance=pd.Series(COEFFICIENTS**2, index=list(NAMES)),
        score=linear_score,
        probability=probability,
        explain=trait_values,
        protected=protected,
        segments=segments,
        challengers={"Five features": probability(linear_score(test.X, half))},
        placebo_auc=(auc(judged, placebo), null_error(judged)),
        shift_auc=(now, older, 0.006),
        refits=_refits(rng, train, test, sample),
        panel=_panel(rng),
        exclusions=pd.DataFrame(
            {"reason": ["history too short", "kept: good", "kept: bad"],
             "rows": [1_000, len(split) - int(train.bad.sum() + n_bad),
                      int(train.bad.sum() + n_bad)]}
        ),
        tables=TABLE_OF,
        truth=truth,
        overrides=pd.DataFrame({"proposed": ["help"] * 300, "decided": ["help"] * 300}),
        record=dict.fromkeys(
            ("data_digest", "features_digest", "config_digest", "seed", "run_id", "git_commit"),
            "known",
        ),
        seed=seed,
    )  # fmt: skip


def drawn_rows(
    rng: np.random.Generator,
    n: int,
    *,
    first: int,
    months: Sequence[str],
    drift: float = 0.0,
) -> Rows:
    """Return accounts with features and outcomes drawn from the truth.

    ``drift`` moves every feature towards more risk, by standard deviations.
    """
    shared = rng.normal(size=(n, len(TRAITS))).repeat(NUMBERS_IN_TRAIT, axis=1)
    values = np.sqrt(0.2) * shared + np.sqrt(0.8) * rng.normal(size=(n, len(NAMES))) + drift
    X = pd.DataFrame(values, columns=list(NAMES))
    bad = (rng.random(n) < probability(linear_score(X))).astype(np.float64)
    accounts = np.array([f"S{first + k:07d}" for k in range(n)])
    return rows_of(X, bad, accounts, months)


def seen_again(evidence: Evidence, rng: np.random.Generator) -> Evidence:
    """Return the evidence of a split by time: the test's accounts were seen earlier, little else.

    For the check of grades that move, which needs accounts of two months.
    """
    test = evidence.test
    kept = np.sqrt(1 - SAME**2)
    X = SAME * test.X + kept * rng.normal(size=test.X.shape)
    bad = (rng.random(len(X)) < probability(linear_score(X))).astype(np.float64)
    earlier = rows_of(X, bad, test.accounts, DEVELOPMENT[-1:])
    return replace(evidence, train=earlier, split_by="time")


def meanings() -> dict[str, FeatureMeaning]:
    """Return what each feature is: of its trait, risk rising with it."""
    return {
        name: FeatureMeaning(
            name=name, trait_key=name.rsplit("_", 1)[0], direction=1, unit="number",
            phrase=f"The {name.replace('_', ' ')}", phrase_zh=name, needs=(name,), actionable=True,
        )
        for name in NAMES
    }  # fmt: skip


def _fitted(X: pd.DataFrame, bad: Array) -> Array:
    """Return intercept and coefficients of a lightly held back logistic regression."""
    from delinquency.modeling.logistic import fit_logistic

    return np.asarray(fit_logistic(X.to_numpy(np.float64), bad, l2=1.0))


def _refits(rng: np.random.Generator, train: Rows, test: Rows, sample: NDArray[np.intp]) -> Refits:
    """Return logistic regressions on random halves of the development."""
    auc = METRICS["roc_auc"]
    pd_hat, phi, left, tested, drawn, whole = [], [], [], [], [], []
    for _ in range(HALVES):
        chosen = rng.permutation(len(train)) < len(train) // 2
        beta = _fitted(train.X[chosen], train.bad[chosen])
        rows = test.X.iloc[sample]
        pd_hat.append(probability(linear_score(rows, beta[1:], beta[0])))
        phi.append(trait_values(rows, beta[1:]))
        others = train.X[~chosen]
        left.append(auc(train.bad[~chosen], probability(linear_score(others, beta[1:], beta[0]))))
        drawn.append(chosen)
        whole.append(probability(linear_score(test.X, beta[1:], beta[0])))
        tested.append(auc(test.bad, whole[-1]))
    return Refits(
        np.array(pd_hat), np.array(phi), sample, np.array(left),
        np.array(tested), rows=len(train) // 2, fitted_rows=len(train),
        learnt=drawn[0], pd_test=whole[0],
    )  # fmt: skip


def _panel(rng: np.random.Generator) -> PanelFacts:
    """Return a panel's facts: most accounts at 60 days past due do not recover."""
    lost = rng.binomial(500, 0.62) / 500
    worse = pd.DataFrame({"days_past_due": [60.0], "accounts": [500], "never_recover": [lost]})
    return PanelFacts(pd.DataFrame(), worse, pd.DataFrame(), 10_000, 0, 48)
