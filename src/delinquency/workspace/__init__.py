"""Folders and files, MLflow runs, progress and threads: where the work is kept."""
