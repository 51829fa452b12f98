"""The model as MLflow serves it: PD, six traits, reasons and evidence of accounts."""

import atexit
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
from mlflow.pyfunc import PythonModel
from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema

from delinquency.errors import DelinquencyError
from delinquency.scoring.account_scorer import ScoredAccounts, load_scorer
from delinquency.scoring.answers import Answers
from delinquency.scoring.asked_accounts import AskedAccounts, scored_together
from delinquency.scoring.request_rows import asked_of_records, score_request, warm_up
from delinquency.scoring.score_records import OUTSIDE_COLUMN
from delinquency.traits import TRAITS
from delinquency.workspace.model_requirements import package_folder, pinned_requirements
from delinquency.workspace.request_log import FOLDER_VARIABLE, RequestLog

ENTRY = Path(__file__).parent / "served_model_entry.py"
FOLDER = "delinquency_model"


class TraitModel(PythonModel):  # type: ignore[misc]
    """Predicts the PD of accounts, the six trait values behind it, and says why."""

    def load_context(self, context: Any) -> None:
        """Read the saved model and its compiled explainer; no pickle, no Hydra."""
        # Requests run in threads of their own: one thread each, so that they do not wait.
        self.scorer = load_scorer(Path(context.artifacts[FOLDER]), n_threads=1)
        self.model, self.explainer = self.scorer.model, self.scorer.explainer
        self.answers = Answers(self.scorer)
        self.answers.records(warm_up(self.scorer))
        folder = os.environ.get(FOLDER_VARIABLE)
        self.log = RequestLog(Path(folder)) if folder else None
        if self.log is not None:
            atexit.register(self.log.flush)

    def predict(
        self, context: Any, model_input: pd.DataFrame, params: Mapping[str, Any] | None = None
    ) -> pd.DataFrame:
        """Return PD, traits, dominant trait, reasons and evidence of every account or row.

        Parameters
        ----------
        context : PythonModelContext
        model_input : DataFrame
            Rows of the canonical tables, their table named in a column ``table``; or one column a
            feature, in any order, missing values empty.
        params : mapping or None
            ``language``: "en" or "zh".

        Returns
        -------
        DataFrame
            As ``Answers.frame``. Trait values are log-odds: base_value + their sum = raw_score.
        """
        try:
            scored = score_request(pd.DataFrame(model_input), self.scorer)
            answer = self.answers.frame(scored, language=(params or {}).get("language", "en"))
        except DelinquencyError as error:  # MLflow passes on the words of its own errors only
            raise MlflowException(str(error), error_code=INVALID_PARAMETER_VALUE) from None
        self._keep(scored)
        return answer

    def answer(
        self, requests: Sequence[tuple[Sequence[Mapping[str, Any]], str]]
    ) -> list[list[dict[str, Any]] | DelinquencyError]:
        """Return what ``predict`` does for several requests, from rows to rows, without frames.

        Parameters
        ----------
        requests : sequence of (rows, language)

        Returns
        -------
        list
            Rows of the answer, or why the request is refused: in two lines, what is wrong, and
            what to send.
        """
        out: dict[int, list[dict[str, Any]] | DelinquencyError] = {}
        asked = {}
        for place, (records, language) in enumerate(requests):
            try:
                self.answers.require_language(language)
                asked[place] = asked_of_records(records, self.scorer)
            except DelinquencyError as error:
                out[place] = error
        for place, scored in self._scored(asked).items():
            out[place] = scored if isinstance(scored, DelinquencyError) else self.answers.records(
                scored, language=requests[place][1]
            )  # fmt: skip
        return [out[place] for place in range(len(requests))]

    def _scored(
        self, asked: Mapping[int, AskedAccounts]
    ) -> dict[int, ScoredAccounts | DelinquencyError]:
        """Return the scores of requests; one that fails does not take the others with it."""
        try:
            scored = scored_together(list(asked.values()), self.scorer)
        except DelinquencyError as error:
            if len(asked) == 1:
                return dict.fromkeys(asked, error)
            return {n: s for k, one in asked.items() for n, s in self._scored({k: one}).items()}
        for one in scored:
            self._keep(one)
        return dict(zip(asked, scored, strict=True))

    def _keep(self, scored: ScoredAccounts) -> None:
        if self.log is not None:
            self.log.add(scored, self.scorer)


def served_signature() -> ModelSignature:
    """Return what the model returns, and the parameters it takes.

    The inputs are checked by the model itself, in two lines: MLflow's own check of some 300
    columns takes longer than everything else together, and knows one shape of input only.
    """
    numbers = ["pd_hat", "raw_score", "base_value", *(f"trait_{key}" for key in TRAITS)]
    texts = ["dominant_trait", *(f"evidence_{key}" for key in TRAITS),
             OUTSIDE_COLUMN, "model_version"]  # fmt: skip
    return ModelSignature(
        outputs=Schema(
            [ColSpec("string", "account_id"), ColSpec("string", "observation_month")]
            + [ColSpec("double", one) for one in numbers]
            + [ColSpec("string", one) for one in texts]
        ),
        params=ParamSchema([ParamSpec("language", "string", "en")]),
    )


def log_model(folder: Path, feature_names: list[str], example: pd.DataFrame) -> str:
    """Log a saved model to the active run as a pyfunc, and return its address.

    Parameters
    ----------
    folder : Path
        Folder of the saved model, with its compiled explainer.
    feature_names : list of str
    example : DataFrame
        A few rows without anything that identifies an account.

    Returns
    -------
    str
        Address such as ``models:/m-...``.
    """
    logged = mlflow.pyfunc.log_model(
        name="model",
        python_model=str(ENTRY),
        artifacts={FOLDER: str(folder)},
        signature=served_signature(),
        input_example=example[feature_names],
        code_paths=[str(package_folder())],
        pip_requirements=pinned_requirements(),
    )
    return str(logged.model_uri)


def save_served_model(folder: Path, path: Path) -> None:
    """Write a saved model as an MLflow model into a folder, for serving without a run store.

    Parameters
    ----------
    folder : Path
        Folder of the saved model.
    path : Path
        Must not exist.
    """
    mlflow.pyfunc.save_model(
        path,
        python_model=str(ENTRY),
        artifacts={FOLDER: str(folder)},
        signature=served_signature(),
        code_paths=[str(package_folder())],
        pip_requirements=pinned_requirements(),
    )
