"""The model as MLflow serves it: PD and six traits for a row of features."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from mlflow.models import ModelSignature
from mlflow.pyfunc import PythonModel
from mlflow.types import ColSpec, Schema

from delinquency.modeling.calibrations import sigmoid
from delinquency.modeling.fitted_model import load_model
from delinquency.shapley import TraitExplainer
from delinquency.traits import TRAITS
from delinquency.workspace.model_requirements import package_folder, pinned_requirements

ENTRY = Path(__file__).parent / "served_model_entry.py"
FOLDER = "delinquency_model"


class TraitModel(PythonModel):  # type: ignore[misc]
    """Predicts the PD of each row and the six trait values behind it."""

    def load_context(self, context: Any) -> None:
        """Read the saved model and its compiled explainer."""
        folder = Path(context.artifacts[FOLDER])
        self.model = load_model(folder)
        self.explainer = TraitExplainer.load(folder / "explainer.npz")

    def predict(
        self, context: Any, model_input: pd.DataFrame, params: Mapping[str, Any] | None = None
    ) -> pd.DataFrame:
        """Return ``pd_hat``, ``raw_score``, ``base_value`` and ``trait_<key>`` for every row.

        Parameters
        ----------
        context : PythonModelContext
        model_input : DataFrame
            One column a feature, in any order; missing values as NaN.
        params : mapping or None
            Not used.

        Returns
        -------
        DataFrame
            Trait values are log-odds: base_value + their sum = raw_score.
        """
        X = model_input[list(self.model.features)].astype(np.float64)
        explanation = self.explainer.explain(self.model.matrix(X))
        columns: dict[str, Any] = {
            "pd_hat": sigmoid(self.model.calibration.log_odds(explanation.raw_score)),
            "raw_score": explanation.raw_score,
            "base_value": explanation.base_value,
        }
        for column, key in enumerate(explanation.traits):
            columns[f"trait_{key}"] = explanation.values[:, column]  # noqa: PD011
        return pd.DataFrame(columns, index=X.index)


def log_model(folder: Path, feature_names: list[str], example: pd.DataFrame, name: str) -> str:
    """Log a saved model to the active run as a pyfunc, and return its address.

    Parameters
    ----------
    folder : Path
        Folder of the saved model, with its compiled explainer.
    feature_names : list of str
    example : DataFrame
        A few rows without anything that identifies an account.
    name : str
        Name in the model registry; "" not to register.

    Returns
    -------
    str
        Address such as ``models:/m-...``.
    """
    outputs = ["pd_hat", "raw_score", "base_value", *(f"trait_{key}" for key in TRAITS)]
    signature = ModelSignature(
        inputs=Schema([ColSpec("double", one) for one in feature_names]),
        outputs=Schema([ColSpec("double", one) for one in outputs]),
    )
    logged = mlflow.pyfunc.log_model(
        name="model",
        python_model=str(ENTRY),
        artifacts={FOLDER: str(folder)},
        signature=signature,
        input_example=example,
        code_paths=[str(package_folder())],
        pip_requirements=pinned_requirements(),
        registered_model_name=name or None,
    )
    return str(logged.model_uri)
