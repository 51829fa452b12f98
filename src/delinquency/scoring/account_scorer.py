"""One model, ready to score account months: tables in, PD, traits, reason codes, evidence out.

Batch scoring, every engine and the served model go through ``AccountScorer``, so that an account
has the same bits wherever it is scored.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from numpy.typing import NDArray

from delinquency.errors import MissingArtifactError, ModelError
from delinquency.features.catalogue import Feature
from delinquency.features.feature_description import FeatureMeaning, from_plain
from delinquency.features.feature_matrix import feature_values
from delinquency.features.registered_features import FEATURES
from delinquency.modeling.fitted_model import DelinquencyModel, load_model
from delinquency.panel.observations import Observations
from delinquency.panel.plain_columns import TableColumns
from delinquency.panel.schema import MONTH_DTYPE
from delinquency.panel.trained_population import (
    STATUS_COLUMNS,
    TrainedPopulation,
    outside_population,
)
from delinquency.panel.window_cells import NEVER, month_number
from delinquency.panel.windows import Array, Windows, build_windows
from delinquency.reasons.explained_blocks import explained_rows, joined_rows, row_blocks
from delinquency.reasons.reason_context import ReasonContext
from delinquency.reasons.reason_options import ReasonOptions
from delinquency.reasons.reference_population import scale_of, stored_reference
from delinquency.reasons.stated_reasons import Reasons
from delinquency.scoring.evidence_pass import evidence_pass
from delinquency.scoring.moved_level import MovedLevel
from delinquency.scoring.part_tables import SILENT, needed_columns, require_columns
from delinquency.shapley import TraitExplainer

ADDITIVITY = 1e-9
"""Largest error allowed of base value + trait values against the booster's raw score."""
CHECKED_ROWS = 64
"""Rows of a part whose raw score is compared with the booster's own."""


@dataclass(frozen=True, eq=False)
class ScoredAccounts:
    """The scores of some accounts, row-aligned.

    Attributes
    ----------
    observed : Observations
        Accounts and months; ``keys`` is their frame.
    features : ndarray of shape (n_features, n_rows)
    pd_hat, raw_score : ndarray of shape (n_rows,)
    base_value : float
    trait_values : ndarray of shape (n_rows, n_traits)
        Log-odds; they add up to the raw score with the base value.
    evidence : ndarray of shape (n_rows, n_traits), int8
    reasons : Reasons
    outside : ndarray of shape (n_rows,), int8
        Why an account is none that the model was trained on, as in ``OUTSIDE``; 0 for none.
    """

    observed: Observations
    features: Array
    pd_hat: Array
    raw_score: Array
    base_value: float
    trait_values: Array
    evidence: NDArray[np.int8]
    reasons: Reasons
    outside: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.observed)

    @property
    def keys(self) -> pd.DataFrame:
        """``account_id``, ``observation_month``."""
        return self.observed.frame

    def part(self, rows: slice) -> "ScoredAccounts":
        """Return some rows in a row."""
        return ScoredAccounts(
            observed=self.observed[rows],
            features=self.features[:, rows],
            pd_hat=self.pd_hat[rows],
            raw_score=self.raw_score[rows],
            base_value=self.base_value,
            trait_values=self.trait_values[rows],
            evidence=self.evidence[rows],
            reasons=self.reasons.part(rows),
            outside=self.outside[rows],
        )


class AccountScorer:
    """Scores accounts with one saved model.

    Parameters
    ----------
    model : DelinquencyModel
    explainer : TraitExplainer
    context : ReasonContext
        What the reasons rest on.
    n_months : int
        Length of the observation window the model was trained with.
    version : str
        What the scores name as their model.
    trained_tables : sequence of str
        Canonical tables that the features of the training were made from.
    level : MovedLevel, optional
        Moves every account's PD, and the base value with it; no trait's value changes.
    population : TrainedPopulation, optional
        Which accounts the model was trained on; all where its outcomes came with the data.

    Raises
    ------
    ModelError
        If a level is to be moved and the model's calibration is not linear in log-odds.
    """

    def __init__(
        self,
        model: DelinquencyModel,
        explainer: TraitExplainer,
        context: ReasonContext,
        *,
        n_months: int,
        version: str,
        trained_tables: Sequence[str] = (),
        level: MovedLevel | None = None,
        population: TrainedPopulation | None = None,
    ):
        self.population = population
        self.model, self.explainer, self.context = model, explainer, context
        self.n_months, self.version = n_months, version
        self._moved = 0.0
        if level is not None:
            self._moved = level.in_raw_score(context.scale)
            self.version = f"{version}, {level.name}"
        self.trained_tables = tuple(trained_tables)
        self.meanings: dict[str, FeatureMeaning] = {
            name: context.meanings[name] for name in model.features
        }
        self.selection: list[Feature] | None = None
        if all(name in FEATURES for name in model.features):
            self.selection = [FEATURES[name] for name in model.features]

    @cached_property
    def columns(self) -> dict[str, set[str]]:
        """The columns of the canonical tables that the model needs."""
        return needed_columns(self._selection())

    @cached_property
    def read_columns(self) -> dict[str, set[str]]:
        """What is read of the canonical tables: what the model needs, and who is outside."""
        return {**self.columns, "statements": self.columns["statements"] | STATUS_COLUMNS}

    def score(
        self,
        tables: Mapping[str, pd.DataFrame | TableColumns],
        observed: pd.DataFrame | Observations | None = None,
    ) -> ScoredAccounts:
        """Score the accounts of some canonical tables.

        Parameters
        ----------
        tables : mapping of str to DataFrame or TableColumns
            ``statements`` and what else the model was trained with; ids may be categorical.
        observed : DataFrame or Observations, optional
            ``account_id``, ``observation_month``; every account in the last month of its
            statements when absent.

        Returns
        -------
        ScoredAccounts
            In the order of ``observed``; sorted by account when absent.

        Raises
        ------
        ModelError
            If columns that the model needs are missing.
        """
        require_columns(self.columns, tables)
        if observed is None:
            statements = tables["statements"]
            if isinstance(statements, TableColumns):
                statements = pd.DataFrame(dict(statements.held))
            observed = latest_months(statements)
        return self.score_windows(build_windows(tables, observed, n_months=self.n_months))

    def score_windows(self, windows: Windows) -> ScoredAccounts:
        """Score accounts whose windows are cut, of the length of ``n_months``."""
        silent = windows.static.get(SILENT, np.zeros(len(windows))) == 1
        return self.score_features(
            feature_values(windows, self._selection()),
            windows.observed,
            windows.tables,
            silent=silent,
            outside=outside_population(windows, self.population),
        )

    def score_features(
        self,
        features: Array,
        observed: pd.DataFrame | Observations,
        tables: Collection[str],
        *,
        silent: NDArray[np.bool_] | None = None,
        outside: NDArray[np.int8] | None = None,
    ) -> ScoredAccounts:
        """Score rows whose features are made.

        Parameters
        ----------
        features : ndarray of shape (n_features, n_rows)
            In the order of the model's features.
        observed : DataFrame or Observations
            ``account_id``, ``observation_month``, row-aligned.
        tables : collection of str
            Tables that the features were made from; empty for features made elsewhere.
        silent : ndarray of shape (n_rows,), bool, optional
            Accounts that say nothing.
        outside : ndarray of shape (n_rows,), int8, optional
            As of ``ScoredAccounts``.

        Returns
        -------
        ScoredAccounts

        Raises
        ------
        ModelError
            If base value and trait values do not add up to the booster's own raw score.
        """
        observed = Observations.of(observed)
        quiet = np.zeros(len(observed), np.bool_) if silent is None else silent
        evidence = evidence_pass(features, self.meanings, tables, silent=quiet)
        explained = joined_rows(
            [
                explained_rows(
                    self.explainer, np.ascontiguousarray(features[:, block].T), evidence[block],
                    self.context,
                )
                for block in row_blocks(len(observed))
            ]
        )  # fmt: skip
        self._require_additive(features, explained.raw_score)
        raw_score = explained.raw_score + self._moved
        return ScoredAccounts(
            observed=observed,
            features=features,
            pd_hat=self.model.probability(raw_score),
            raw_score=raw_score,
            base_value=self.explainer.base_value + self._moved,
            trait_values=explained.trait_values,
            evidence=evidence,
            reasons=explained.reasons,
            outside=np.zeros(len(observed), np.int8) if outside is None else outside,
        )

    def _selection(self) -> list[Feature]:
        if self.selection is None:
            unknown = [name for name in self.model.features if name not in FEATURES]
            raise ModelError(
                f"The model takes ready-made columns ({', '.join(unknown[:3])}), which are not "
                "made from canonical tables. Give the ready-made table."
            )
        return self.selection

    def _require_additive(self, features: Array, raw_score: Array) -> None:
        """Compare the scores of a few rows, spread over all, with the booster's own."""
        n_rows = len(raw_score)
        if not n_rows:
            return
        rows = np.unique(np.linspace(0, n_rows - 1, min(n_rows, CHECKED_ROWS)).astype(np.int64))
        exact = self.model.booster.predict(
            np.ascontiguousarray(features[:, rows].T), raw_score=True, num_threads=1
        )
        error = float(np.abs(raw_score[rows] - exact).max())
        if not error <= ADDITIVITY:
            raise ModelError(
                f"Trait values must add up to the raw score within {ADDITIVITY:g}. The largest "
                f"error is {error:g}: this is a fault of the explainer, please report it."
            )


def latest_months(statements: pd.DataFrame) -> pd.DataFrame:
    """Return every account with the month of its latest statement, sorted by account.

    Parameters
    ----------
    statements : DataFrame

    Returns
    -------
    DataFrame
        ``account_id`` (text), ``observation_month``.
    """
    ids = statements["account_id"]
    ids = ids if isinstance(ids.dtype, pd.CategoricalDtype) else ids.astype("category")
    latest = np.full(len(ids.cat.categories), -NEVER, np.int64)
    np.maximum.at(latest, ids.cat.codes.to_numpy(), month_number(statements["month"]))
    names = ids.cat.categories.astype("str")
    frame = pd.DataFrame(
        {
            "account_id": pd.Series(names, dtype="str"),
            "observation_month": latest.astype("datetime64[M]").astype(MONTH_DTYPE),
        }
    )[latest > -NEVER]
    if not frame["account_id"].is_monotonic_increasing:
        frame = frame.sort_values("account_id", kind="stable")
    return frame.reset_index(drop=True)


def load_scorer(
    folder: Path,
    *,
    options: ReasonOptions | None = None,
    currency: str | None = None,
    n_threads: int | None = None,
    level: MovedLevel | None = None,
) -> AccountScorer:
    """Return the scorer of a saved model's folder; no pickle, no Hydra.

    Parameters
    ----------
    folder : Path
        As ``stage=train`` writes it.
    options : ReasonOptions, optional
        What counts as a reason; the choices of the training when absent.
    currency : str, optional
        That of the training when absent.
    n_threads : int, optional
        Threads of the explainer.
    level : MovedLevel, optional
        As of ``AccountScorer``.

    Returns
    -------
    AccountScorer

    Raises
    ------
    MissingArtifactError
        If a file is missing.
    """
    model = load_model(folder)
    plain = {
        name: _read(folder / name) for name in ("meanings.json", "reasons.json", "facts.json")
    }
    try:
        chosen = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise MissingArtifactError(_absent(folder / "config.yaml")) from None
    calibration = model.calibration.to_dict()
    context = ReasonContext(
        meanings=from_plain(plain["meanings.json"]),
        reference=stored_reference(plain["reasons.json"]),
        scale=scale_of(
            model.calibration.kind,
            slope=float(calibration.get("slope", 1.0)),
            intercept=float(calibration.get("intercept", 0.0)),
        ),
        options=ReasonOptions(**chosen["reasons"]) if options is None else options,
        currency=chosen["data"]["currency"] if currency is None else currency,
        window_months=chosen["data"].get("window_months"),
        common=frozenset((family, side) for family, side in plain["reasons.json"]["common"]),
    )
    return AccountScorer(
        model,
        TraitExplainer.load(folder / "explainer.npz", n_threads=n_threads),
        context,
        n_months=int(chosen["data"].get("window_months", 12)),
        version=model_version(folder),
        trained_tables=plain["facts.json"]["tables"],
        level=level,
        population=TrainedPopulation.from_plain(plain["facts.json"].get("population")),
    )


def model_version(folder: Path) -> str:
    """Return what names a saved model: the first digits of its booster's SHA-256."""
    return str(_read(folder / "model.json")["booster_sha256"])[:12]


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise MissingArtifactError(_absent(path)) from None


def _absent(path: Path) -> str:
    return f"No saved model: {path} does not exist. Make it with stage=train."
