"""Adapters: each recasts one kind of source into the canonical tables, or into ready features."""

from delinquency.sources import panel as panel
from delinquency.sources import table as table
from delinquency.sources import taiwan as taiwan
from delinquency.sources.records import SOURCES, Adapter, SourceFeatures, SourceTables

__all__ = ["SOURCES", "Adapter", "SourceFeatures", "SourceTables"]
