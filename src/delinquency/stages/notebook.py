"""Stage ``notebook``: run the notebooks and keep the executed copies, as pages with pictures."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from delinquency.atomic_files import write_text
from delinquency.config import Config
from delinquency.errors import DelinquencyError, MissingArtifactError
from delinquency.workspace.folders import workspace
from delinquency.workspace.progress import say, working

FOLDER = "notebooks"
CELL_TIMEOUT = 600
"""Seconds that one cell may take."""
_SCRIPT = re.compile(r"<script\b.*?</script>", re.DOTALL | re.IGNORECASE)
NEEDS = "delinquency"
"""Entry of a notebook's metadata: the file that it ``needs``, and what ``makes`` it."""


def run(config: Config) -> None:
    """Run every notebook of ``notebooks/``; executed copies go to ``reports/notebooks``."""
    root = Path(config.paths.root).resolve()
    sources = sorted((root / FOLDER).glob("*.ipynb"))
    if not sources:
        raise MissingArtifactError(f"There are no notebooks in {root / FOLDER}.")
    nbformat = _jupyter().nbformat
    out = workspace(config.paths, FOLDER).reports
    for source in sources:
        needs = nbformat.read(source, as_version=4).metadata.get(NEEDS, {})
        if needs and not (root / needs["needs"]).exists():
            say(f"  {source.name} is skipped: it needs {needs['needs']}. Run {needs['makes']}")
            continue
        with working(f"running {source.name}"):
            done = execute(source, folder=root)
            write_text(done, out / source.name)
            page = out / source.with_suffix(".html").name
            write_text(as_page(done), page)
        say(f"  {page}")


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
    MissingArtifactError
        If what runs notebooks is not installed.
    DelinquencyError
        If a cell fails, with the cell and its error.
    """
    jupyter = _jupyter()
    notebook = jupyter.nbformat.read(source, as_version=4)
    client = jupyter.NotebookClient(
        notebook, timeout=CELL_TIMEOUT, kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
    )  # fmt: skip
    try:
        client.execute()
    except jupyter.CellExecutionError as error:
        raise DelinquencyError(
            f"{source.name} stopped at a cell: {error.ename}: {error.evalue}"
        ) from error
    return str(jupyter.nbformat.writes(notebook))


def as_page(executed: str) -> str:
    """Return an executed notebook as one HTML page that holds its pictures and asks no network."""
    jupyter = _jupyter()
    page, _ = jupyter.HTMLExporter(embed_images=True).from_notebook_node(
        jupyter.nbformat.reads(executed, as_version=4)
    )
    # The template's scripts come from other people's servers; tables and pictures need none.
    return _SCRIPT.sub("", str(page))


@dataclass(frozen=True)
class _Jupyter:
    """The parts of Jupyter that run and print notebooks."""

    nbformat: Any
    NotebookClient: Any
    CellExecutionError: Any
    HTMLExporter: Any


def _jupyter() -> _Jupyter:
    """Import what runs notebooks: an extra of the package."""
    try:
        import nbformat
        from nbclient import NotebookClient
        from nbclient.exceptions import CellExecutionError
        from nbconvert import HTMLExporter
    except ImportError as error:
        raise MissingArtifactError(
            f"To run notebooks takes packages that are an extra. Not installed: {error.name}. "
            "Install them: python -m pip install 'delinquency[notebooks]' (make setup does)."
        ) from None
    return _Jupyter(nbformat, NotebookClient, CellExecutionError, HTMLExporter)
