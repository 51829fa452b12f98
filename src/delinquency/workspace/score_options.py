"""Choices about scoring accounts."""

from dataclasses import dataclass


@dataclass
class ScoreOptions:
    """Which accounts to score, with which model."""

    # A folder of canonical tables in Parquet (or of parts of them), or a file in the shape of the
    # data set's raw file, without a label; empty to score the data set's own accounts.
    input: str = ""
    # Where the scores go: a folder (codes, a file a part), or one .csv or .parquet file with the
    # reasons in words. Empty for the folder
    # paths.processed/<data>/scores.parquet, which readers of Parquet take as one table.
    output: str = ""
    # Folder of a saved model, or models:/<name>@<alias>; empty for the model trained last.
    model: str = ""
    # A level.json of stage=validate, to move every PD by its dated shift; empty for the model's
    # own level. docs/validation.md says what it brought.
    level: str = ""
    # Accounts of a part, where the accounts are not in parts yet: what bounds the memory.
    part_accounts: int = 5000
