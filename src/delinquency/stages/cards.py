"""Stage ``cards``: a page with a card for each of the accounts most at risk."""

from delinquency.config import Config
from delinquency.pipeline import saved_model, treatments
from delinquency.pipeline.canonical_tables import describe
from delinquency.pipeline.card_book import write_book
from delinquency.pipeline.prepared_features import prepare
from delinquency.workspace.progress import say


def run(config: Config) -> None:
    """Write the case book of the data set."""
    prepared = prepare(config)
    fitted = saved_model.load(config)
    path = write_book(config, fitted, prepared, treatments=treatments.proposed(config))
    say(f"{describe(config)}: {path.stat().st_size / 1e6:.1f} MB")
    say(f"Written to {path}")
