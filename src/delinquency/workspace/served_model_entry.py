"""What MLflow runs to load the model: code, not a pickle."""

from mlflow.models import set_model

from delinquency.workspace.served_model import TraitModel

set_model(TraitModel())
