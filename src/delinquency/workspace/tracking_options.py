"""Choices about MLflow."""

from dataclasses import dataclass


@dataclass
class TrackingOptions:
    """Where runs are kept and how the UI is opened."""

    # Log runs to MLflow.
    enabled: bool = True
    # MLflow tracking address; empty for an SQLite file in paths.tracking.
    uri: str = ""
    # Experiment name; empty for "delinquency <data name>".
    experiment: str = ""
    # Name in the model registry; empty for "delinquency-<data name>-<real or synthetic>".
    registered_model: str = ""
    # Port of the UI on 127.0.0.1.
    port: int = 5000
