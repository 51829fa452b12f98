"""Hydra's side of the choices: composes ``conf/`` and hands out plain dataclasses."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.config_store import ConfigStore
from omegaconf import MISSING, DictConfig, OmegaConf
from omegaconf.errors import ConfigKeyError, OmegaConfBaseException
from yaml import YAMLError

from delinquency.casebook.case_options import CaseOptions
from delinquency.casework.treatment_options import TreatmentOptions
from delinquency.errors import ChoiceError
from delinquency.features.feature_options import FeatureOptions
from delinquency.modeling.evaluation_options import (
    CrossValidationEvaluation,
    EvaluationOptions,
    HoldOutEvaluation,
    NewAccountEvaluation,
    TableEvaluation,
)
from delinquency.modeling.lightgbm_options import LightGBMOptions
from delinquency.modeling.split_options import SplitOptions
from delinquency.reasons.reason_options import ReasonOptions
from delinquency.reporting.card_options import CardOptions
from delinquency.sources import data_options
from delinquency.sources.inspect.inspect_options import InspectOptions
from delinquency.synthetic.portfolio_options import SyntheticData
from delinquency.validation.audit_options import AuditOptions
from delinquency.workspace.folders import Workspace, workspace
from delinquency.workspace.path_options import PathOptions
from delinquency.workspace.score_options import ScoreOptions
from delinquency.workspace.tracking_options import TrackingOptions

HYDRA_VERSION_BASE = "1.3"
MOST_UNANSWERED = 12
"""Values still to be filled in that an error lists."""
HELP = """\
delinquency: which card accounts will fall behind, why, and what help is lawful.

Stages (stage=<name>):
{stages}

Choices (<group>=<name>):
{choices}

Every key can be changed:
  python -m delinquency stage=train data=taiwan model.learning_rate=0.02
A value with a comma, brackets or an equals sign is quoted:
  python -m delinquency stage=train 'features.traits=[credit_record,debt_burden]'
Several runs in one go:
  python -m delinquency -m stage=train seed=1,2,3
All keys with their values:
  python -m delinquency stage=train --cfg job
"""


@dataclass
class Config:
    """All choices of one command."""

    # What to do.
    stage: str = ""
    # Which portfolio.
    data: data_options.DataOptions = MISSING
    # Which features.
    features: FeatureOptions = field(default_factory=FeatureOptions)
    # Learner and calibration.
    model: LightGBMOptions = field(default_factory=LightGBMOptions)
    # How rows become train, calibration and test.
    split: SplitOptions = field(default_factory=SplitOptions)
    # What is measured, and against whom.
    evaluation: EvaluationOptions = MISSING
    # What counts as a reason.
    reasons: ReasonOptions = field(default_factory=ReasonOptions)
    # Limits and rules, each with its source; read by delinquency.policy.
    policy: dict[str, Any] = field(default_factory=dict)
    # Proposals within the policy.
    treatment: TreatmentOptions = field(default_factory=TreatmentOptions)
    # The case book.
    cards: CardOptions = field(default_factory=CardOptions)
    # The audit of explanations against the truth.
    audit: AuditOptions = field(default_factory=AuditOptions)
    # Scoring of new accounts.
    score: ScoreOptions = field(default_factory=ScoreOptions)
    # A look at a file before training.
    inspect: InspectOptions = field(default_factory=InspectOptions)
    # The casework store and what to do in it.
    case: CaseOptions = field(default_factory=CaseOptions)
    # MLflow.
    tracking: TrackingOptions = field(default_factory=TrackingOptions)
    # Folders.
    paths: PathOptions = field(default_factory=PathOptions)
    # Seed of every random step.
    seed: int = 42
    # Threads; 0 for all processors.
    n_threads: int = 0

    @property
    def workspace(self) -> Workspace:
        """The folders of the chosen data set."""
        return workspace(self.paths, self.data.name)

    def __post_init__(self) -> None:
        if self.n_threads == 0:
            self.n_threads = len(os.sched_getaffinity(0)) if _HAS_AFFINITY else os.cpu_count() or 1


_HAS_AFFINITY = hasattr(os, "sched_getaffinity")

_SCHEMAS: Mapping[str, Mapping[str, type]] = {
    "data": {
        "taiwan_data": data_options.TaiwanData,
        "synthetic_data": SyntheticData,
        "panel_data": data_options.PanelData,
        "table_data": data_options.TableData,
    },
    "features": {"feature_options": FeatureOptions},
    "model": {"lightgbm_options": LightGBMOptions},
    "split": {"split_options": SplitOptions},
    "evaluation": {
        "hold_out_evaluation": HoldOutEvaluation,
        "cross_validation_evaluation": CrossValidationEvaluation,
        "table_evaluation": TableEvaluation,
        "new_account_evaluation": NewAccountEvaluation,
    },
    "tracking": {"tracking_options": TrackingOptions},
    "paths": {"path_options": PathOptions},
}
"""Shapes by group, under the names that the files of ``conf/`` begin their defaults with."""


def conf_dir() -> Path:
    """Return the folder of the configuration: inside an installed package, or the checkout's."""
    package = Path(__file__).parent
    packaged = package / "conf"
    return packaged if packaged.is_dir() else package.parent.parent / "conf"


def register() -> None:
    """Tell Hydra the shapes of all groups."""
    store = ConfigStore.instance()
    store.store(name="schema", node=Config)
    for group, schemas in _SCHEMAS.items():
        for name, node in schemas.items():
            store.store(group=group, name=name, node=node)


def help_page(stages: Mapping[str, str], *folders: Path) -> str:
    """Return what ``--help`` shows: stages, and the choices that the folders hold.

    Parameters
    ----------
    stages : mapping of str to str
        Stage name -> what it does.
    folders : Path
        Folders of YAML files by group: the project's, and a user's own.

    Notes
    -----
    Hydra's own page reads every group several times over, and lists the shapes with the choices.
    """
    groups: dict[str, set[str]] = {}
    for folder in folders:
        for file in sorted(folder.glob("*/*.yaml")):
            groups.setdefault(file.parent.name, set()).add(file.stem)
    listed = "\n".join(f"  {name:20s} {text}" for name, text in stages.items())
    choices = "\n".join(
        f"  {name:20s} {', '.join(sorted(groups[name]))}" for name in sorted(groups)
    )
    return HELP.format(stages=listed, choices=choices)


def to_config(composed: DictConfig) -> Config:
    """Return a composed configuration as plain dataclasses, their checks run.

    Parameters
    ----------
    composed : DictConfig

    Returns
    -------
    Config

    Raises
    ------
    ChoiceError
        If values are still to be filled in (``???``), naming them all.
    """
    _refuse_unanswered(composed)
    config = OmegaConf.to_object(composed)
    assert isinstance(config, Config)
    return config


def in_words(error: Exception) -> str:
    """Return what is wrong with a YAML file or a command line, with the nearest known key.

    Parameters
    ----------
    error : Exception
        Raised while the configuration was read or composed.

    Returns
    -------
    str
    """
    if isinstance(error, YAMLError):
        return (
            f"A YAML file of the configuration cannot be read: {error}\n"
            "Each key stands once, indented by spaces."
        )
    cause = error.__cause__ or error.__context__
    if not isinstance(cause, OmegaConfBaseException):
        return str(error).strip()
    text = f"{str(error).split(':')[0]}: {cause.full_key}: {str(cause.msg).splitlines()[0]}."
    if isinstance(cause, ConfigKeyError) and is_dataclass(cause.object_type):
        known = [one.name for one in fields(cause.object_type)]
        near = get_close_matches(str(cause.key), known, n=1)
        text += f" Did you mean {near[0]!r}?" if near else ""
        text += f" Known: {', '.join(sorted(known))}."
    return text


def _refuse_unanswered(composed: DictConfig) -> None:
    """Raise when a draft was taken as it is, with its question marks."""
    missing = sorted(OmegaConf.missing_keys(composed))
    if not missing:
        return
    # A key with a dot in it (a code, a column) is written without one in front: data.special[-9].
    keys = [re.sub(r"\.\[", "[", key) for key in missing]
    shown = "\n".join(f"  {key}" for key in keys[:MOST_UNANSWERED])
    more = len(keys) - MOST_UNANSWERED
    raise ChoiceError(
        f"{len(keys)} {'value is' if len(keys) == 1 else 'values are'} still to be filled in "
        f"(written '???'):\n{shown}{f'{chr(10)}  and {more} more' if more > 0 else ''}\n"
        "Answer each in its YAML file (those under data in conf/data/), or on the command line."
    )


def as_yaml(config: Config) -> str:
    """Return all choices as YAML, to be kept with a model."""
    return OmegaConf.to_yaml(OmegaConf.structured(config))


def as_dict(config: Any) -> dict[str, Any]:
    """Return choices as plain nested values."""
    plain = OmegaConf.to_container(OmegaConf.structured(config), resolve=True)
    assert isinstance(plain, dict)
    return {str(key): value for key, value in plain.items()}


def load(overrides: Sequence[str]) -> Config:
    """Compose a configuration without a command line, for notebooks and tests.

    Parameters
    ----------
    overrides : sequence of str
        As on the command line: ``["stage=train", "data=taiwan"]``.

    Returns
    -------
    Config
    """
    register()
    with initialize_config_dir(str(conf_dir()), version_base=HYDRA_VERSION_BASE):
        composed = compose("config", overrides=list(overrides), return_hydra_config=False)
    return to_config(composed)
