"""The web application around the served model: MLflow's own, with figures and short refusals.

Any server of ``mlflow models serve`` takes the same requests; this one adds ``/metrics``, and
never repeats a request's data in an error.
"""

import json
import os
from dataclasses import dataclass
from typing import Any

from delinquency.errors import DelinquencyError
from delinquency.workspace.invocations import BAD_REQUEST, HOSTS, OK, Figures, Invocations, refusal

MODEL_VARIABLE = "DELINQUENCY_SERVED_MODEL"


def serving_command(python: str, port: int) -> list[str]:
    """Return the command that serves the model named by ``MODEL_VARIABLE`` on loopback."""
    return [
        python, "-m", "uvicorn", "delinquency.workspace.serving_app:application", "--factory",
        "--host", HOSTS[0], "--port", str(port), "--log-level", "warning",
    ]  # fmt: skip


@dataclass(frozen=True)
class PlainRequest:
    """A request whose rows need no frame, and the language of the reasons."""

    records: list[dict[str, Any]]
    language: str


def plain_request(data: bytes, content_type: str) -> PlainRequest | None:
    """Return a request's rows, or None where MLflow is to parse it (CSV, split, other forms)."""
    if content_type.split(";")[0].strip() != "application/json":
        return None
    try:
        asked = json.loads(data)
    except ValueError:
        return None
    if not isinstance(asked, dict) or not asked.keys() <= {"dataframe_records", "params"}:
        return None
    records, params = asked.get("dataframe_records"), asked.get("params") or {}
    if not isinstance(params, dict) or not params.keys() <= {"language"}:
        return None
    language = params.get("language", "en")
    if not isinstance(language, str) or not isinstance(records, list) or not records:
        return None
    if not all(isinstance(row, dict) for row in records):
        return None
    return PlainRequest(records, language)


def application() -> Invocations:
    """Return the application of the model in the folder that ``MODEL_VARIABLE`` names."""
    import mlflow
    from fastapi import Response
    from fastapi.middleware.trustedhost import TrustedHostMiddleware
    from mlflow.environment_variables import MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT
    from mlflow.exceptions import MlflowException
    from mlflow.pyfunc import scoring_server

    model = mlflow.pyfunc.load_model(os.environ[MODEL_VARIABLE])
    served = model.unwrap_python_model()
    figures = Figures()
    app = scoring_server.init(model)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(HOSTS), www_redirect=False)

    def answer(requests: list[tuple[bytes, str]]) -> list[tuple[int, str]]:
        plain = [plain_request(*one) for one in requests]
        rows = iter(served.answer([(one.records, one.language) for one in plain if one]))
        return [
            by_mlflow(*asked) if one is None else _told(next(rows))
            for asked, one in zip(requests, plain, strict=True)
        ]

    def by_mlflow(data: bytes, content_type: str) -> tuple[int, str]:
        try:
            # Inputs are checked by the model itself; MLflow parses them.
            result = scoring_server.invocations(data, content_type, model, None)
        except MlflowException as error:
            return BAD_REQUEST, refusal(error.message)
        return int(result.status), str(result.response)

    @app.get("/metrics")  # type: ignore[untyped-decorator]
    async def metrics() -> Response:
        return Response(content=figures.text(served.scorer.version), media_type="text/plain")

    return Invocations(answer, app, figures, MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT.get())


def _told(rows: list[dict[str, Any]] | DelinquencyError) -> tuple[int, str]:
    """Return the status and JSON of one request's answer."""
    if isinstance(rows, DelinquencyError):
        return BAD_REQUEST, refusal(str(rows))
    return OK, json.dumps({"predictions": rows}, ensure_ascii=False)
