"""How features are made: the parts of a source one after the other, so that memory is bounded."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from delinquency.config import Config
from delinquency.features.catalogue import Feature
from delinquency.features.feature_description import (
    FeatureMeaning,
    meanings_of,
    meanings_of_columns,
)
from delinquency.features.feature_matrix import build_features, coverage, select_features
from delinquency.panel.drawn_rows import drawn_rows
from delinquency.panel.outcomes import (
    SPELLS,
    Labels,
    account_order,
    join_labels,
    label_outcomes,
    month_span,
)
from delinquency.panel.schema import ACCOUNTS, TABLES
from delinquency.panel.trained_population import TrainedPopulation
from delinquency.panel.windows import Windows, build_windows, wide_frame
from delinquency.pipeline.canonical_tables import READY_MADE, part_folders
from delinquency.pipeline.cleared_records import without_cleared
from delinquency.workspace.artifacts import read_frame, read_json, write_csv
from delinquency.workspace.manifests import require_whole
from delinquency.workspace.progress import Tick
from delinquency.workspace.threads import in_order

KEYS = ["account_id", "observation_month"]
LABELS = [*KEYS, "bad", "group_id", *SPELLS]
"""Columns of the labels; the late spells where the months after the observation are known."""
FRAMES = ("features", "labels", "protected", "raw")
"""What is made of every part, row-aligned."""
UNDRAWN = {"features": "undrawn_features", "labels": "undrawn_labels"}
"""The same of the bad rows of persons that ``sample.share`` does not draw, for training alone."""


@dataclass(frozen=True)
class Cut:
    """The windows of one part, with what is known of their rows.

    Attributes
    ----------
    windows : Windows
    labels : DataFrame
        ``account_id, observation_month, bad, group_id``, row-aligned.
    protected : DataFrame
        Protected attributes, row-aligned.
    outcomes : Labels or None
        How the labels were derived; None when the source gave them.
    drawn : ndarray of shape (n_rows,), bool
        Rows of persons that ``sample.share`` draws; the others are bad.
    """

    windows: Windows
    labels: pd.DataFrame
    protected: pd.DataFrame
    outcomes: Labels | None
    drawn: NDArray[np.bool_]


def cut_part(folder: Path, config: Config, *, span: tuple[int, int] | None = None) -> Cut:
    """Return the windows and labels of one part's tables.

    Parameters
    ----------
    folder : Path
        Folder with the canonical tables of the part.
    config : Config
    span : tuple of int, optional
        First and last month of all parts together.

    Returns
    -------
    Cut
    """
    tables = without_cleared(config, read_tables(folder))
    outcomes = None
    given = tables.pop("outcomes", None)
    if given is None:
        accounts = tables.get("accounts")
        outcomes = label_outcomes(tables["statements"], accounts, config.data.label, span=span)
        given = outcomes.frame.drop(columns="group_id")
    groups = read_frame(folder / "groups.parquet", made_by="data")
    labels = given.merge(groups, on="account_id", how="left", validate="many_to_one")
    labels = labels.iloc[account_order(labels["account_id"])].reset_index(drop=True)
    drawn = drawn_rows(labels["group_id"].to_numpy(str), config.sample.share)
    kept = drawn | (labels["bad"] == 1).to_numpy()
    labels = labels[kept].reset_index(drop=True)
    windows = build_windows(tables, labels, n_months=config.data.window_months)
    return Cut(windows, labels, protected_of(tables, labels), outcomes, drawn[kept])


def read_tables(folder: Path) -> dict[str, pd.DataFrame]:
    """Return the canonical tables of one part that exist."""
    paths = {name: folder / f"{name}.parquet" for name in TABLES}
    return {
        name: read_frame(path, made_by="data") for name, path in paths.items() if path.exists()
    }


def protected_of(tables: dict[str, pd.DataFrame], rows: pd.DataFrame) -> pd.DataFrame:
    """Return the protected attributes of the observed accounts, kept apart from the features."""
    accounts = tables.get("accounts", rows[["account_id"]].drop_duplicates())
    names = [c.name for c in ACCOUNTS if c.protected and c.name in accounts.columns]
    return rows[KEYS].merge(
        accounts[["account_id", *names]], on="account_id", how="left", validate="many_to_one"
    )


class Engineering:
    """The making of features from canonical tables.

    Parameters
    ----------
    config : Config
    tick : callable
        Called with the parts that are done, and those there will be.

    Attributes
    ----------
    meanings : dict of str to FeatureMeaning
    tables : list of str
        Canonical tables that the source has. Both are known once the first part is made.
    population : dict or None
        Which accounts training takes, once the parts are made; None where outcomes came along.
    """

    def __init__(self, config: Config, tick: Tick):
        self._config, self._tick = config, tick
        self._chosen: list[Feature] = []
        self._absent = pd.DataFrame()
        self._outcomes: list[Labels] = []
        self._with_undrawn = config.sample.share < 1
        self.meanings: dict[str, FeatureMeaning] = {}
        self.tables: list[str] = []

    @property
    def population(self) -> dict[str, Any] | None:
        """Which accounts the outcomes are of, where they are made here."""
        return asdict(TrainedPopulation.of(self._config.data.label)) if self._outcomes else None

    def parts(self) -> Iterator[dict[str, pd.DataFrame]]:
        """Yield the frames of every part."""
        folders = part_folders(self._config)
        span = _span_of(folders)
        # The first part alone says which features there are.
        ready = {folders[0]: cut_part(folders[0], self._config, span=span)}
        self._choose(ready[folders[0]].windows)

        def make(folder: Path) -> tuple[dict[str, pd.DataFrame], Labels | None]:
            cut = ready.pop(folder, None) or cut_part(folder, self._config, span=span)
            return self._frames(cut), cut.outcomes

        made = in_order(make, folders, n_threads=self._config.n_threads)
        for done, (frames, outcomes) in enumerate(made, start=1):
            if outcomes is not None:
                # The rows themselves are in the frames: all of them together need not fit.
                self._outcomes.append(replace(outcomes, frame=outcomes.frame.iloc[:0]))
            yield frames
            self._tick(done, len(folders))

    def _frames(self, cut: Cut) -> dict[str, pd.DataFrame]:
        """Return what is made of one part."""
        frames = {
            "features": build_features(cut.windows, self._chosen),
            "labels": cut.labels[[c for c in LABELS if c in cut.labels]],
            "protected": cut.protected,
            "raw": pd.concat([cut.windows.keys, wide_frame(cut.windows)], axis=1),
        }
        return told_apart(frames, cut.drawn) if self._with_undrawn else frames

    def _choose(self, windows: Windows) -> None:
        """Choose the features that a part supports: all parts have the same columns."""
        self._chosen = select_features(windows, self._config.features)
        self._absent = coverage(windows, self._config.features)
        self.meanings = meanings_of(self._chosen, window_months=self._config.data.window_months)
        self.tables = sorted(windows.tables)

    def write_reports(self, folder: Path) -> None:
        """Write which features are absent and why, and which accounts were left out."""
        folder.mkdir(parents=True, exist_ok=True)
        write_csv(self._absent, folder / "coverage.csv")
        if self._outcomes:
            table = join_labels(self._outcomes).exclusions
            write_csv(table, folder / "exclusions.csv")


def told_apart(
    frames: dict[str, pd.DataFrame], drawn: NDArray[np.bool_]
) -> dict[str, pd.DataFrame]:
    """Return the frames of the rows that are drawn, and those of the bad rows that are not."""
    others = ~drawn & (frames["labels"]["bad"] == 1).to_numpy()
    kept = {name: frame[drawn].reset_index(drop=True) for name, frame in frames.items()}
    return kept | {
        other: frames[name][others].reset_index(drop=True) for name, other in UNDRAWN.items()
    }


class ReadyMade:
    """Features that the source brought along; attributes as in ``Engineering``."""

    population: dict[str, Any] | None = None

    def __init__(self, folder: Path, share: float):
        self._folder, self._share = folder, share
        columns = read_json(folder / "columns.json", made_by="data")
        self.meanings: dict[str, FeatureMeaning] = meanings_of_columns(columns)
        self.tables: list[str] = []

    def parts(self) -> Iterator[dict[str, pd.DataFrame]]:
        """Yield the frames, all at once."""
        frames = {
            name: read_frame(self._folder / f"{name}.parquet", made_by="data")
            for name in ("features", "labels", "protected")
        }
        frames["raw"] = frames["features"]
        if self._share < 1:
            groups = frames["labels"]["group_id"].to_numpy(str)
            frames = told_apart(frames, drawn_rows(groups, self._share))
        yield frames

    def write_reports(self, folder: Path) -> None:
        """Write nothing: every column of the table is used or named in the mapping."""


def making_of(config: Config, tick: Tick) -> Engineering | ReadyMade:
    """Return how the features of the data set are made.

    Parameters
    ----------
    config : Config
    tick : callable
    """
    ready = config.workspace.interim / READY_MADE
    if not ready.exists():
        return Engineering(config, tick)
    require_whole(config.workspace.interim, made_by="data")
    return ReadyMade(ready, config.sample.share)


def _span_of(folders: list[Path]) -> tuple[int, int] | None:
    """Return first and last month of all parts, or None when there is one part only."""
    if len(folders) == 1:
        return None
    spans = [
        month_span(pd.read_parquet(folder / "statements.parquet", columns=["month"]))
        for folder in folders
    ]
    return min(first for first, _ in spans), max(last for _, last in spans)
