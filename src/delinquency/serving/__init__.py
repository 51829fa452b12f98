"""The model as MLflow serves it."""
