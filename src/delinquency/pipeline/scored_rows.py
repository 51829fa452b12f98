"""Stage ``explain``: every account's PD by the six traits, with reasons and evidence."""

from collections.abc import Collection

import numpy as np
import pandas as pd

from delinquency.config import Config
from delinquency.pipeline import saved_model
from delinquency.pipeline.canonical_tables import describe
from delinquency.pipeline.prepared_features import Prepared, known_months
from delinquency.pipeline.training_runs import save_figures
from delinquency.reasons.reason_explainer import ReasonExplainer
from delinquency.reporting.trait_plots import trait_bars, trait_beeswarm, trait_waterfall
from delinquency.traits import TRAITS
from delinquency.workspace.artifacts import write_frame
from delinquency.workspace.mlflow_runs import Run


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
    made_from = {"model": fitted.digest, "features": prepared.facts["digest"]}
    write_frame(explained, space.processed / saved_model.EXPLANATIONS, made_from=made_from)
    size = explained[[f"trait_{key}" for key in TRAITS]].abs().mean()
    active.table(
        pd.DataFrame(
            {
                "trait": [f"{trait.number} {trait.label}" for trait in TRAITS.values()],
                "mean_abs_log_odds": size.to_numpy(),
                "share": (size / max(size.sum(), 1e-300)).to_numpy(),
            }
        ),
        "tables/traits.json",
    )
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
        ``account_id, observation_month``, and the columns of ``ReasonExplainer.explain``.
    """
    explained = reasons_of(config, fitted, tables=prepared.facts["tables"]).explain(
        prepared.X,
        months=known_months(prepared, prepared.keys["observation_month"]),
        silent=prepared.silent,
    )
    frames = [prepared.keys.reset_index(drop=True), explained.reset_index(drop=True)]
    return pd.concat(frames, axis=1)


def reasons_of(
    config: Config, fitted: saved_model.Trained, *, tables: Collection[str] = ()
) -> ReasonExplainer:
    """Return the reasons of a trained model, by today's choice of what counts as one.

    Parameters
    ----------
    config : Config
    fitted : Trained
    tables : collection of str
        Canonical tables that the evidence of explained rows rests on.
    """
    return ReasonExplainer(
        fitted.model,
        fitted.meanings,
        options=config.reasons,
        currency=config.data.currency,
        window_months=config.data.window_months,
        tables=tables,
        explainer=fitted.explainer,
        n_threads=config.n_threads,
    ).restore(fitted.context)
