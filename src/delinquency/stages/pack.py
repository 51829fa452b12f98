"""Stage ``pack``: the served model with every wheel it needs, for a machine without a network."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from delinquency.config import Config
from delinquency.errors import StorageError
from delinquency.pipeline import saved_model
from delinquency.pipeline.chosen_model import model_folder
from delinquency.workspace.progress import say, working
from delinquency.workspace.run_stores import quieten
from delinquency.workspace.served_model import save_served_model
from delinquency.workspace.wheels import build_requirements, collect_wheels

MODEL, WHEELS = "model", "wheels"


def run(config: Config) -> None:
    """Write ``model/`` and ``wheels/`` into a folder, and say how they are started elsewhere."""
    quieten()
    source = model_folder(config)
    saved_model.load_from(source)  # every file is there, and they belong together
    given = config.serve.pack
    packed = Path(given).expanduser().resolve() if given else config.workspace.packed
    if (packed / MODEL).exists():
        shutil.rmtree(packed / MODEL)
    packed.mkdir(parents=True, exist_ok=True)
    with working("writing the model"), tempfile.TemporaryDirectory() as place:
        # The list of accounts stays on this machine.
        copy = Path(place) / source.name
        kept = shutil.ignore_patterns(saved_model.SPLIT, ".*")
        shutil.copytree(source, copy, ignore=kept)
        save_served_model(copy, packed / MODEL)
    needed = [packed / MODEL / "requirements.txt"]
    with working("collecting its wheels from the package index"):
        try:
            n = collect_wheels(
                sys.executable, needed, build_requirements(packed / MODEL), packed / WHEELS
            )
        except subprocess.CalledProcessError as error:
            raise StorageError(
                f"pip could not collect the wheels into {packed / WHEELS}; it said:\n"
                f"{error.stderr.strip()[-800:]}"
            ) from None
    say(f"Model        {packed / MODEL}")
    say(f"Wheels       {n}, {packed / WHEELS}")
    say(
        "Start        PIP_NO_INDEX=1 PIP_FIND_LINKS=<wheels> mlflow models serve -m <model>: "
        "docs/serving.md"
    )
