"""Choices about scoring new accounts."""

from dataclasses import dataclass


@dataclass
class ScoreOptions:
    """Which accounts to score, with which model."""

    # File in the shape of the data set's raw file, without a label; empty to score the data set.
    input: str = ""
    # Where the scores go; empty for paths.processed/<data>/scores.parquet.
    output: str = ""
    # Folder of a saved model, or models:/<name>@<alias>; empty for the model trained last.
    model: str = ""
