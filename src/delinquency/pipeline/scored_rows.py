"""Stage ``explain``: every account's PD by the six traits, with reasons and evidence."""

from typing import Any

import numpy as np
import pandas as pd

from delinquency.config import Config
from delinquency.errors import ModelError
from delinquency.modeling.fitted_model import DelinquencyModel
from delinquency.pipeline import saved_model
from delinquency.pipeline.canonical_tables import describe
from delinquency.pipeline.prepared_features import Prepared, known_months
from delinquency.pipeline.training_runs import save_figures
from delinquency.reasons.evidence import evidence_levels
from delinquency.reasons.feature_effects import ContributionCurves, fit_curves
from delinquency.reasons.reason_selection import ReasonContext, select_reasons
from delinquency.reasons.reference_population import (
    Contributions,
    Reference,
    build_reference,
    scale_of,
)
from delinquency.reporting.trait_plots import trait_bars, trait_beeswarm, trait_waterfall
from delinquency.shapley import Explanation, TraitExplainer
from delinquency.traits import EVIDENCE_LEVELS, TRAITS
from delinquency.workspace.artifacts import write_frame
from delinquency.workspace.mlflow_runs import Run

ADDITIVITY = 1e-9
"""Largest error allowed of base value + trait values against the booster's raw score."""
CHECKED_ROWS = 10_000
"""Rows, at most, whose raw score is compared with the booster's own."""
CURVE_SAMPLE = 2_000
"""Training accounts whose exact feature contributions the contribution curves are drawn from."""
SILENT = "no_information"


def explain_rows(
    config: Config, fitted: saved_model.Trained, prepared: Prepared, active: Run
) -> pd.DataFrame:
    """Explain every prepared row; write and log the result.

    Returns
    -------
    DataFrame
        As ``scored_rows`` returns it.
    """
    explained = scored_rows(config, fitted, prepared)
    space = config.workspace
    write_frame(explained, space.processed / "explanations.parquet")
    size = explained[[f"trait_{key}" for key in TRAITS]].abs().mean()
    active.metrics({f"mean_abs_{name}": value for name, value in size.items()})
    _draw_figures(config, explained, active)
    return explained


def _draw_figures(config: Config, explained: pd.DataFrame, active: Run) -> None:
    """Draw how large the trait values are, how they spread, and the riskiest account's."""
    values = explained[[f"trait_{key}" for key in TRAITS]].to_numpy(np.float64)
    pd_hat = explained["pd_hat"].to_numpy(np.float64)
    keys, title = tuple(TRAITS), f"{describe(config)}, {len(values):,} rows"
    worst = int(pd_hat.argmax())
    figures = {
        "trait_bars": trait_bars(values, traits=keys, title=title),
        "trait_beeswarm": trait_beeswarm(
            values, pd_hat, traits=keys, title=title, seed=config.seed
        ),
        "trait_waterfall": trait_waterfall(
            values[worst],
            base_value=float(explained["base_value"].iloc[worst]),
            traits=keys,
            title=f"{describe(config)}, the row with the highest probability",
        ),
    }
    save_figures(config, figures, active)


def scored_rows(config: Config, fitted: saved_model.Trained, prepared: Prepared) -> pd.DataFrame:
    """Return PD, trait values, reasons and evidence of every prepared row.

    Returns
    -------
    DataFrame
        ``account_id, observation_month, pd_hat, raw_score, base_value``, six ``trait_<key>``,
        six ``evidence_<key>``, and the columns of ``Reasons.frame``.

    Raises
    ------
    ModelError
        If base value and trait values do not add up to the booster's own raw score, on at most
        10,000 rows spread over all of them.
    """
    model = fitted.model
    X = model.matrix(prepared.X)
    explanation = fitted.explainer.explain(X)
    _check_additivity(model, prepared.X, explanation)
    silent = np.zeros(len(X), bool)
    if SILENT in prepared.raw.columns:
        silent = prepared.raw[SILENT].to_numpy() == 1
    levels = evidence_levels(X, fitted.meanings, prepared.facts["tables"], silent=silent)
    curves = ContributionCurves.from_plain(fitted.context["curves"])
    reasons = select_reasons(
        Contributions(explanation.values, curves.contributions(X), X),  # noqa: PD011
        levels,
        reason_context_of(config, fitted),
    )
    months = known_months(prepared, prepared.keys["observation_month"])
    words = np.array(EVIDENCE_LEVELS, dtype=object)
    evidence = pd.DataFrame(
        {
            f"evidence_{key}": pd.array(words[levels[:, column]], dtype="str")
            for column, key in enumerate(TRAITS)
        }
    )
    frames = [
        prepared.keys.reset_index(drop=True),
        scores_frame(model, explanation),
        evidence,
        reasons.frame(months),
    ]
    return pd.concat(frames, axis=1)


def _check_additivity(model: DelinquencyModel, X: pd.DataFrame, explanation: Explanation) -> None:
    """Compare the scores of rows spread over all of them with the booster's own.

    To let the booster score every row would take several times as long as the explanation.
    """
    rows = np.unique(np.linspace(0, len(X) - 1, min(len(X), CHECKED_ROWS)).astype(np.int64))
    own = model.raw_score(X.iloc[rows])
    error = float(np.abs(explanation.raw_score[rows] - own).max(initial=0.0))
    if error > ADDITIVITY:
        raise ModelError(
            f"Trait values must add up to the raw score within {ADDITIVITY:g}. The largest error "
            f"is {error:g}: this is a fault of the explainer, please report it."
        )


def scores_frame(model: DelinquencyModel, explanation: Explanation) -> pd.DataFrame:
    """Return PD, scores and trait values as one frame, one row a row."""
    columns: dict[str, Any] = {
        "pd_hat": model.probability(explanation.raw_score),
        "raw_score": explanation.raw_score,
        "base_value": explanation.base_value,
    }
    for column, key in enumerate(explanation.traits):
        columns[f"trait_{key}"] = explanation.values[:, column]  # noqa: PD011
    return pd.DataFrame(columns)


def reason_context_of(config: Config, fitted: saved_model.Trained) -> ReasonContext:
    """Return what the reasons of a trained model rest on."""
    calibration = fitted.model.calibration
    plain = calibration.to_dict()
    scale = scale_of(
        calibration.kind,
        slope=float(plain.get("slope", 1.0)),
        intercept=float(plain.get("intercept", 0.0)),
    )
    return ReasonContext(
        meanings=fitted.meanings,
        reference=Reference.from_plain(fitted.context["reference"]),
        scale=scale,
        options=config.reasons,
        currency=config.data.currency,
    )


def fit_reason_context(
    model: DelinquencyModel, explainer: TraitExplainer, X: pd.DataFrame, *, seed: int
) -> dict[str, Any]:
    """Return reference population and contribution curves of the training accounts.

    Parameters
    ----------
    model : DelinquencyModel
    explainer : TraitExplainer
    X : DataFrame of shape (n_rows, n_features)
        The training part.
    seed : int
        Of the sample that the curves are drawn from.

    Returns
    -------
    dict
        ``reference`` and ``curves`` as plain values.
    """
    matrix = model.matrix(X)
    rng = np.random.default_rng(seed)
    rows = rng.choice(len(matrix), min(CURVE_SAMPLE, len(matrix)), replace=False)
    exact = np.asarray(model.booster.predict(matrix[rows], pred_contrib=True))[:, :-1]
    curves = fit_curves(matrix[rows], exact, names=model.features)
    explanation = explainer.explain(matrix)
    pd_hat = model.probability(explanation.raw_score)
    population = Contributions(explanation.values, curves.contributions(matrix), matrix)  # noqa: PD011
    good = pd_hat <= np.median(pd_hat)
    mean_score = explanation.raw_score[good].mean(keepdims=True)
    typical = model.probability(mean_score)
    reference = build_reference(
        population,
        pd_hat,
        traits=explanation.traits,
        facts=model.features,
        typical_pd=float(typical[0]),
    )
    return {"reference": reference.to_plain(), "curves": curves.to_plain()}
