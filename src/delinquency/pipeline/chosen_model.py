"""The folder of the model to score with: the last one trained, a named one, a registered one."""

import tempfile
from pathlib import Path

from delinquency.config import Config
from delinquency.errors import ModelError

REGISTERED = "models:/"


def model_folder(config: Config) -> Path:
    """Return the folder of the model that ``score.model`` names.

    Parameters
    ----------
    config : Config

    Returns
    -------
    Path
        A registered model is downloaded into a folder of its own.

    Raises
    ------
    ModelError
        If there is no such folder or registered model.
    """
    where = config.score.model
    if not where:
        return config.workspace.models
    if where.startswith(REGISTERED):
        from delinquency.workspace.run_stores import download_model, store_of

        store = store_of(config.tracking, config.workspace, real=config.data.real)
        folder = Path(tempfile.mkdtemp(prefix="delinquency-model-"))
        return download_model(store, where, folder)
    folder = Path(where).expanduser().resolve()
    if not folder.is_dir():
        raise ModelError(f"score.model: expected a folder or models:/<name>@<alias>. Got {where}.")
    return folder
