"""The registry of a data set's models: its name, and the entry of a model that was trained."""

from datetime import UTC, datetime

from delinquency.config import Config
from delinquency.errors import ChoiceError
from delinquency.pipeline.saved_model import Trained
from delinquency.workspace.model_registry import ModelRegistry
from delinquency.workspace.run_stores import store_of

LOCK = "registry"


def registered_name(config: Config) -> str:
    """Return the name of the data set's models in the registry."""
    kind = "real" if config.data.real else "synthetic"
    return config.tracking.registered_model or f"delinquency-{config.data.name}-{kind}"


def registry_of(config: Config) -> ModelRegistry:
    """Return the registry of the data set's models.

    Raises
    ------
    ChoiceError
        If tracking is off: there is no registry then.
    """
    if not config.tracking.enabled:
        raise ChoiceError("The registry lives in MLflow: use tracking=local, not tracking=none.")
    space = config.workspace
    store = store_of(config.tracking, space, real=config.data.real)
    return ModelRegistry(
        store,
        registered_name(config),
        lock=space.tracking / LOCK,
        wait_seconds=config.paths.wait_seconds,
    )


def register_challenger(config: Config, fitted: Trained) -> str:
    """Register a trained model as the challenger, and return its version.

    The same model is one version, however often it is registered.
    """
    return registry_of(config).register(
        run_id=fitted.facts.get("run_id", ""),
        digest=fitted.digest,
        tags={
            "accounts": "real" if config.data.real else "synthetic",
            "data": config.data.name,
        },
        at=now(),
    )


def now() -> str:
    """Return this moment, ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")
