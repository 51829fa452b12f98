"""How a stage's work becomes an MLflow run."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from delinquency import __version__
from delinquency.atomic_files import replacing, write_text
from delinquency.config import Config, as_dict
from delinquency.pipeline.canonical_tables import describe
from delinquency.pipeline.prepared_features import Prepared
from delinquency.workspace.artifacts import digest
from delinquency.workspace.manifests import read_manifest
from delinquency.workspace.mlflow_runs import Run, tracked
from delinquency.workspace.progress import say
from delinquency.workspace.run_processes import source_tags
from delinquency.workspace.run_stores import DATABASE, Store, store_of

FIGURES = "figures"
PLOTS = "plots"
"""Folder of figures: of the reports, and of a run."""


def run_store(config: Config) -> Store | None:
    """Return where the runs of the chosen data are kept; None where none are."""
    if not config.tracking.enabled:
        return None
    return store_of(config.tracking, config.workspace, real=config.data.real)


@contextmanager
def open_run(
    config: Config, prepared: Prepared, *, purpose: str, run_id: str = ""
) -> Iterator[Run]:
    """Open an MLflow run for a stage, or one that keeps nothing when tracking is off.

    Parameters
    ----------
    config : Config
    prepared : Prepared
    purpose : str
        The stage, for the run's name.
    run_id : str
        An earlier run to go on with.

    Yields
    ------
    Run
    """
    with _opened(config, prepared.facts, purpose=purpose, run_id=run_id) as active:
        yield active


@contextmanager
def open_run_of(config: Config, *, purpose: str) -> Iterator[Run]:
    """Open an MLflow run of a stage that reads what others made, and not the model's input.

    Parameters
    ----------
    config : Config
    purpose : str
        The stage, for the run's name.

    Yields
    ------
    Run
        It keeps nothing where the features of the data set are not there.
    """
    kept = read_manifest(config.workspace.processed)
    if kept is None:
        yield Run(None)
        return
    with _opened(config, kept.facts, purpose=purpose, run_id="") as active:
        yield active


@contextmanager
def _opened(
    config: Config, facts: Mapping[str, Any], *, purpose: str, run_id: str
) -> Iterator[Run]:
    store = run_store(config)
    made = config.workspace.tracking / DATABASE
    if store is not None and store.uri.endswith(DATABASE) and not made.exists():
        say("creating the run database (once, about ten seconds) ...")
    source = facts["source"]
    tags = {
        "stage": purpose,
        "data": config.data.name,
        "accounts": "real" if config.data.real else "synthetic",
        "data_digest": source["digest"],
        "features_digest": facts["digest"],
        "config_digest": digest(as_dict(config)),
        "delinquency_version": __version__,
        **source_tags(Path(__file__).parent),
    }
    name = f"{purpose} {config.data.name} lightgbm seed {config.seed}"
    note = (
        f"**{describe(config)}**, {facts['n_rows']:,} rows, "
        f"{facts['n_features']} features of six traits.\n\n{config.data.citation}"
    )
    for why in facts.get("cannot", {}).values():
        note += f"\n\n- Not supported by these data: {why}"
    with tracked(store, name=name, note=note, tags=tags, run_id=run_id) as active:
        yield active


def save_figures(config: Config, figures: dict[str, Any], active: Run) -> None:
    """Write figures into the reports, as PNG and as drawings for pages, and log them."""
    from delinquency.reporting.figure_svg import bilingual_svg
    from delinquency.reporting.figure_words import figure_words

    folder = config.workspace.reports / FIGURES
    words = figure_words(config.data.title or config.data.name, config.data.title_zh)
    for name, figure in figures.items():
        with replacing(folder / f"{name}.png") as temporary:
            figure.savefig(temporary)
        write_text(bilingual_svg(figure, name, words), folder / f"{name}.svg")
        active.file(folder / f"{name}.png", PLOTS)
