"""From features to PD, six traits, reasons in both languages and evidence, in one call."""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from delinquency.errors import MissingArtifactError, ModelError
from delinquency.features.feature_description import FeatureMeaning, from_plain
from delinquency.modeling.fitted_model import (
    EXPLAINER_FILE,
    MEANINGS_FILE,
    REASONS_FILE,
    load_model,
)
from delinquency.modeling.foreign_models import delinquency_model
from delinquency.reasons.evidence import READY_MADE, evidence_levels
from delinquency.reasons.explained_blocks import (
    ExplainedRows,
    explained_rows,
    joined_rows,
    mean_fact_values,
    row_blocks,
)
from delinquency.reasons.mean_effects import mean_effect, spread_rows
from delinquency.reasons.reason_context import ReasonContext
from delinquency.reasons.reason_options import ReasonOptions
from delinquency.reasons.reason_selection import common_sentences
from delinquency.reasons.reference_population import (
    Reference,
    Scale,
    build_reference,
    in_reference,
    scale_of,
    stored_reference,
)
from delinquency.reasons.stated_reasons import Reasons, joined_reasons
from delinquency.reasons.value_wording import style_of
from delinquency.shapley import TraitExplainer
from delinquency.shapley.booster_matrix import MatrixReader
from delinquency.traits import EVIDENCE_LEVELS, TRAITS

ADDITIVITY = 1e-9
"""Largest error allowed of base value + trait values against the booster's raw score."""
CHECKED_ROWS = 10_000
"""Rows, at most, whose raw score is compared with the booster's own."""
FEWEST_AT_RISK, SHARE_AT_RISK = 50, 0.25
"""With fewer accounts above the cut-off, the riskiest quarter stands for those at risk."""


class ReasonExplainer:
    """PD, six traits, dominant trait, reasons in English and Chinese, and evidence of accounts.

    Parameters
    ----------
    model : DelinquencyModel, DelinquencyClassifier, lightgbm.Booster or LGBMClassifier
        A fitted model of a probability.
    meanings : mapping of str to FeatureMeaning or str, optional
        What each feature is; a trait's key alone where its name says the rest. May be left out
        where the model itself knows the trait of each feature.
    options : ReasonOptions, optional
        What counts as a reason.
    currency : str
        ISO 4217 code that amounts are named in; "" when not known.
    window_months : int, optional
        Months that the features see; None for features made elsewhere.
    tables : collection of str
        Canonical tables that the features were made from, which the evidence rests on; empty for
        features made elsewhere.
    explainer : TraitExplainer, optional
        A compiled one of the same model; ``fit`` makes it where it is not given.
    n_threads : int, optional
        None for as many as the process may use; the values are the same for any number.

    Attributes
    ----------
    model : DelinquencyModel
    meanings : dict of str to FeatureMeaning
        In the order of the model's features.

    Raises
    ------
    UnsupportedModelError
        If the model is not a LightGBM model of a probability.
    ModelError
        If a feature has no meaning.
    ChoiceError
        If a meaning names an unknown trait.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from lightgbm import LGBMClassifier
    >>> from delinquency import ReasonExplainer
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame({"late_months": rng.poisson(1, 400), "bill": rng.normal(50, 9, 400)})
    >>> model = LGBMClassifier(n_estimators=30, verbose=-1).fit(X, X["late_months"] > 2)
    >>> meanings = {"late_months": "credit_record", "bill": "debt_burden"}
    >>> explained = ReasonExplainer(model, meanings).fit(X).explain(X)
    >>> worst = explained.loc[X["late_months"].idxmax()]
    >>> worst["dominant_trait"], worst["reason_1_feature"], worst["reason_1_direction"]
    ('credit_record', 'late_months', 'high')
    """

    def __init__(
        self,
        model: Any,
        meanings: Mapping[str, FeatureMeaning | str] | None = None,
        *,
        options: ReasonOptions | None = None,
        currency: str = "",
        window_months: int | None = None,
        tables: Collection[str] = READY_MADE,
        explainer: TraitExplainer | None = None,
        n_threads: int | None = None,
    ):
        known = _described(meanings or {})
        self.model = delinquency_model(model, {name: m.trait_key for name, m in known.items()})
        known = known or _described(self.model.traits)
        lacking = [name for name in self.model.features if name not in known]
        if lacking:
            raise ModelError(
                f"Every feature of the model needs a meaning. {len(lacking)} have none: "
                f"{', '.join(lacking[:3])}."
            )
        self.meanings = {name: known[name] for name in self.model.features}
        self.options = options or ReasonOptions()
        self.currency = currency
        self.window_months = window_months
        self.tables = tuple(tables)
        self.n_threads = n_threads
        self._explainer = explainer
        self._reference: Reference | None = None
        self._common: frozenset[tuple[str, str]] = frozenset()
        # A model of columns of names sees their places among the names at training.
        self._names_by_code = self.model.booster.pandas_categorical or []
        self._coded = MatrixReader(self.model.booster.feature_name(), self._names_by_code)

    def fit(self, X: pd.DataFrame) -> "ReasonExplainer":
        """Take the population that accounts are compared with, usually the training accounts.

        Parameters
        ----------
        X : DataFrame of shape (n_rows, n_features)

        Returns
        -------
        ReasonExplainer
            Itself.

        Raises
        ------
        ModelError
            If a feature is missing, or there is no row.
        """
        self._name_categories(X)
        matrix = self._matrix(X)
        if self._explainer is None:
            self._explainer = TraitExplainer(
                self.model.booster,
                self.model.booster_traits,
                background=matrix,
                order=tuple(TRAITS),
                n_threads=self.n_threads,
            )
        explanation = self._explainer.explain(matrix)
        pd_hat = self.model.probability(explanation.raw_score)
        good = in_reference(pd_hat)
        typical = self.model.probability(explanation.raw_score[good].mean(keepdims=True))
        self._reference = build_reference(
            explanation.values,  # noqa: PD011
            matrix,
            pd_hat,
            traits=explanation.traits,
            facts=self.model.features,
            fact_values=mean_fact_values(self._explainer, matrix, good),
            typical_pd=float(typical[0]),
            names=np.array([style_of(self.meanings[name]).named for name in self.model.features]),
        )
        self._common = frozenset()
        at_risk = pd_hat >= self.options.cut_off
        if at_risk.sum() < FEWEST_AT_RISK:
            at_risk = pd_hat >= np.quantile(pd_hat, 1 - SHARE_AT_RISK)
        self._common = common_sentences(self._as_if_all_were_known(matrix, at_risk))
        return self

    def explain(
        self,
        X: pd.DataFrame,
        *,
        months: NDArray[np.datetime64] | None = None,
        silent: NDArray[np.bool_] | None = None,
    ) -> pd.DataFrame:
        """Explain accounts.

        Parameters
        ----------
        X : DataFrame of shape (n_rows, n_features)
        months : ndarray of shape (n_rows,), datetime64, optional
            Observation months that the reasons name; None where they are not known.
        silent : ndarray of shape (n_rows,), bool, optional
            Accounts without a bill or payment in any month: their evidence goes one level down.

        Returns
        -------
        DataFrame with the index of ``X``
            ``pd_hat, raw_score, base_value``, six ``trait_<key>`` (log-odds; they add up to the
            raw score with the base value), six ``evidence_<key>``, and the columns of
            ``Reasons.frame``: ``reason_1``, ``reason_zh_1``, ..., ``dominant_trait``.

        Raises
        ------
        ModelError
            If it is not fitted, a feature is missing, or base value and trait values do not add
            up to the booster's own raw score, on at most 10,000 rows spread over all of them.
        """
        explainer, context = self.explainer, self.context
        quiet = np.zeros(len(X), bool) if silent is None else silent
        parts = []
        for block in row_blocks(len(X)):
            matrix = self._matrix(X.iloc[block])
            levels = evidence_levels(matrix, self.meanings, self.tables, silent=quiet[block])
            parts.append(explained_rows(explainer, matrix, levels, context))
        explained = joined_rows(parts)
        self._check_additivity(X, explained.raw_score)
        undated = np.full(len(X), np.datetime64("NaT"), "datetime64[M]")
        frames = [
            self._scores(explained),
            _evidence(explained.evidence),
            explained.reasons.frame(undated if months is None else months),
        ]
        return pd.concat(frames, axis=1).set_axis(X.index, axis=0)

    def mean_effects(self, X: pd.DataFrame) -> dict[str, list[float]]:
        """Return how each feature moves the risk over its range, for pictures.

        Parameters
        ----------
        X : DataFrame of shape (n_rows, n_features)
            At most 2,000 of the rows, spread over all, are looked at.

        Returns
        -------
        dict of str to list of float
            By feature, the mean exact value in each bin of its values, lowest values first.
        """
        matrix = self._matrix(X.iloc[spread_rows(len(X))])
        exact = self.explainer.explain(matrix, features=True).feature_values
        return {
            name: mean_effect(matrix[:, place], exact[:, place])
            for place, name in enumerate(self.model.features)
        }

    @property
    def explainer(self) -> TraitExplainer:
        """The compiled explainer of the model's trait values."""
        return self._fitted()[0]

    @property
    def context(self) -> ReasonContext:
        """What the reasons rest on: meanings, reference population, scale and options."""
        return ReasonContext(
            meanings=self.meanings,
            reference=self._fitted()[1],
            scale=self.scale,
            options=self.options,
            currency=self.currency,
            window_months=self.window_months,
            common=self._common,
        )

    @property
    def scale(self) -> Scale:
        """The scale that contributions are stated on."""
        calibration = self.model.calibration
        plain = calibration.to_dict()
        return scale_of(
            calibration.kind,
            slope=float(plain.get("slope", 1.0)),
            intercept=float(plain.get("intercept", 0.0)),
        )

    def to_plain(self) -> dict[str, Any]:
        """Return what ``fit`` learnt and what is said of the portfolio, as plain values."""
        return {
            "reference": self._fitted()[1].to_plain(),
            "common": [list(pair) for pair in sorted(self._common)],
            "options": asdict(self.options),
            "portfolio": {
                "currency": self.currency,
                "window_months": self.window_months,
                "tables": list(self.tables),
            },
        }

    def restore(self, plain: Mapping[str, Any]) -> "ReasonExplainer":
        """Take what ``to_plain`` returned instead of fitting, and return itself."""
        self._reference = stored_reference(plain)
        self._common = frozenset((family, side) for family, side in plain["common"])
        return self

    @classmethod
    def load(
        cls, folder: str | Path, *, options: ReasonOptions | None = None
    ) -> "ReasonExplainer":
        """Return the reasons of a trained model from its folder, such as ``models/synthetic``.

        Parameters
        ----------
        folder : path
            As ``stage=train`` wrote it.
        options : ReasonOptions, optional
            What counts as a reason; None for what counted at the training.

        Raises
        ------
        MissingArtifactError
            If there is no trained model.
        ModelError
            If a file is damaged, or of another version.
        """
        folder = Path(folder)
        model = load_model(folder)
        try:
            meanings, learnt = (
                json.loads((folder / name).read_bytes()) for name in (MEANINGS_FILE, REASONS_FILE)
            )
            return cls(
                model,
                from_plain(meanings),
                options=options or ReasonOptions(**learnt["options"]),
                **learnt["portfolio"],
                explainer=TraitExplainer.load(folder / EXPLAINER_FILE),
            ).restore(learnt)
        except FileNotFoundError as error:
            raise MissingArtifactError(
                f"{folder} holds a model without reasons: there is no {error.filename}. Make it "
                "with python -m delinquency stage=train."
            ) from None
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(
                f"The reasons in {folder} are damaged or of another version ({error!r}). Make "
                "them again with python -m delinquency stage=train."
            ) from None

    def _fitted(self) -> tuple[TraitExplainer, Reference]:
        if self._explainer is None or self._reference is None:
            raise ModelError(
                "Reasons compare an account with a population. Call fit(X) with the training "
                "accounts first."
            )
        return self._explainer, self._reference

    def _as_if_all_were_known(
        self, matrix: NDArray[np.float64], chosen: NDArray[np.bool_]
    ) -> Reasons:
        """Return the reasons of the chosen rows, all evidence taken as strong."""
        explainer, context = self.explainer, self.context
        strong, rows = len(EVIDENCE_LEVELS) - 1, np.flatnonzero(chosen)
        parts = []
        for block in row_blocks(len(rows)):
            part = matrix[rows[block]]
            levels = np.full((len(part), len(TRAITS)), strong, np.int8)
            parts.append(explained_rows(explainer, part, levels, context).reasons)
        return joined_reasons(parts)

    def _matrix(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """Return the rows as the booster sees them, columns of names as their codes."""
        if not self._names_by_code:
            return self.model.matrix(X)
        return self._coded(X)

    def _name_categories(self, X: pd.DataFrame) -> None:
        """Keep which names the codes of the model's columns of names stand for."""
        columns = [name for name in self.model.features if name in X.columns]
        named = [name for name in columns if isinstance(X[name].dtype, pd.CategoricalDtype)]
        for name, names in zip(named, self._names_by_code, strict=False):
            self.meanings[name] = replace(
                self.meanings[name], categories=tuple(str(one) for one in names)
            )

    def _check_additivity(self, X: pd.DataFrame, raw_score: NDArray[np.float64]) -> None:
        """Compare the scores of rows spread over all of them with the booster's own.

        To let the booster score every row would take several times as long as the explanation.
        """
        n_rows = len(X)
        if not n_rows:
            return
        rows = np.unique(np.linspace(0, n_rows - 1, min(n_rows, CHECKED_ROWS)).astype(np.int64))
        own = np.asarray(
            self.model.booster.predict(
                self._matrix(X.iloc[rows]), raw_score=True, num_threads=self.n_threads or 0
            )
        )
        error = float(np.abs(raw_score[rows] - own).max(initial=0.0))
        if error > ADDITIVITY:
            raise ModelError(
                f"Trait values must add up to the raw score within {ADDITIVITY:g}. The largest "
                f"error is {error:g}: this is a fault of the explainer, please report it."
            )

    def _scores(self, explained: ExplainedRows) -> pd.DataFrame:
        """Return PD, scores and trait values as one frame."""
        columns: dict[str, Any] = {
            "pd_hat": self.model.probability(explained.raw_score),
            "raw_score": explained.raw_score,
            "base_value": self.explainer.base_value,
        }
        for column, key in enumerate(self.explainer.traits):
            columns[f"trait_{key}"] = explained.trait_values[:, column]
        return pd.DataFrame(columns, index=range(len(explained)))


def _described(meanings: Mapping[str, FeatureMeaning | str]) -> dict[str, FeatureMeaning]:
    """Return meanings, those of bare trait keys made from the features' names."""
    return {
        name: one if isinstance(one, FeatureMeaning) else FeatureMeaning.of(name, one)
        for name, one in meanings.items()
    }


def _evidence(levels: NDArray[np.int8]) -> pd.DataFrame:
    """Return evidence levels in words, one column a trait."""
    words = np.array(EVIDENCE_LEVELS, dtype=object)
    return pd.DataFrame(
        {
            f"evidence_{key}": pd.array(words[levels[:, column]], dtype="str")
            for column, key in enumerate(TRAITS)
        }
    )
