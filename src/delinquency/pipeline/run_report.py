"""The page of a run: gathered from what the stages left in their folders, whoever ran last."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from delinquency.atomic_files import write_text
from delinquency.config import Config
from delinquency.features.feature_description import FeatureMeaning
from delinquency.modeling.fitted_model import DelinquencyModel
from delinquency.pipeline import saved_model
from delinquency.pipeline.training_runs import FIGURES
from delinquency.reasons.reason_causes import CAUSE_WORDS, CAUSES
from delinquency.reporting.run_page import FIGURE_WORDS, RunFacts, run_page
from delinquency.traits import TRAITS
from delinquency.workspace.artifacts import read_json
from delinquency.workspace.mlflow_runs import log_to_run
from delinquency.workspace.run_stores import store_of

MOST_FEATURES = 20
PAGES = (
    ("cards/index.html", "Cards", "客户卡片"),
    ("cards_scored/index.html", "Cards of scored accounts", "已评分账户卡片"),
    ("portfolio.html", "Portfolio", "组合"),
    ("validation/index.html", "Validation", "验证"),
    ("validation.html", "Validation", "验证"),
    ("worklist.html", "Treatment: worklist", "处置：工作清单"),
    ("treatment.json", "Treatment (JSON)", "处置（JSON）"),
    ("truth_audit/index.html", "Truth audit", "真值审计"),
    ("explanation_audit.html", "Truth audit", "真值审计"),
    ("cross_validation.json", "Cross-validation (JSON)", "交叉验证（JSON）"),
    ("table_worth.json", "Worth of each table (JSON)", "各表的价值（JSON）"),
)
"""Other pages of a run, linked as far as they exist."""


def write_run_page(config: Config) -> Path:
    """Write the page of a data set's run, from what exists by now, and return its path.

    Parameters
    ----------
    config : Config

    Returns
    -------
    Path
        ``<reports>/index.html``.
    """
    space = config.workspace
    fitted = saved_model.load(config)
    found = _record(space.reports / "evaluation.json", "evaluate")
    figures = {name: space.reports / FIGURES / f"{name}.svg" for name in FIGURE_WORDS}
    size = fitted.model.metadata["size"]
    facts = RunFacts(
        title=config.data.title or config.data.name,
        title_zh=config.data.title_zh,
        citation=config.data.citation,
        real=config.data.real,
        model=f"LightGBM, {size['n_estimators']:,} trees, seed {fitted.facts['seed']}",
        rows=fitted.facts["rows"],
        evaluation=found,
        figures={
            name: path.read_text(encoding="utf-8")
            for name, path in figures.items()
            if path.exists()
        },
        exclusions=_table(space.reports / "exclusions.csv"),
        deciles=_table(space.reports / "deciles.csv"),
        importance=_importance(
            fitted.model, fitted.meanings, fitted.context.get(saved_model.EFFECTS, {})
        ),
        comparison=_record(space.reports / "cross_validation.json", "evaluate"),
        worth=_record(space.reports / "table_worth.json", "evaluate"),
        audit=_record(space.reports / "truth_audit" / "audit.json", "truth_audit"),
        coverage=_coverage(space.reports / "coverage.csv"),
        withheld=_withheld(space.processed / "explanations.parquet"),
        limits=tuple(found.get("cannot", {}).values()),
        links=[page for page in PAGES if (space.reports / page[0]).exists()],
    )
    path = space.reports / "index.html"
    write_text(run_page(facts), path)
    return path


def refresh_run_page(config: Config) -> Path:
    """Write the page again, and put it into the run of the training in place of the older one."""
    path = write_run_page(config)
    run_id = str(saved_model.load(config).facts.get("run_id", ""))
    if config.tracking.enabled and run_id:
        log_to_run(
            store_of(config.tracking, config.workspace, real=config.data.real), run_id, path
        )
    return path


def _record(path: Path, made_by: str) -> dict[str, Any]:
    """Return what a stage recorded; nothing where it has not run."""
    found: dict[str, Any] = read_json(path, made_by=made_by) if path.exists() else {}
    return found


def _table(path: Path) -> list[dict[str, Any]]:
    """Return a table's rows; none where it was not written."""
    if not path.exists():
        return []
    return [{str(k): v for k, v in row.items()} for row in pd.read_csv(path).to_dict("records")]


def _coverage(path: Path) -> dict[str, tuple[int, int]]:
    """Return how many features of the catalogue each trait uses."""
    if not path.exists():
        return {}
    table = pd.read_csv(path)
    used = table["used"].astype(str) == "True"
    return {
        key: (int((used & (table["trait"] == key)).sum()), int((table["trait"] == key).sum()))
        for key in TRAITS
    }


def _withheld(path: Path) -> dict[str, dict[tuple[str, str], int]]:
    """Return what became of each trait that raises the risk, counted over all explained rows."""
    columns = [f"outcome_{key}" for key in TRAITS]
    if not path.exists():
        return {}
    told = pd.read_parquet(path, columns=columns)
    out = {}
    for key, column in zip(TRAITS, columns, strict=True):
        counts = told[column].value_counts()
        out[key] = {CAUSE_WORDS[name]: int(counts[name]) for name in CAUSES if name in counts}
    return out


def _importance(
    model: DelinquencyModel,
    meanings: Mapping[str, FeatureMeaning],
    effects: Mapping[str, Sequence[float]],
) -> list[dict[str, Any]]:
    """Return the features with the largest share of the gain, and how each moves the risk."""
    gain = pd.Series(
        model.booster.feature_importance("gain"), index=list(model.features), dtype=float
    )
    share = gain / max(gain.sum(), 1e-300)
    by_trait = share.groupby([meanings[name].trait_key for name in share.index]).sum()
    return [
        {
            "phrase": meanings[name].phrase,
            "phrase_zh": meanings[name].phrase_zh,
            "trait": meanings[name].trait_key,
            "share": float(value),
            "trait_share": float(by_trait[meanings[name].trait_key]),
            "effect": [float(one) for one in effects.get(name, ())],
        }
        for name, value in share.sort_values(ascending=False).head(MOST_FEATURES).items()
        if value > 0
    ]
