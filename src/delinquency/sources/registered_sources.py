"""All adapters by name: importing this module registers each of them."""

from delinquency.sources import (  # noqa: F401  (importing an adapter registers it)
    canonical_parts,
    monthly_panel,
    ready_table,
    taiwan,
)
from delinquency.sources.adapters import SOURCES

__all__ = ["SOURCES"]
