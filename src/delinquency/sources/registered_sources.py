"""All adapters by name: importing this module registers each of them."""

from delinquency.sources import monthly_panel, ready_table, taiwan  # noqa: F401  (importing an adapter registers it)
from delinquency.sources.adapters import SOURCES

__all__ = ["SOURCES"]
