"""Stage ``compile``: compile ahead what training and explaining run, once for a version."""

import io
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from delinquency.compiled import cache_folder, is_kept
from delinquency.config import Config
from delinquency.modeling.lightgbm_options import LightGBMOptions
from delinquency.pipeline.prepared_features import prepare
from delinquency.pipeline.scored_rows import scored_rows
from delinquency.pipeline.training import fit
from delinquency.synthetic.portfolio_options import SyntheticData
from delinquency.workspace.mlflow_runs import Run
from delinquency.workspace.progress import say, working
from delinquency.workspace.tracking_options import TrackingOptions

ACCOUNTS, TREES = 400, 20
"""The portfolio that is made, trained on and thrown away: compiled code is the same for any."""


def run(config: Config) -> None:
    """Train and explain a small made portfolio in a temporary folder, for the code it compiles."""
    if not is_kept():
        say(
            "Nothing is compiled ahead: neither NUMBA_CACHE_DIR nor the user's cache folder can "
            "be written, so that it would be gone with this command. Set NUMBA_CACHE_DIR."
        )
        return
    with (
        working("compiling what training and explaining run (once)"),
        TemporaryDirectory() as place,
        redirect_stdout(io.StringIO()),
    ):
        _rehearse(_small(config, Path(place)))
    say(f"kept in {cache_folder()}")


def _small(config: Config, place: Path) -> Config:
    """Return the choices with a small made portfolio, in another folder and without a record."""
    return replace(
        config,
        data=SyntheticData(n_accounts=ACCOUNTS),
        model=LightGBMOptions(n_estimators=TREES),
        paths=replace(config.paths, root=str(place), raw=str(place)),
        tracking=TrackingOptions(enabled=False),
    )


def _rehearse(config: Config) -> None:
    prepared = prepare(config)
    scored_rows(config, fit(config, prepared, Run(None)), prepared)
