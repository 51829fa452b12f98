"""The wheels of a logged model's environment, collected into a folder."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import yaml


def build_requirements(model: Path) -> list[str]:
    """Return what MLflow installs into an environment before a model's own requirements.

    Parameters
    ----------
    model : Path
        Folder of an MLflow model.

    Returns
    -------
    list of str
        Such as ``pip==23.2.1``.
    """
    plan = yaml.safe_load((model / "python_env.yaml").read_text(encoding="utf-8"))
    return [str(one) for one in plan.get("build_dependencies", [])]


def collect_wheels(
    python: str, requirements: Sequence[Path], more: Sequence[str], folder: Path
) -> int:
    """Bring the wheels of requirements, and of all that those need, into a folder.

    Parameters
    ----------
    python : str
        The interpreter: wheels are those of its version and of this machine's platform.
    requirements : sequence of Path
        Files as pip reads them.
    more : sequence of str
        Requirements besides.
    folder : Path
        Wheels that are there already are kept. What comes as source is built, so that nothing is
        built where they are installed.

    Returns
    -------
    int
        Wheels in the folder.

    Raises
    ------
    subprocess.CalledProcessError
        If pip fails; ``stderr`` holds what it said.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = [part for path in requirements for part in ("-r", str(path))]
    subprocess.run(
        [python, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check",
         "--find-links", str(folder), "--wheel-dir", str(folder), *files, *more],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return len(list(folder.glob("*.whl")))
