"""Stage ``explain``: every account's PD by the six traits, with reasons and evidence."""

import re

import pandas as pd

from delinquency.config import Config
from delinquency.pipeline import saved_model
from delinquency.pipeline.canonical_tables import describe
from delinquency.pipeline.card_accounts import rows_of_accounts
from delinquency.pipeline.preflight import check_choices
from delinquency.pipeline.prepared_features import prepare
from delinquency.pipeline.scored_rows import explain_rows
from delinquency.pipeline.training_runs import FIGURES, open_run
from delinquency.reasons.reason_causes import CAUSE_WORDS
from delinquency.traits import TRAITS
from delinquency.workspace.progress import say, working


def _say_account(explained: pd.DataFrame, account: str, *, dated: bool) -> None:
    """Print one account whole: probability, traits with evidence, reasons, what is withheld."""
    row = explained.loc[rows_of_accounts(explained, [account])[0]]
    months = int((explained["account_id"].astype("str") == account).sum())
    # Without dates of its own, a table's months are stand-ins that nobody may read as dates.
    when = f", observed {row['observation_month']:%Y-%m}" if dated else ""
    if when and months > 1:
        when += f" (the latest of its {months} observations)"
    say(f"Account {account}{when}: PD {row['pd_hat']:.1%}")
    say(f"Base value {row['base_value']:+.3f}, and by trait (log-odds):")
    for trait in TRAITS.values():
        outcome = row[f"outcome_{trait.key}"]
        told = f"   {CAUSE_WORDS[outcome][0]}" if outcome else ""
        say(
            f"  {trait.number} {trait.label:22s} {row[f'trait_{trait.key}']:+.3f}"
            f"   evidence {row[f'evidence_{trait.key}']:8s}{told}"
        )
    say(f"Raw score {row['raw_score']:+.3f}; dominant trait: {row['dominant_trait']}")
    ranks = [name for name in explained.columns if re.fullmatch(r"reason_\d", name)]
    stated = [name for name in ranks if row[name]]
    say("Reasons" if stated else "No reason can be stated.")
    for name in stated:
        say(f"  {name[-1]}. {row[name]}")
        say(f"     {row[name.replace('reason_', 'reason_zh_')]}")
    say(f'Its card: make cards ARGS="cards.accounts=[{account}]"')


def run(config: Config) -> None:
    """Explain every account with the model that was trained last."""
    check_choices(config)
    prepared = prepare(config)
    fitted = saved_model.load(config)
    if config.explain.account:  # an unknown one is named before anything is explained
        rows_of_accounts(prepared.keys, [config.explain.account])
    with (
        open_run(config, prepared, purpose="explain", run_id=fitted.facts["run_id"]) as active,
        working(f"explaining {len(prepared.keys):,} rows"),
    ):
        explained = explain_rows(config, fitted, prepared, active)
    if config.explain.account:
        dated = bool(prepared.facts["source"].get("dated", True))
        _say_account(explained, config.explain.account, dated=dated)
        return
    space = config.workspace
    say(f"{describe(config)}: what moves the PD, and how well the data show it")
    size = explained[[f"trait_{key}" for key in TRAITS]].abs().mean()
    for trait in TRAITS.values():
        share = size[f"trait_{trait.key}"] / size.sum()
        evidence = explained[f"evidence_{trait.key}"].mode()[0]
        say(f"  {trait.number} {trait.label:28s} {share:6.1%}   evidence mostly {evidence}")
    say(f"Accounts without a dominant trait: {(explained['dominant_trait'] == 'none').mean():.1%}")
    say(f"Written to {space.processed / 'explanations.parquet'}")
    say(f"Figures in {space.reports / FIGURES}")
