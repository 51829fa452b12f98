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
VERSION = 2
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


class ArchiveReader:
    """Reads a saved explainer, its arrays only as they are asked for.

    Parameters
    ----------
    path : Path

    Attributes
    ----------
    header : dict

    Raises
    ------
    MissingArtifactError
        If there is no such file.
    ModelError
        If the file is no explainer, or one of another version.
    """

    def __init__(self, path: Path):
        self._path = path
        self._text = self._read([_HEADER])[_HEADER].tobytes()
        try:
            self.header: dict[str, Any] = json.loads(self._text.decode())
        except ValueError as error:
            raise ModelError(f"Expected a saved explainer at {path}. Got: {error}.") from error
        if self.header.get("format") != FORMAT or self.header.get("version") != VERSION:
            raise ModelError(
                f"Expected a {FORMAT} of version {VERSION} at {path}. Got "
                f"{self.header.get('format')} of version {self.header.get('version')}. "
                "Build the explainer again from its model."
            )

    def arrays(self, prefix: str) -> dict[str, NDArray[Any]]:
        """Return the arrays whose names begin so.

        Parameters
        ----------
        prefix : str

        Raises
        ------
        ModelError
            If the file holds another explainer by now.
        """
        found = self._read(None, prefix + ".")
        if found.pop(_HEADER).tobytes() != self._text:
            raise ModelError(
                f"{self._path} was written again since the explainer was loaded. Load it again."
            )
        return found

    def _read(self, names: list[str] | None, prefix: str = "") -> dict[str, NDArray[Any]]:
        if not self._path.exists():
            raise MissingArtifactError(
                f"Expected a saved explainer at {self._path}. Got no such file."
            )
        try:
            with np.load(self._path, allow_pickle=False) as store:
                wanted = names or [
                    _HEADER,
                    *(one for one in store.files if one.startswith(prefix)),
                ]
                return {name: store[name] for name in wanted}
        except (KeyError, ValueError, OSError, zipfile.BadZipFile) as error:
            raise ModelError(
                f"Expected a saved explainer at {self._path}. Got: {error}."
            ) from error


def _plain(value: Any) -> Any:
    """Return a numpy scalar as Python's own."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"JSON cannot hold a {type(value).__name__}")
