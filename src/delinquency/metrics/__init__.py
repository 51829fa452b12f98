"""How good predictions are: scores, tables and intervals."""

from delinquency.metrics import ranking, reliability  # noqa: F401  (importing registers metrics)
from delinquency.metrics.decile_tables import calibration_table, decile_table
from delinquency.metrics.delong import Areas, delong
from delinquency.metrics.grade_tests import grade_table, grades, hosmer_lemeshow, rank_inversions
from delinquency.metrics.intervals import (
    FEW_BADS,
    WIDENED,
    Interval,
    Resampling,
    bootstrap_differences,
    bootstrap_intervals,
    corrected_interval,
)
from delinquency.metrics.level import level_p_value
from delinquency.metrics.metric import METRICS, Metric, Outcomes, metric, metric_table
from delinquency.metrics.population_stability import (
    population_stability,
    stability_p_value,
    stability_table,
)
from delinquency.metrics.ranking import bads_among_riskiest

__all__ = [
    "FEW_BADS",
    "METRICS",
    "Areas",
    "WIDENED",
    "Interval",
    "Metric",
    "Outcomes",
    "Resampling",
    "bads_among_riskiest",
    "bootstrap_differences",
    "bootstrap_intervals",
    "calibration_table",
    "corrected_interval",
    "decile_table",
    "delong",
    "grade_table",
    "grades",
    "hosmer_lemeshow",
    "level_p_value",
    "metric",
    "metric_table",
    "population_stability",
    "rank_inversions",
    "stability_p_value",
    "stability_table",
]
