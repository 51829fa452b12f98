"""Stage ``notebook``: run the notebooks and keep the executed copies."""

from pathlib import Path

from delinquency.atomic_files import write_text
from delinquency.config import Config
from delinquency.errors import DelinquencyError, MissingArtifactError
from delinquency.workspace.folders import workspace
from delinquency.workspace.progress import say, working

FOLDER = "notebooks"
CELL_TIMEOUT = 600
"""Seconds that one cell may take."""


def run(config: Config) -> None:
    """Run every notebook of ``notebooks/``; executed copies go to ``reports/notebooks``."""
    root = Path(config.paths.root).resolve()
    sources = sorted((root / FOLDER).glob("*.ipynb"))
    if not sources:
        raise MissingArtifactError(f"There are no notebooks in {root / FOLDER}.")
    out = workspace(config.paths, FOLDER).reports
    for source in sources:
        with working(f"running {source.name}"):
            write_text(execute(source, folder=root), out / source.name)
        say(f"  {out / source.name}")


def execute(source: Path, *, folder: Path) -> str:
    """Return a notebook with its outputs.

    Parameters
    ----------
    source : Path
    folder : Path
        Folder that the notebook runs in.

    Returns
    -------
    str
        The executed notebook as JSON.

    Raises
    ------
    DelinquencyError
        If a cell fails, with the cell and its error.
    """
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    notebook = nbformat.read(source, as_version=4)
    client = NotebookClient(
        notebook, timeout=CELL_TIMEOUT, kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
    )  # fmt: skip
    try:
        client.execute()
    except CellExecutionError as error:
        raise DelinquencyError(f"{source.name} stopped: {error}") from error
    return str(nbformat.writes(notebook))
