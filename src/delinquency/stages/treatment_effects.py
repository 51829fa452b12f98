"""Stage ``treatment_effects``: help as a trial on the made portfolio, against its truth."""

from typing import Any

import numpy as np
import pandas as pd

from delinquency.casework.simulated_trial import TrialTerms, play_trial
from delinquency.config import Config
from delinquency.errors import ChoiceError
from delinquency.log_odds import probability
from delinquency.pipeline import saved_model
from delinquency.pipeline.canonical_tables import describe
from delinquency.pipeline.policies import policy_of
from delinquency.synthetic.hidden_truth import audit_observations, causal_truth, present_lives
from delinquency.synthetic.portfolio_options import SyntheticData
from delinquency.traits import TRAITS
from delinquency.workspace.artifacts import write_json
from delinquency.workspace.progress import say, working

EVERY_TRAIT = 2 ** len(TRAITS) - 1
NOT_WELL = "60 days past due within twelve months"


def run(config: Config) -> None:
    """Estimate what help does from a drawn trial, and hold it against the simulator's answer."""
    data = config.data
    if not isinstance(data, SyntheticData):
        raise ChoiceError(
            "Only a made portfolio can answer what would have happened: expected data=synthetic."
            f" Got data={data.name}. From real cases: stage=case case.do=outcomes."
        )
    explained = saved_model.explanations_of(config)
    at_risk = explained[explained["pd_hat"] >= config.proposal_cut_off]
    observations = audit_observations(at_risk, data)
    with working(f"simulating {data.audit_paths} futures of {len(observations):,} accounts"):
        present = present_lives(data, observations, n_threads=config.n_threads)
        truth = causal_truth(data, present, n_threads=config.n_threads)
    named = observations.merge(explained, on=["account_id", "observation_month"], how="left")
    known, model_share = _known(truth, named)
    share = config.treatment.hold_out_share or TrialTerms().hold_out_share
    terms = TrialTerms(share, config.treatment.hold_out_seed)
    with working("playing the trial"):
        found = play_trial(known, policy_of(config), terms)
    found |= {
        "data": config.data.name,
        "real_accounts": False,
        "cut_off": config.proposal_cut_off,
        "outcome": f"stays out of {NOT_WELL}",
        "model_gets_of_best": model_share,
    }
    write_json(found, config.workspace.reports / "treatment_effects.json")
    _report(config, found)


def _known(truth: pd.DataFrame, named: pd.DataFrame) -> tuple[pd.DataFrame, float]:
    """Return each account's cause and chances, and what of the best the model's choice gets.

    Notes
    -----
    Help is taken to bring the trait that it answers to the portfolio's mean for the year, and to
    leave every other as it is. The cause is the trait whose relief truly does most: what a
    customer who knows the trouble would name.
    """
    worths = truth[[f"worth_{number:02d}" for number in range(EVERY_TRAIT + 1)]].to_numpy()
    bad = probability(worths)
    without = 1.0 - bad[:, EVERY_TRAIT]
    relieved = np.column_stack([1.0 - bad[:, EVERY_TRAIT & ~(1 << k)] for k in range(len(TRAITS))])
    best = relieved.argmax(axis=1)
    rows = np.arange(len(best))
    said = named[[f"trait_{key}" for key in TRAITS]].to_numpy().argmax(axis=1)
    gain_best = (relieved[rows, best] - without).sum()
    gain_said = (relieved[rows, said] - without).sum()
    frame = pd.DataFrame(
        {
            "account_id": truth["account_id"],
            "cause": np.array(list(TRAITS))[best],
            "well_without": without,
            "well_with": relieved[rows, best],
        }
    )
    return frame, float(gain_said / gain_best) if gain_best > 0 else float("nan")


def _report(config: Config, found: dict[str, Any]) -> None:
    """Print estimates beside the truth."""
    say(
        f"{describe(config)}: {found['n_accounts']:,} accounts at or above a PD of"
        f" {found['cut_off']}; random hold-out {found['hold_out_share']:.0%}. Effect: more of"
        f" them stay out of {NOT_WELL}, in points."
    )
    say(f"  {'cause':<24}{'help':<22}{'helped':>7}{'held':>6}   effect [95 %], truth, covered")
    for row in found["rows"]:
        covered = "-" if row["covered"] is None else f"{row['covered']:.0%}"
        points = [f"{100 * row[name]:+.1f}" for name in ("difference", "low", "high", "truth")]
        say(
            f"  {TRAITS[row['cause']].label:<24}{row['treatment'].replace('_', ' '):<22}"
            f"{row['n_helped']:>7,}{row['n_held_out']:>6,}"
            f"   {points[0]} [{points[1]}, {points[2]}], {points[3]}, {covered}"
        )
    say(
        f"Help by the model's first trait gets {found['model_gets_of_best']:.0%} of what help by"
        " the true first trait would."
    )
    say(
        "Assumed, not learned: help brings its trait to the portfolio's mean and touches no other."
        f" Written to {config.workspace.reports / 'treatment_effects.json'}"
    )
