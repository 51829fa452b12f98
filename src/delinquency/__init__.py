"""Predict card delinquency, explain it by six human traits, and turn it into lawful help."""

__version__ = "0.1.0"
