"""Choices of folders; ``conf/paths`` is the only place that names any."""

from dataclasses import dataclass


@dataclass
class PathOptions:
    """Folders, made absolute when the program starts."""

    # Folder that all others are below unless they are absolute.
    root: str = "."
    # Files as their owner gave them.
    raw: str = "data/raw"
    # Canonical tables.
    interim: str = "data/interim"
    # What really made the accounts of a generated portfolio fall behind; no model reads it.
    truth: str = "data/truth"
    # Features, labels, explanations, scores.
    processed: str = "data/processed"
    # Saved models.
    models: str = "models"
    # Figures, tables and pages for people.
    reports: str = "reports"
    # Served models with the wheels they need.
    packed: str = "packed"
    # Run database and artifacts of MLflow.
    tracking: str = "."
    # Seconds that a command waits for another one that works in the same folders; 0: not at all.
    wait_seconds: float = 7200.0
