"""Stage ``explain``: every account's PD by the six traits, with reasons and evidence."""

from delinquency.config import Config
from delinquency.pipeline import saved_model
from delinquency.pipeline.canonical_tables import describe
from delinquency.pipeline.preflight import check_choices
from delinquency.pipeline.prepared_features import prepare
from delinquency.pipeline.scored_rows import explain_rows
from delinquency.pipeline.training_runs import FIGURES, open_run
from delinquency.traits import TRAITS
from delinquency.workspace.progress import say, working


def run(config: Config) -> None:
    """Explain every account with the model that was trained last."""
    check_choices(config)
    prepared = prepare(config)
    fitted = saved_model.load(config)
    with (
        open_run(config, prepared, purpose="explain", run_id=fitted.facts["run_id"]) as active,
        working(f"explaining {len(prepared.keys):,} rows"),
    ):
        explained = explain_rows(config, fitted, prepared, active)
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
