"""Choices about the look at a file before training."""

from dataclasses import dataclass


@dataclass
class InspectOptions:
    """Which file to look at, and whether to draft a mapping for it."""

    # File or folder that has no mapping yet; empty to look at the files of the chosen data set.
    path: str = ""
    # Write a ready-to-edit mapping for the file in inspect.path.
    draft: bool = False
    # Name of the drafted data set; empty for the file's own name.
    name: str = ""
