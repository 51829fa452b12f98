"""Hydra's side of the choices: composes ``conf/`` and hands out plain dataclasses."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.config_store import ConfigStore
from omegaconf import MISSING, DictConfig, OmegaConf

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
from delinquency.modeling.tune_options import TuneOptions
from delinquency.monitoring.monitor_options import MonitorOptions
from delinquency.panel.sample_options import SampleOptions
from delinquency.policy import base_rules
from delinquency.reasons.reason_options import ReasonOptions
from delinquency.reporting.card_options import CardOptions, ExplainOptions
from delinquency.sources import data_options
from delinquency.sources.inspect.inspect_options import InspectOptions
from delinquency.synthetic.portfolio_options import SyntheticData
from delinquency.validation.audit_options import AuditOptions
from delinquency.validation.registry_options import RegistryOptions
from delinquency.validation.validation_options import ValidationOptions
from delinquency.workspace.engines.engine_options import EngineOptions
from delinquency.workspace.folders import Workspace, workspace
from delinquency.workspace.path_options import PathOptions
from delinquency.workspace.score_options import ScoreOptions
from delinquency.workspace.serve_options import ServeOptions
from delinquency.workspace.tracking_options import TrackingOptions

HYDRA_VERSION_BASE = "1.3"
ENVIRONMENT = "${oc.env:"
PASSWORD = re.compile(r"://[^/@\s:]*:[^/@\s]+@|[?&;](password|pwd|passwd)=[^&;]", re.IGNORECASE)
"""An address with a password in it."""
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
    # How much of a portfolio that does not fit is looked at.
    sample: SampleOptions = field(default_factory=SampleOptions)
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
    policy: dict[str, Any] = field(default_factory=base_rules)
    # Proposals within the policy.
    treatment: TreatmentOptions = field(default_factory=TreatmentOptions)
    # The case book.
    cards: CardOptions = field(default_factory=CardOptions)
    # One account on the screen.
    explain: ExplainOptions = field(default_factory=ExplainOptions)
    # The audit of explanations against the truth.
    audit: AuditOptions = field(default_factory=AuditOptions)
    # The validation: thresholds, and what people write.
    validation: ValidationOptions = field(default_factory=ValidationOptions)
    # The search of the model's choices.
    tune: TuneOptions = field(default_factory=TuneOptions)
    # The model registry: challenger, gates, champion.
    registry: RegistryOptions = field(default_factory=RegistryOptions)
    # Scoring of new accounts.
    score: ScoreOptions = field(default_factory=ScoreOptions)
    # A new month against the reference.
    monitor: MonitorOptions = field(default_factory=MonitorOptions)
    # The model served on this machine.
    serve: ServeOptions = field(default_factory=ServeOptions)
    # Where the parts of large work run.
    engine: EngineOptions = field(default_factory=EngineOptions)
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

    @property
    def card_cut_off(self) -> float:
        """The cut-off of reasons, unless the cards were given their own."""
        own = self.cards.cut_off
        return self.reasons.cut_off if own is None else own

    @property
    def proposal_cut_off(self) -> float:
        """The cut-off of reasons, unless the proposals were given their own."""
        own = self.treatment.cut_off
        return self.reasons.cut_off if own is None else own

    def __post_init__(self) -> None:
        if self.n_threads == 0:
            self.n_threads = len(os.sched_getaffinity(0)) if _HAS_AFFINITY else os.cpu_count() or 1


_HAS_AFFINITY = hasattr(os, "sched_getaffinity")

_SCHEMAS: Mapping[str, Mapping[str, type]] = {
    "data": {
        "taiwan_data": data_options.TaiwanData,
        "synthetic_data": SyntheticData,
        "panel_data": data_options.PanelData,
        "parts_data": data_options.PartsData,
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
    "validation": {"validation_options": ValidationOptions},
    "engine": {"engine_options": EngineOptions},
    "tracking": {"tracking_options": TrackingOptions},
    "paths": {"path_options": PathOptions},
}
"""Shapes by group, under the names that the files of ``conf/`` begin their defaults with."""


def conf_dir() -> Path:
    """Return the folder of the configuration: inside an installed package, or the checkout's."""
    package = Path(__file__).parent
    packaged = package / "conf"
    return packaged if packaged.is_dir() else package.parent.parent / "conf"


@cache
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
    plain = OmegaConf.to_container(composed, resolve=False)
    _refuse_passwords(plain)
    config = OmegaConf.to_object(composed)
    assert isinstance(config, Config)
    _keep_expressions(config, plain)
    return config


def schema_names(group: str) -> set[str]:
    """Return the names of a group's shapes, which are no choices."""
    return set(_SCHEMAS.get(group, ()))


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


class FromEnvironment(str):
    """A text that a YAML file takes from the environment; what is written holds the expression.

    Attributes
    ----------
    expression : str
        Such as ``${oc.env:BANK_DB}``.
    """

    expression: str

    def __new__(cls, value: str, expression: str) -> "FromEnvironment":
        """Return ``value``, known by its expression."""
        made = super().__new__(cls, value)
        made.expression = expression
        return made

    def __getnewargs__(self) -> tuple[str, str]:  # type: ignore[override]
        """Return what a copy is made of."""
        return str(self), self.expression


def _keep_expressions(value: Any, plain: Any) -> Any:
    """Return a value with each text from the environment known by its expression."""
    if isinstance(plain, str):
        told = isinstance(value, str) and ENVIRONMENT in plain
        return FromEnvironment(value, plain) if told else value
    if is_dataclass(value) and isinstance(plain, Mapping):
        for one in fields(value):
            if one.name in plain:
                before = getattr(value, one.name)
                after = _keep_expressions(before, plain[one.name])
                if after is not before:
                    setattr(value, one.name, after)
        return value
    if isinstance(value, dict) and isinstance(plain, Mapping):
        for key, one in value.items():
            value[key] = _keep_expressions(one, plain.get(key))
        return value
    if isinstance(value, list) and isinstance(plain, list):
        pairs = zip(value, plain, strict=False)
        value[: len(plain)] = [_keep_expressions(one, other) for one, other in pairs]
    return value


def _refuse_passwords(plain: Any, key: str = "") -> None:
    """Raise for an address with a password in it, which would be written to many places.

    Raises
    ------
    ChoiceError
    """
    if isinstance(plain, Mapping):
        for name, one in plain.items():
            _refuse_passwords(one, f"{key}.{name}" if key else str(name))
    elif isinstance(plain, list):
        for one in plain:
            _refuse_passwords(one, key)
    elif isinstance(plain, str) and ENVIRONMENT not in plain and PASSWORD.search(plain):
        variable = key.rpartition(".")[2].upper()
        raise ChoiceError(
            f"{key}: this address holds a password, which would be kept with every model and "
            f"run. Put the address into an environment variable, and write "
            f"{key.rpartition('.')[2]}: ${{oc.env:{variable}}}"
        )


def as_yaml(config: Config) -> str:
    """Return all choices as YAML, to be kept with a model; no value from the environment is."""
    return OmegaConf.to_yaml(OmegaConf.create(as_dict(config)))


def as_dict(config: Any) -> dict[str, Any]:
    """Return choices as plain nested values; what comes from the environment as its expression."""
    plain = _plain(config)
    assert isinstance(plain, dict)
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, FromEnvironment):
        return value.expression
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value


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
