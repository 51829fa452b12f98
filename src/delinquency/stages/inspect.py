"""Stage ``inspect``: look at the files of a data set, or at a bare file, before training."""

import re
from pathlib import Path

from delinquency.atomic_files import write_text
from delinquency.config import Config
from delinquency.errors import ChoiceError
from delinquency.pipeline.preflight import NEEDED_TO_TREAT
from delinquency.reporting.inspection_page import as_html
from delinquency.sources.data_options import PanelData, TableData
from delinquency.sources.inspect.draft import draft_yaml
from delinquency.sources.inspect.file_profile import FileProfile
from delinquency.sources.inspect.inspected_files import inspect_file, inspect_options
from delinquency.sources.inspect.inspection_text import as_json, as_text
from delinquency.sources.inspect.row_faults import as_summary, faults_of_files
from delinquency.workspace.artifacts import write_csv
from delinquency.workspace.folders import Workspace, workspace
from delinquency.workspace.progress import say, working

PAGE, RECORD, DRAFT = "inspection.html", "inspection.json", "draft.yaml"
ROWS = "row_faults.csv"


def run(config: Config) -> None:
    """Profile the files, write page and JSON, and a draft mapping when it is asked for."""
    bare = config.inspect.path
    if config.inspect.draft and not bare:
        raise ChoiceError(
            "inspect.draft drafts a mapping for a file that has none: inspect.path=<file>."
        )
    name = config.inspect.name or (_plain_name(bare) if bare else config.data.name)
    space = workspace(config.paths, name)
    if not bare and isinstance(config.data, PanelData) and config.data.promises:
        _hold_to_promises(config.data, space)
    with working(f"looking at {bare or name}"):
        if bare:
            profiles = [inspect_file(bare, space.raw)]
        else:
            profiles = inspect_options(config.data, space.raw)
    say(as_text(profiles))
    _write(profiles, space)
    say(f"Page  {space.reports / PAGE}")
    if not bare and isinstance(config.data, TableData):
        say(f"Note  {NEEDED_TO_TREAT}")
    if config.inspect.draft:
        write_text(draft_yaml(profiles[0], name, bare), space.reports / DRAFT)
        say(f"Draft {space.reports / DRAFT}")
        say(f"Next  answer its question marks, save it as conf/data/{name}.yaml, then:")
        say(f"      make inspect ARGS='data={name}'")


def _hold_to_promises(data: PanelData, space: Workspace) -> None:
    """Write and count every row that breaks a promise of its file, before anything is judged."""
    with working("holding every row to the promises of its file"):
        faults = faults_of_files(data, space.raw)
    say(as_summary(faults, data.promises))
    space.reports.mkdir(parents=True, exist_ok=True)
    write_csv(faults, space.reports / ROWS)
    say(f"Rows  {space.reports / ROWS}")


def _write(profiles: list[FileProfile], space: Workspace) -> None:
    """Write the page and the JSON of the profiles."""
    space.reports.mkdir(parents=True, exist_ok=True)
    write_text(as_html(profiles, f"Inspection of {space.data}"), space.reports / PAGE)
    write_text(as_json(profiles), space.reports / RECORD)


def _plain_name(path: str) -> str:
    """Return a file's name as a name for a data set."""
    return re.sub(r"\W+", "_", Path(path).stem).strip("_").lower() or "own"
