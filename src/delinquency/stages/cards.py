"""Stage ``cards``: a page with a card for each of the accounts most at risk, or for any others."""

from delinquency.config import Config
from delinquency.pipeline import saved_model, treatments
from delinquency.pipeline.canonical_tables import describe
from delinquency.pipeline.card_accounts import explained_book
from delinquency.pipeline.card_book import plural, write_book
from delinquency.pipeline.chosen_model import model_folder
from delinquency.pipeline.prepared_features import prepare
from delinquency.pipeline.scored_cards import scored_book, scores_folder
from delinquency.pipeline.training_runs import open_run_of
from delinquency.workspace.progress import say, working


def run(config: Config) -> None:
    """Write the case book of the explained accounts, or of those that were scored."""
    if config.cards.scored:
        scores_folder(config)  # says what is missing before anything is read
        fitted = saved_model.load_from(model_folder(config))
        with working("explaining the chosen accounts"):
            chosen = scored_book(config, fitted)
        # Proposals rest on the data set's own tables, not on those that were scored.
        path = write_book(config, fitted, chosen, treatments={})
    else:
        prepared = prepare(config)
        fitted = saved_model.load(config)
        chosen = explained_book(config, fitted, prepared)
        path = write_book(
            config,
            fitted,
            chosen,
            treatments=treatments.proposed(config),
            limits=tuple(prepared.facts.get("cannot", {}).values()),
        )
    with open_run_of(config, purpose="cards") as active:
        active.metrics({"cards": len(chosen.keys), "accounts": chosen.n_accounts})
        active.text(path.parent.name, "where.txt")
    pages = sorted(path.parent.glob("*.html"))
    size = sum(page.stat().st_size for page in pages) / 1e6
    among = "scored accounts" if config.cards.scored else "accounts"
    say(
        f"{describe(config)}: {len(chosen.keys):,} card{plural(len(chosen.keys))} of "
        f"{chosen.n_accounts:,} {among}, {len(pages)} page{plural(len(pages))}, {size:.1f} MB"
    )
    say(f"Written to {path}")
    say('Others: make cards ARGS="cards.accounts=[ID,ID]", cards.file=ids.txt, cards.count=1000')
