"""The stages, by name: one thin module each, imported only when it runs."""

from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType

from delinquency.config import Config
from delinquency.errors import ChoiceError, unknown_name


@dataclass(frozen=True)
class Stage:
    """One step of the work.

    Attributes
    ----------
    name : str
        Name on the command line, and of its module in ``delinquency.stages``, which has a
        function ``run(config)``.
    purpose : str
        What it does, for the help page.
    """

    name: str
    purpose: str


STAGES = MappingProxyType(
    {
        stage.name: stage
        for stage in (
            Stage("inspect", "look at a file before training: inspect.path=<file>"),
            Stage("data", "read the source and write the canonical tables"),
            Stage("features", "engineer the features of the six traits"),
            Stage("train", "fit the model on the features, then evaluate and explain it"),
            Stage(
                "evaluate",
                "measure the model: hold-out; evaluation=cross_validation, =tables",
            ),
            Stage("explain", "explain every account by the six traits"),
            Stage("cards", "write the case book: a card for each account most at risk"),
            Stage("truth_audit", "score explanations against the truth (synthetic data)"),
            Stage("score", "score new accounts: score.input=<file>"),
            Stage("forgetting", "measure what clearing overdue records costs the model"),
            Stage("case", "open, record, ask and clear in the casework store: case.do=<command>"),
            Stage("treat", "propose lawful help for every account above the cut-off"),
            Stage("policy_diff", "compare the policy with treatment.against=<name>"),
            Stage("ui", "open the MLflow UI on this machine"),
            Stage("notebook", "run the notebooks"),
        )
    }
)
"""Stages by name, in the order of the work."""


def run_stage(config: Config) -> None:
    """Run the stage that the configuration names.

    Parameters
    ----------
    config : Config

    Raises
    ------
    ChoiceError
        If there is no such stage, or none is named.
    """
    name = str(config.stage)
    if not name:
        raise ChoiceError(f"Name a stage: stage=<name>. Known: {', '.join(STAGES)}.")
    if name not in STAGES:
        raise unknown_name("stage", name, list(STAGES))
    import_module(f"delinquency.stages.{name}").run(config)
