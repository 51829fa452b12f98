"""Stage ``score``: PD, traits and reason codes of accounts with a saved or registered model."""

import shutil
from pathlib import Path

from delinquency.config import Config
from delinquency.panel.trained_population import OUTSIDE_WORDS
from delinquency.pipeline.canonical_tables import describe
from delinquency.pipeline.chosen_model import model_folder
from delinquency.pipeline.saved_model import load_from
from delinquency.pipeline.score_stream import Scored, score_portfolio, write_worded
from delinquency.scoring.account_scorer import load_scorer
from delinquency.scoring.moved_level import read_level
from delinquency.scoring.score_records import OUTSIDE_COLUMN
from delinquency.workspace.progress import say, working

WORDED = (".csv", ".parquet")


def run(config: Config) -> None:
    """Score the accounts of a folder or a file, or those of the data set itself."""
    model = model_folder(config)
    fitted = load_from(model)  # every file is there, and they belong together
    level = None
    if config.score.level:
        level = read_level(Path(config.score.level).expanduser(), model_digest=fitted.digest)
    default = config.workspace.processed / "scores.parquet"
    chosen = Path(config.score.output).expanduser() if config.score.output else default
    one_file = bool(config.score.output) and chosen.suffix in WORDED
    folder = chosen.with_name(f".{chosen.name}.parts") if one_file else chosen
    if folder.is_file():  # of a version that wrote one file
        folder.unlink()
    scored = score_portfolio(config, model, folder, level=level)
    what = Path(config.score.input).name if config.score.input else describe(config)
    say(f"{what}: {scored.accounts:,} accounts scored")
    if level is not None:
        say(
            f"Level moved by {level.shift:+.3f} log-odds, as found on {level.month}: every PD and "
            "base value; no trait's value, and no account's rank."
        )
    if not scored.made:
        say("Nothing has changed since they were scored: all parts were there already.")
    _say_level(scored)
    if one_file:
        currency = config.data.currency
        scorer = load_scorer(model, options=config.reasons, currency=currency, level=level)
        with working("wording the reasons"):
            write_worded(scored, scorer, chosen)
        shutil.rmtree(folder)
    say(f"Written to {chosen}")
    if not one_file:
        say("Reasons are kept as codes; score.output=<file>.csv writes them in words.")


def _say_level(scored: Scored) -> None:
    """Print the level of the accounts that the model speaks of, and how many it does not."""
    apart = scored.outside
    among = f" of {scored.inside:,} accounts" if apart else ""
    if scored.inside:
        say(
            f"Mean PD{among} {scored.mean_pd:.1%}; one account in twenty above "
            f"{scored.quantile(0.95):.1%}"
        )
    for code, count in apart.items():
        say(f"  apart from these: {count:,}, {OUTSIDE_WORDS[code][0]} ({code})")
    if apart:
        say(
            f"Column {OUTSIDE_COLUMN} names the cause: their PD is no forecast of today, and the "
            "cards of those most at risk leave them out."
        )
