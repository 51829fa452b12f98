"""Stage ``truth_audit``: trait values against the causal truth of a made portfolio."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from delinquency.atomic_files import replacing, write_text
from delinquency.config import Config, as_dict
from delinquency.errors import ChoiceError
from delinquency.features.registered_features import FEATURES
from delinquency.log_odds import log_odds
from delinquency.modeling.baselines import BASELINES, default_booster
from delinquency.panel.schema import TABLES
from delinquency.panel.windows import Array
from delinquency.pipeline import saved_model
from delinquency.pipeline.canonical_tables import describe
from delinquency.pipeline.feature_parts import KEYS
from delinquency.pipeline.prepared_features import Prepared, prepare
from delinquency.pipeline.scored_rows import reasons_of
from delinquency.pipeline.training_runs import open_run_of
from delinquency.pipeline.truth_files import audit_truth
from delinquency.reporting.truth_audit_page import audit_figure, audit_page
from delinquency.shapley import TraitExplainer
from delinquency.synthetic.hidden_truth import CAUSAL, shapley_weights
from delinquency.synthetic.portfolio_options import SyntheticData
from delinquency.synthetic.trait_swaps import EXCHANGED
from delinquency.traits import TRAITS
from delinquency.validation import local_surrogate, truth_scores
from delinquency.validation.attribution_slope import TraitSwaps, sizes
from delinquency.workspace.artifacts import write_json
from delinquency.workspace.progress import say, working

TIERS: Mapping[str, tuple[str, ...]] = {
    "statements": ("statements", "accounts"),
    "with cashflows": ("statements", "accounts", "cashflows"),
    "with bureau": ("statements", "accounts", "bureau"),
    "all tables": tuple(TABLES),
}
"""Sets of tables for which the ceiling is estimated."""
OURS = "exact traits"
LIME = "LIME, above the cut-off"

CAUSES_FIRST = (
    ("economic_condition", "repayment_capacity"),
    ("economic_condition", "debt_burden"),
    ("spending_behavior", "debt_burden"),
    ("debt_burden", "repayment_capacity"),
    *((key, "credit_record") for key in TRAITS if key != "credit_record"),
)
"""An order of the traits from causes to their effects, the record last: it results from the
others' past. It is scored so that nobody need guess what an order does."""


def run(config: Config) -> None:
    """Score the explanations of the audit accounts and write JSON, a figure and a page."""
    if not isinstance(config.data, SyntheticData):
        raise ChoiceError(
            "Only a made portfolio has a known truth: expected data=synthetic. "
            f"Got data={config.data.name}, whose causes nobody knows."
        )
    prepared = prepare(config)
    fitted = saved_model.load(config)
    test = saved_model.rows_of(fitted, prepared, "test")
    known, exchanged = audit_truth(config, config.data, prepared.keys[test])
    rows = _rows_of(prepared.keys, known)
    tau = known[[CAUSAL + key for key in TRAITS]].to_numpy(np.float64)
    matrix = fitted.model.matrix(prepared.X.iloc[rows])
    explanation = fitted.explainer.explain(matrix)
    pd_hat = fitted.model.probability(explanation.raw_score)
    with working("fitting baselines and ceilings"):
        phi = explanation.values * reasons_of(config, fitted).scale.factor  # noqa: PD011
        baselines = _baselines(config, fitted, prepared, rows, tau)
        baselines["exact traits, causes before effects"] = (
            _causes_first(config, fitted, prepared, matrix)
            * reasons_of(config, fitted).scale.factor
        )
        explanations = {
            OURS: phi, **baselines, **_ceilings(config, prepared.X.iloc[rows], tau)
        }  # fmt: skip
    if local_surrogate.is_installed():
        risky = pd_hat > config.audit.cut_off
        with working("LIME, one account at a time") as tick:
            explanations[LIME] = _lime(config, fitted, prepared, matrix, risky, tick)
    with working("scoring"):
        scores = truth_scores.compare(
            explanations,
            tau,
            pd_hat=pd_hat,
            traits=tuple(TRAITS),
            options=config.audit,
            seed=config.seed,
        )
        exchanges = _exchanges(exchanged)
        for name in (OURS, *baselines):
            scores[name]["score"] |= sizes(
                explanations[name],
                exchanges,
                traits=tuple(TRAITS),
                options=config.audit,
                seed=config.seed,
            )
    report = {
        "data": describe(config),
        "n_accounts": len(tau),
        "n_above_cut_off": int((pd_hat > config.audit.cut_off).sum()),
        "options": as_dict(config.audit),
        "explanations": {
            name: {
                kind: {figure: _plain(one) for figure, one in figures.items()}
                for kind, figures in parts.items()
            }
            for name, parts in scores.items()
        },
        "leakage": [[_known(v) for v in row] for row in truth_scores.leakage(phi, tau).tolist()],
        "traits": list(TRAITS),
        "placebo": _placebo(config.data, phi),
        "notes": _notes(),
    }
    folder = config.workspace.reports / "truth_audit"
    folder.mkdir(parents=True, exist_ok=True)
    write_json(report, folder / "audit.json")
    with replacing(folder / "audit.png") as path:
        slopes = [scores[OURS]["score"][f"slope_exchanged/{key}"].value for key in TRAITS]
        figure = audit_figure(phi, tau, slopes=slopes, title=describe(config))
        figure.savefig(path, format="png")
    write_text(audit_page(report, figure="audit.png"), folder / "index.html")
    with open_run_of(config, purpose="truth audit") as active:
        table = [
            {"explanation": name, "figure": figure, **_plain(one)}
            for name, parts in scores.items()
            for figure, one in parts["score"].items()
        ]
        active.table(pd.DataFrame(table), "tables/truth_audit.json")
        active.metrics({"top_hit": scores[OURS]["score"]["top_hit"].value})
        for name in ("audit.json", "audit.png"):
            active.file(folder / name)
    _tell(report, scores, folder)


def _plain(estimate: truth_scores.Estimate) -> dict[str, float | None]:
    """Return an estimate for JSON; a figure that is not defined is null."""
    return {name: _known(value) for name, value in asdict(estimate).items()}


def _known(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _tell(
    report: Mapping[str, Any],
    scores: Mapping[str, Any],
    folder: Any,
) -> None:
    """Print the result in a few lines."""
    say(f"{report['data']}: {report['n_accounts']:,} audit accounts")
    for name, parts in scores.items():
        hit = parts["score"]["top_hit"]
        line = f"  {name:33s} top-1 {hit.value:6.1%} [{hit.low:.1%}, {hit.high:.1%}]"
        if "difference" in parts:
            ahead, nearer = (parts["difference"][figure] for figure in ("top_hit", "pearson"))
            line += f"   ours less this {ahead.value:+6.1%} [{ahead.low:+.1%}, {ahead.high:+.1%}]"
            if nearer.value == nearer.value:  # one trait for everybody has no correlation
                line += f"   r {nearer.value:+.4f} [{nearer.low:+.4f}, {nearer.high:+.4f}]"
        say(line)
    best = next((n for n in scores if n == "ceiling, all tables"), None)
    if best:
        ratios = scores[best]["ratio"]
        for figure, words in (("top_hit", "Top-1 hit"), ("effect_found", "Effect of that trait")):
            share = ratios[figure]
            say(
                f"{words} against the ceiling: {share.value:.1%} "
                f"[{share.low:.1%}, {share.high:.1%}]"
            )
    own = scores[OURS]["score"]
    alike, whole = own["slope_exchanged"], own["calibration_slope"]
    by_trait = ", ".join(
        f"{trait.short} {own[f'slope_exchanged/{key}'].value:.2f}" for key, trait in TRAITS.items()
    )
    say(
        f"Slope with traits exchanged between accounts: {alike.value:.2f} "
        f"[{alike.low:.2f}, {alike.high:.2f}] ({by_trait}); of the whole score {whole.value:.2f} "
        f"[{whole.low:.2f}, {whole.high:.2f}]. 1 is right."
    )
    say(
        f"Slope account by account, with what no table tells: {own['slope'].value:.2f}, "
        f"of the whole score {own['slope_of_sum'].value:.2f}"
    )
    say(f"Written to {folder}")


def _exchanges(exchanged: pd.DataFrame) -> TraitSwaps:
    """Return the couples that exchange traits, as arrays."""
    return TraitSwaps(
        exchanged["first"].to_numpy(np.intp),
        exchanged["second"].to_numpy(np.intp),
        exchanged[list(EXCHANGED)].to_numpy(np.float64),
        shapley_weights(),
    )


def _rows_of(keys: pd.DataFrame, known: pd.DataFrame) -> NDArray[np.intp]:
    """Return the prepared rows of the audit observations, in their order."""
    index = pd.MultiIndex.from_frame(keys[KEYS])
    return index.get_indexer(pd.MultiIndex.from_frame(known[KEYS]))


def _baselines(
    config: Config, fitted: saved_model.Trained, prepared: Prepared, rows: NDArray[np.intp],
    tau: Array,
) -> dict[str, Array]:  # fmt: skip
    """Return the explanations to be beaten, on the same accounts."""
    n_traits = len(TRAITS)
    positions = _positions(fitted)
    matrix = fitted.model.matrix(prepared.X.iloc[rows])
    booster = fitted.model.booster
    gain = np.asarray(booster.feature_importance("gain"), np.float64)
    by_trait = np.bincount(positions, weights=gain, minlength=n_traits).astype(np.float64)
    plain = default_booster(*_training(fitted, prepared), seed=config.seed)

    def summed(one: Any) -> Array:
        # One group over all features: ordinary Shapley values of single features.
        alone = dict.fromkeys(one.feature_name(), "all")
        values = TraitExplainer(one, alone).explain(matrix, features=True).feature_values
        return truth_scores.sum_by_trait(values, positions, n_traits=n_traits)

    return {
        "random trait": truth_scores.random_traits(len(rows), n_traits, seed=config.seed),
        "most frequent trait": truth_scores.constant_traits(
            truth_scores.top_frequencies(tau), len(rows)
        ),
        "gain importance": truth_scores.constant_traits(by_trait, len(rows)),
        "scorecard points": _scorecard_points(config, fitted, prepared, rows, positions),
        "summed TreeSHAP": summed(booster),
        "summed TreeSHAP, default LightGBM": summed(plain),
    }


def _causes_first(
    config: Config, fitted: saved_model.Trained, prepared: Prepared, matrix: Array
) -> Array:
    """Return the model's exact values over the orders in which causes join before effects."""
    X, _ = _training(fitted, prepared)
    explainer = TraitExplainer(
        fitted.model.booster,
        fitted.model.booster_traits,
        fitted.model.matrix(X),
        config.n_threads,
        order=tuple(TRAITS),
        precedence=CAUSES_FIRST,
    )
    return explainer.explain(matrix).values  # noqa: PD011


def _scorecard_points(
    config: Config, fitted: saved_model.Trained, prepared: Prepared, rows: NDArray[np.intp],
    positions: NDArray[np.intp],
) -> Array:  # fmt: skip
    """Return a WoE scorecard's points by trait: what changes when a trait goes to its median.

    A scorecard adds its features up in log-odds, so the difference is exact for it.
    """
    X, bad = _training(fitted, prepared)
    card = BASELINES["scorecard"].fit(X, bad, config.seed)
    own = prepared.X.iloc[rows][list(fitted.model.features)]
    usual = X.median()
    full = log_odds(card(own))
    out = np.zeros((len(rows), len(TRAITS)))
    for k in range(len(TRAITS)):
        names = [n for n, p in zip(fitted.model.features, positions, strict=True) if p == k]
        without = own.assign(**{name: usual[name] for name in names})
        out[:, k] = full - log_odds(card(without))
    return out - out.mean(axis=0)


def _training(fitted: saved_model.Trained, prepared: Prepared) -> tuple[pd.DataFrame, Array]:
    """Return the features and labels that the model was trained on."""
    train = saved_model.rows_of(fitted, prepared, "train")
    bad = prepared.labels.loc[train, "bad"].to_numpy(np.float64)
    return prepared.X.loc[train, list(fitted.model.features)], bad


def _lime(
    config: Config, fitted: saved_model.Trained, prepared: Prepared, matrix: Array,
    risky: NDArray[np.bool_], tick: Callable[[int, int], None],
) -> Array:  # fmt: skip
    """Return LIME's values by trait for the accounts among which hits are counted, else NaN."""
    X, _ = _training(fitted, prepared)
    out = np.full((len(matrix), len(TRAITS)), np.nan)
    contributions = local_surrogate.surrogate_contributions(
        lambda rows: np.asarray(
            fitted.model.booster.predict(rows, num_threads=config.n_threads), np.float64
        ),
        fitted.model.matrix(X),
        matrix[risky],
        seed=config.seed,
        progress=tick,
    )
    out[risky] = truth_scores.sum_by_trait(contributions, _positions(fitted), n_traits=len(TRAITS))
    return out


def _ceilings(config: Config, X: pd.DataFrame, tau: Array) -> dict[str, Array]:
    """Return the cross-fitted best explanation for each set of tables, from all their features."""
    out = {}
    for tier, tables in TIERS.items():
        chosen = [
            name
            for name in X.columns
            if name not in FEATURES or FEATURES[name].tables <= set(tables)
        ]
        if chosen:
            out[f"ceiling, {tier}"] = truth_scores.ceiling(
                X[chosen].to_numpy(np.float64),
                tau,
                folds=config.audit.folds,
                seed=config.seed,
                n_threads=config.n_threads,
            )
    return out


def _positions(fitted: saved_model.Trained) -> NDArray[np.intp]:
    """Return the trait's position of each of the model's features."""
    order = {key: position for position, key in enumerate(TRAITS)}
    return np.array([order[fitted.meanings[n].trait_key] for n in fitted.model.features], np.intp)


def _placebo(data: SyntheticData, phi: Array) -> dict[str, Any] | None:
    """Return how much a trait without any true effect is blamed; None when there is none."""
    if not data.placebo:
        return None
    blame = truth_scores.false_blame(phi, trait=list(TRAITS).index(data.placebo))
    return {"trait": data.placebo, **{name: _known(value) for name, value in blame.items()}}


def _notes() -> list[str]:
    """Return what was left out, and why."""
    if local_surrogate.is_installed():
        return [
            "LIME explains one account at a time: it was run for the accounts above the cut-off "
            "only, on probabilities, so its correlation, sign and slope say nothing."
        ]
    return ["LIME is not installed (make bench-setup), so it is not among the baselines."]
