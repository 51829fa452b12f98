"""A compiled explainer in one file: named arrays and a JSON header, no pickle."""

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from delinquency.atomic_files import replacing
from delinquency.errors import MissingArtifactError, ModelError

FORMAT = "delinquency.TraitExplainer"
VERSION = 1
_HEADER = "header"


def write_archive(
    path: Path, header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
) -> None:
    """Write the file whole or not at all.

    Parameters
    ----------
    path : Path
    header : mapping
        What JSON can hold.
    arrays : mapping of str to ndarray
    """
    text = json.dumps({"format": FORMAT, "version": VERSION, **header}, default=_plain)
    stored = {_HEADER: np.frombuffer(text.encode(), np.uint8), **arrays}
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, allow_pickle=False, **stored)


def read_archive(path: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Read header and arrays.

    Raises
    ------
    MissingArtifactError
        If there is no such file.
    ModelError
        If the file is no explainer, or one of another version.
    """
    if not path.exists():
        raise MissingArtifactError(f"Expected a saved explainer at {path}. Got no such file.")
    try:
        with np.load(path, allow_pickle=False) as store:
            arrays = {name: store[name] for name in store.files}
        header = json.loads(arrays.pop(_HEADER).tobytes().decode())
    except (KeyError, ValueError, OSError, zipfile.BadZipFile) as error:
        raise ModelError(f"Expected a saved explainer at {path}. Got: {error}.") from error
    if header.get("format") != FORMAT or header.get("version") != VERSION:
        raise ModelError(
            f"Expected a {FORMAT} of version {VERSION} at {path}. Got "
            f"{header.get('format')} of version {header.get('version')}. "
            "Mend: build the explainer again from its model."
        )
    return header, arrays


def _plain(value: Any) -> Any:
    """Return a numpy scalar as Python's own."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"JSON cannot hold a {type(value).__name__}")
