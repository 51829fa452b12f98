"""Stage ``features``: cut the windows, label the outcomes, engineer the traits' features."""

from dataclasses import replace

from delinquency.config import Config
from delinquency.pipeline.canonical_tables import describe, ensure_tables
from delinquency.pipeline.preflight import check_choices
from delinquency.pipeline.prepared_features import write_features
from delinquency.traits import TRAITS
from delinquency.workspace.progress import say
from delinquency.workspace.tracking_options import TrackingOptions


def run(config: Config) -> None:
    """Make the features, whether or not they are there already."""
    check_choices(replace(config, tracking=TrackingOptions(enabled=False)))
    facts = write_features(config, ensure_tables(config))
    space = config.workspace
    say(f"{describe(config)}: {facts['n_rows']:,} rows, {facts['n_features']} features")
    for trait in TRAITS.values():
        say(f"  {trait.number} {trait.label}: {facts['features_by_trait'].get(trait.key, 0)}")
    say(f"Which are absent and why: {space.reports / 'coverage.csv'}")
    say(f"Next: make train ARGS='data={config.data.name}'")
