"""Gather what the validation looks at: scores, explanations, refits, challengers, the panel."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from delinquency.config import Config
from delinquency.errors import ChoiceError
from delinquency.features.registered_features import FEATURES
from delinquency.metrics import METRICS
from delinquency.modeling.baselines import BASELINES
from delinquency.modeling.challengers import RULE, SCORECARD, VALIDATED_AGAINST, rule_columns
from delinquency.modeling.comparison import MODEL, cross_validate, model_recipe
from delinquency.modeling.lightgbm_options import LightGBMOptions
from delinquency.modeling.recipes import Chosen
from delinquency.modeling.scorecard import fit_scorecard
from delinquency.modeling.splits import TEST, TRAIN, how_apart, repeated_stratified_folds
from delinquency.pipeline import saved_model
from delinquency.pipeline.canonical_tables import describe
from delinquency.pipeline.feature_parts import KEYS
from delinquency.pipeline.prepared_features import Prepared, known_months
from delinquency.pipeline.shap_comparison import against_shap
from delinquency.pipeline.validation_panel import panel_facts, shifted_areas
from delinquency.pipeline.validation_refits import refitted
from delinquency.synthetic.hidden_truth import CAUSAL
from delinquency.synthetic.portfolio_options import SyntheticData
from delinquency.traits import TRAITS
from delinquency.validation.check_inputs import Array, Evidence, Rows
from delinquency.validation.leakage_checks import null_error
from delinquency.workspace.artifacts import digest
from delinquency.workspace.progress import working
from delinquency.workspace.run_processes import source_tags

ALWAYS = ("statements", "accounts")
"""Tables without which nobody is scored."""
PLACEBO_ROWS = 20_000
FOLDS = 3
FOLD_METRICS = (
    "roc_auc",
    "gini",
    "ks",
    "pr_auc",
    "brier",
    "ece",
    "calibration_slope",
    "observed_expected",
)
AT_ONCE = 20_000
"""Rows that are explained at a time."""


def gather(config: Config, fitted: saved_model.Trained, prepared: Prepared) -> Evidence:
    """Return all that the checks look at, with progress.

    Parameters
    ----------
    config : Config
    fitted : Trained
    prepared : Prepared

    Returns
    -------
    Evidence
    """
    model, options = fitted.model, config.validation
    overrides = _overrides(options.overrides) if options.overrides else None
    parts = {name: saved_model.rows_of(fitted, prepared, name) for name in (TRAIN, TEST)}
    with working("scoring and explaining development and test"):
        train, test = (_rows(fitted, prepared, parts[name]) for name in (TRAIN, TEST))
    with working(f"fitting {options.refits} times on half of the accounts") as tick:
        refits = refitted(config, fitted, prepared, train, test, tick)
    # On many rows methods are compared where each learns from fewer, the recipe too: who is ahead
    # shows there as well, in a fraction of the time.
    fewer = len(train) > options.refit_rows
    with working(f"fitting {len(VALIDATED_AGAINST)} challengers on the same rows"):
        challengers, points = _challengers(
            config, prepared, parts, refits.learnt if fewer else None
        )
        placebo = _placebo(config, train, test)
    panel = shift = None
    if prepared.facts["tables"]:
        with working("reading the months: roll rates, vintages, a month's shift"):
            panel = panel_facts(config)
            shift = shifted_areas(config, fitted, prepared, parts[TEST], test)
    folds = pd.DataFrame()
    if _split_by(config, prepared) == "account":
        folds = _cross_validated(config, fitted, prepared)
    with working("comparing feature values with shap's"):
        gap, cannot = against_shap(model, train.X, test.X, seed=config.seed)
    truth, slope = _truth(config, fitted, prepared, parts[TEST], test)
    labels = prepared.labels
    # Written where outcomes were derived from months; an outcome that came has no window of ours.
    exclusions = _read_csv(config.workspace.reports / "exclusions.csv")
    return Evidence(
        data=describe(config),
        how=how_apart(prepared.keys.join(labels), train=parts[TRAIN], test=parts[TEST]),
        train=train,
        test=test,
        split=fitted.split.assign(group_id=labels["group_id"].to_numpy()),
        split_by=_split_by(config, prepared),
        performance_months=config.data.label.performance_months
        if exclusions is not None
        else None,
        meanings=fitted.meanings,
        importance=pd.Series(
            np.asarray(model.booster.feature_importance("gain"), np.float64),
            index=list(model.features),
        ),
        score=lambda X: model.raw_score(X, n_threads=config.n_threads),
        # The explainer gives the same score to 1e-12, in a sixth of the time of predicting.
        quick_score=lambda X: fitted.explainer.explain(model.matrix(X)).raw_score,
        shap_gap=gap,
        shap_cannot=cannot,
        probability=model.probability,
        explain=lambda X: fitted.explainer.explain(model.matrix(X)).values,  # noqa: PD011
        protected=prepared.protected[parts[TEST]].drop(columns=KEYS, errors="ignore"),
        segments=_segments(prepared, parts[TEST]),
        challengers=challengers,
        scorecard=points,
        compared=(refits.pd_test, int(refits.learnt.sum()))
        if fewer
        else (test.pd_hat, len(train)),
        placebo_auc=placebo,
        shift_auc=shift,
        refits=refits,
        panel=panel,
        exclusions=exclusions,
        tables=_tables(fitted),
        truth=truth,
        truth_slope=slope,
        overrides=overrides,
        record=_record(config, fitted),
        seed=config.seed,
        cannot=prepared.facts.get("cannot", {}),
        cross_validated=folds,
    )


def _rows(fitted: saved_model.Trained, prepared: Prepared, chosen: NDArray[np.bool_]) -> Rows:
    """Return one part, scored and explained."""
    X = prepared.X.loc[chosen, list(fitted.model.features)].reset_index(drop=True)
    matrix = fitted.model.matrix(X)
    made = [
        fitted.explainer.explain(matrix[start : start + AT_ONCE])
        for start in range(0, len(matrix), AT_ONCE)
    ]
    # The library's own score, so that the check of the explainer has another to compare with.
    raw_score = fitted.model.raw_score(X)
    return Rows(
        X=X,
        bad=prepared.labels.loc[chosen, "bad"].to_numpy(np.float64),
        pd_hat=fitted.model.probability(raw_score),
        raw_score=raw_score,
        accounts=prepared.keys.loc[chosen, "account_id"].to_numpy(str),
        groups=prepared.labels.loc[chosen, "group_id"].to_numpy(str),
        months=known_months(prepared, prepared.keys.loc[chosen, "observation_month"]),
        phi=np.concatenate([one.values for one in made]),  # noqa: PD011
        base_value=made[0].base_value,
    )


def _challengers(
    config: Config,
    prepared: Prepared,
    parts: dict[str, NDArray[np.bool_]],
    learnt: NDArray[np.bool_] | None,
) -> tuple[dict[str, Array], pd.DataFrame]:
    """Return every challenger's PD of the test rows, and the scorecard's points.

    They learn from the training rows that ``learnt`` names; None for all.
    """
    rows = np.flatnonzero(parts[TRAIN])
    rows = rows if learnt is None else rows[learnt]
    bad = prepared.labels["bad"].to_numpy(np.float64)[rows]
    numbers = prepared.raw.select_dtypes("number")
    matrices = {"features": prepared.X, "raw": numbers}
    names = [n for n in VALIDATED_AGAINST if n != RULE or rule_columns(list(numbers.columns))]
    points: list[pd.DataFrame] = []

    def one(name: str) -> Array:
        peer = BASELINES[name]
        X = matrices[peer.matrix]
        if name == SCORECARD:
            card = fit_scorecard(X.iloc[rows], bad)
            points.append(card.table())
            return card.pd_hat(X.loc[parts[TEST]])
        predict = peer.fit(X.iloc[rows], bad, config.seed)
        return predict(X.loc[parts[TEST]])

    with ThreadPoolExecutor(config.n_threads) as pool:
        found = list(pool.map(one, names))
    ahead = {BASELINES[name].title: pd_hat for name, pd_hat in zip(names, found, strict=True)}
    return ahead, points[0]


def _cross_validated(
    config: Config, fitted: saved_model.Trained, prepared: Prepared
) -> pd.DataFrame:
    """Return the figures of the recipe on the rows that each fold left out."""
    folds = repeated_stratified_folds(
        prepared.labels, n_splits=FOLDS, n_repeats=1, seed=config.seed
    )
    recipe = model_recipe(
        LightGBMOptions(**fitted.model.metadata["options"]),
        directions=fitted.model.directions,
        labels=prepared.labels,
        categories=prepared.categories,
        chosen=Chosen.of(fitted.model.metadata),
    )
    X = prepared.X[list(fitted.model.features)]
    bad = prepared.labels["bad"].to_numpy(np.int64)
    with working(f"cross-validating in {FOLDS} folds") as tick:
        found = cross_validate(
            {"features": X},
            bad,
            folds,
            recipes=[recipe],
            metrics=FOLD_METRICS,
            seed=config.seed,
            n_workers=config.n_threads,
            progress=tick,
        )
    records = []
    for name in FOLD_METRICS:
        one = found.interval(MODEL, name)
        records.append(
            {
                "metric": METRICS[name].title,
                "mean of the folds": one.estimate,
                "low": one.low,
                "high": one.high,
            }
        )
    return pd.DataFrame(records)


def _placebo(config: Config, train: Rows, test: Rows) -> tuple[float, float]:
    """Return the AUC of a model of permuted labels on permuted labels, with its standard error.

    All labels are permuted together, those of the test too: against the true ones even a random
    direction ranks, as features point one way, and 0.5 would be missed by a right model.
    """
    rng = np.random.default_rng(config.seed)
    permuted = rng.permutation(np.concatenate([train.bad, test.bad]))
    learnt, judged = permuted[: len(train)], permuted[len(train) :]
    rows = rng.choice(len(train), min(len(train), PLACEBO_ROWS), replace=False)
    predict = BASELINES["lightgbm"].fit(train.X.iloc[rows], learnt[rows], config.seed)
    return METRICS["roc_auc"](judged, predict(test.X)), null_error(judged)


def _split_by(config: Config, prepared: Prepared) -> str:
    """Return how the rows were split, with "auto" resolved."""
    if config.split.by != "auto":
        return config.split.by
    return "account" if len(prepared.keys["observation_month"].unique()) == 1 else "time"


def _segments(prepared: Prepared, chosen: NDArray[np.bool_]) -> pd.DataFrame:
    """Return the segments of the test rows that the columns allow."""
    raw = prepared.raw.loc[chosen].reset_index(drop=True)
    columns: dict[str, Any] = {}
    if "credit_limit_0" in raw:
        columns["credit limit"] = _thirds(raw["credit_limit_0"])
    if "months_on_book" in raw:
        bands = pd.cut(raw["months_on_book"].astype(float), [-np.inf, 24, 60, np.inf],
                       labels=["up to 2 years", "2 to 5 years", "more than 5 years"])  # fmt: skip
        columns["tenure"] = bands.astype(object).where(bands.notna(), "not known")
    for name in ("days_past_due_0", "repayment_status_0"):
        if name in raw and "standing" not in columns:
            columns["standing"] = np.where(raw[name].to_numpy(np.float64) > 0, "late", "current")
    protected = prepared.protected.loc[chosen].reset_index(drop=True)
    if "region" in protected:
        columns["region"] = protected["region"].astype(object).where(
            protected["region"].notna(), "not known"
        )  # fmt: skip
    return pd.DataFrame(columns, index=raw.index)


def _thirds(column: pd.Series) -> pd.Series:
    """Return thirds of a column by name; ties stay together."""
    low, high = column.quantile([1 / 3, 2 / 3])
    names = np.select([column <= low, column <= high, column > high],
                      ["lowest third", "middle third", "highest third"], "not known")  # fmt: skip
    return pd.Series(names, index=column.index)


def _tables(fitted: saved_model.Trained) -> dict[str, tuple[str, ...]]:
    """Return the features that cannot be made without each table that may be absent."""
    found: dict[str, list[str]] = {}
    for name in fitted.model.features:
        for table in FEATURES[name].tables if name in FEATURES else ():
            if table not in ALWAYS:
                found.setdefault(table, []).append(name)
    return {table: tuple(names) for table, names in sorted(found.items())}


def _truth(
    config: Config,
    fitted: saved_model.Trained,
    prepared: Prepared,
    chosen: NDArray[np.bool_],
    test: Rows,
) -> tuple[pd.DataFrame | None, tuple[float, float, float] | None]:
    """Return the true effects of the audited test rows of a made portfolio, and the slope."""
    if not isinstance(config.data, SyntheticData):
        return None, None
    from delinquency.pipeline.truth_files import audit_truth
    from delinquency.synthetic.hidden_truth import shapley_weights
    from delinquency.synthetic.trait_swaps import EXCHANGED
    from delinquency.validation.attribution_slope import TraitSwaps, sizes

    keys = prepared.keys[chosen].reset_index(drop=True)
    known, exchanged = audit_truth(config, config.data, keys)
    index = pd.MultiIndex.from_frame(keys)
    rows = index.get_indexer(pd.MultiIndex.from_frame(known[KEYS]))
    frame = pd.DataFrame({key: known[CAUSAL + key].to_numpy(np.float64) for key in TRAITS})
    frame.insert(0, "row", rows)
    swaps = TraitSwaps(
        exchanged["first"].to_numpy(np.intp),
        exchanged["second"].to_numpy(np.intp),
        exchanged[list(EXCHANGED)].to_numpy(np.float64),
        shapley_weights(),
    )
    with working("slopes with traits exchanged"):
        slope = sizes(test.phi[rows], swaps, traits=tuple(TRAITS), options=config.audit,
                      seed=config.seed)["slope_exchanged"]  # fmt: skip
    return frame, (slope.value, slope.low, slope.high)


def _read_csv(path: Path) -> pd.DataFrame | None:
    return pd.read_csv(path, keep_default_na=True) if path.exists() else None


def _overrides(name: str) -> pd.DataFrame:
    """Return the decisions by people.

    Raises
    ------
    ChoiceError
        If there is no such file, or it lacks what was proposed or decided.
    """
    table = _read_csv(Path(name))
    if table is None:
        raise ChoiceError(f"validation.overrides names {name}, which does not exist.")
    absent = [column for column in ("proposed", "decided") if column not in table.columns]
    if absent:
        raise ChoiceError(
            "validation.overrides must name a CSV with the columns proposed and decided."
            f" {name} lacks {' and '.join(absent)}; it has {', '.join(map(str, table.columns))}."
        )
    return table


def _record(config: Config, fitted: saved_model.Trained) -> dict[str, Any]:
    """Return what a rerun of the training needs."""
    facts = fitted.facts
    choices = fitted.folder / "config.yaml"
    return {
        "data_digest": facts["digests"]["source"],
        "features_digest": facts["digests"]["features"],
        "config_digest": digest(choices.read_text("utf-8")) if choices.exists() else "",
        "model_digest": fitted.digest,
        "seed": facts["seed"],
        "run_id": facts.get("run_id", ""),
        **source_tags(Path(__file__).parent),
    }
