"""The stages, by name: one thin module each, imported only when it runs."""

from contextlib import nullcontext, suppress
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType

from delinquency.config import Config
from delinquency.errors import ChoiceError, MissingArtifactError, unknown_name
from delinquency.pipeline.exclusive_folders import alone_in


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
    alone : bool
        Whether it writes folders of its data set, and so waits until it is alone in them.
    """

    name: str
    purpose: str
    alone: bool = True


STAGES = MappingProxyType(
    {
        stage.name: stage
        for stage in (
            Stage("inspect", "look at a file before training: inspect.path=<file>", alone=False),
            Stage("data", "read the source and write the canonical tables"),
            Stage("features", "engineer the features of the six traits"),
            Stage("train", "fit the model on the features, then evaluate and explain it"),
            Stage(
                "evaluate",
                "measure the model: hold-out; evaluation=cross_validation, =tables",
            ),
            Stage("validate", "run the forty checks and write the validation document"),
            Stage("tune", "search the model's choices: tune.minutes=30, resumable"),
            Stage("registry", "challenger, gates, champion, way back: registry.do=<command>"),
            Stage("explain", "explain every account by the six traits"),
            Stage("cards", "write the case book: a card for each account most at risk"),
            Stage("truth_audit", "score explanations against the truth (synthetic data)"),
            Stage("score", "score new accounts: score.input=<file>", alone=False),
            Stage("serve", "serve the model on this machine: scores and reasons", alone=False),
            Stage("pack", "the served model with its wheels, to start offline", alone=False),
            Stage("monitor", "hold a new month against the model: monitor.input=<folder>"),
            Stage("export", "write the scorer as SQL and as one Python file"),
            Stage("forgetting", "measure what clearing overdue records costs the model"),
            Stage(
                "case",
                "open, record, ask and clear in the casework store: case.do=<command>",
                alone=False,
            ),
            Stage("treat", "propose lawful help for every account above the cut-off"),
            Stage("treatment_effects", "help as a trial against the truth (synthetic data)"),
            Stage("policy", "print the whole of the chosen policy: policy=<name>", alone=False),
            Stage("life_cases", "play sixteen life cases under every policy", alone=False),
            Stage("policy_diff", "compare the policy with treatment.against=<name>", alone=False),
            Stage("compile", "compile ahead what training and explaining run", alone=False),
            Stage("ui", "open the MLflow UI on this machine", alone=False),
            Stage("notebook", "run the notebooks", alone=False),
        )
    }
)
"""Stages by name, in the order of the work."""
REFRESHES_THE_PAGE = (
    "evaluate", "explain", "cards", "treat", "truth_audit", "validate", "forgetting",
)  # fmt: skip
"""Stages that add to a run's page, ``reports/<data>/index.html``, which ``train`` writes."""


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
    run = import_module(f"delinquency.stages.{name}").run
    with alone_in(config, f"stage={name}") if STAGES[name].alone else nullcontext():
        run(config)
        if name in REFRESHES_THE_PAGE:
            # Cross-validation and the like run without a trained model, which the page is of.
            with suppress(MissingArtifactError):
                import_module("delinquency.pipeline.run_report").refresh_run_page(config)
