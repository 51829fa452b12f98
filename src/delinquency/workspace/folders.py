"""The folders of a data set: where its tables, models and reports lie."""

from dataclasses import dataclass
from pathlib import Path

from delinquency.workspace.path_options import PathOptions


@dataclass(frozen=True)
class Workspace:
    """The folders of one data set.

    Attributes
    ----------
    data : str
        Name of the data set.
    raw : Path
        Folder of raw files of all data sets.
    interim, truth, processed, models, reports : Path
        Folders of this data set.
    packed : Path
        Folder of the served model with its wheels.
    tracking : Path
        Folder of the MLflow database and artifacts, of all data sets.
    """

    data: str
    raw: Path
    interim: Path
    truth: Path
    processed: Path
    models: Path
    reports: Path
    packed: Path
    tracking: Path

    @property
    def written(self) -> tuple[Path, ...]:
        """The folders that a command writes as long as it runs; the model's only when it saves."""
        return self.interim, self.truth, self.processed, self.reports


def workspace(paths: PathOptions, data: str) -> Workspace:
    """Return the absolute folders of a data set.

    Parameters
    ----------
    paths : PathOptions
    data : str
        Name of the data set.

    Returns
    -------
    Workspace
    """
    root = Path(paths.root).expanduser().resolve()

    def below(folder: str) -> Path:
        return root / Path(folder).expanduser()

    return Workspace(
        data=data,
        raw=below(paths.raw),
        interim=below(paths.interim) / data,
        truth=below(paths.truth) / data,
        processed=below(paths.processed) / data,
        models=below(paths.models) / data,
        reports=below(paths.reports) / data,
        packed=below(paths.packed) / data,
        tracking=below(paths.tracking),
    )
