"""One root: every YAML composes, a typo fails with the choices, the help page is quick."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hydra import compose, initialize_config_dir
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from delinquency.config import (
    _SCHEMAS,
    HYDRA_VERSION_BASE,
    as_dict,
    as_yaml,
    conf_dir,
    load,
    register,
    to_config,
)
from delinquency.errors import ChoiceError
from delinquency.sources.data_options import TaiwanData
from delinquency.stages import STAGES, run_stage
from delinquency.synthetic.portfolio_options import SyntheticData

GROUPS = (*_SCHEMAS, "policy")
FILES = [
    (folder, path.stem)
    for folder in GROUPS
    for path in sorted((conf_dir() / folder).glob("*.yaml"))
    if not path.stem.startswith("template")
]


def compose_raw(*overrides):
    register()
    with initialize_config_dir(str(conf_dir()), version_base=HYDRA_VERSION_BASE):
        return compose("config", overrides=list(overrides))


@pytest.mark.parametrize(("group", "name"), FILES)
def test_every_yaml_of_every_group_composes(group, name):
    config = load(["stage=train", f"{group}={name}"])
    assert as_dict(config)["stage"] == "train"


def repeated(choices: dict, shape: DictConfig) -> list[str]:
    """Keys of a file whose values are what the shape says anyway."""
    found = []
    for key, value in choices.items():
        if key == "defaults" or key not in shape or OmegaConf.is_missing(shape, key):
            continue
        default = shape[key]
        if isinstance(value, dict) and isinstance(default, DictConfig):
            found += [f"{key}.{inner}" for inner in repeated(value, default)]
        elif value == (
            OmegaConf.to_container(default) if OmegaConf.is_config(default) else default
        ):
            found.append(key)
    return found


@pytest.mark.parametrize(("group", "name"), FILES)
def test_a_default_stands_in_the_options_or_in_the_file_never_in_both(group, name):
    raw = yaml.safe_load((conf_dir() / group / f"{name}.yaml").read_text(encoding="utf-8"))
    shapes = [one for one in raw.get("defaults", []) if one in _SCHEMAS.get(group, {})]
    assert shapes or group == "policy"
    for shape in shapes:
        assert repeated(raw, OmegaConf.structured(_SCHEMAS[group][shape])) == []


def test_the_default_needs_no_file_and_no_network():
    assert isinstance(load(["stage=train"]).data, SyntheticData)


def test_a_data_set_brings_its_own_type():
    assert isinstance(load(["data=taiwan", "stage=data"]).data, TaiwanData)


def test_a_misspelt_key_is_refused():
    with pytest.raises(HydraException, match="num_leavs"):
        compose_raw("stage=train", "model.num_leavs=3")


def test_a_misspelt_choice_lists_the_choices():
    with pytest.raises(HydraException, match="taiwan_as_panel"):
        compose_raw("stage=train", "data=taiwn")


def test_a_value_of_the_wrong_type_is_refused():
    with pytest.raises((HydraException, OmegaConfBaseException), match="abc"):
        compose_raw("stage=train", "seed=abc")


def test_a_value_out_of_bounds_is_refused_by_its_options():
    with pytest.raises((ChoiceError, OmegaConfBaseException), match="subsample"):
        to_config(compose_raw("stage=train", "model.subsample=2"))


def test_an_unknown_stage_gets_the_nearest_match():
    config = load(["stage=trian"])
    with pytest.raises(ChoiceError, match="Did you mean 'train'"):
        run_stage(config)


def test_without_a_stage_the_stages_are_listed():
    with pytest.raises(ChoiceError, match=r"stage=<name>. Known: .*train"):
        run_stage(load([]))


def command(*arguments, cwd):
    return subprocess.run(
        [sys.executable, "-m", "delinquency", *arguments],
        cwd=cwd, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def test_the_help_page_names_every_stage(tmp_path):
    done = command("--help", cwd=tmp_path)
    assert done.returncode == 0
    assert all(f"  {name} " in done.stdout for name in STAGES)
    assert "  data                 synthetic, taiwan," in done.stdout


def test_the_help_page_lists_a_users_own_data_sets(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "cards_of_ours.yaml").write_text("name: cards_of_ours")
    done = command("--config-dir", str(tmp_path), "--help", cwd=tmp_path)
    assert "cards_of_ours" in done.stdout


def test_an_error_that_can_be_mended_is_one_text_without_a_traceback(tmp_path):
    done = command("stage=trian", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("error: Unknown stage 'trian'")
    assert "Traceback" not in done.stderr


HEAVY = ("pandas", "lightgbm", "mlflow", "shap", "sklearn", "numba", "matplotlib")


def test_starting_up_imports_nothing_heavy():
    code = (
        "import sys, delinquency.__main__; "
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_the_configuration_travels_with_a_checkout():
    assert conf_dir() == Path(__file__).parent.parent / "conf"


def test_question_marks_of_a_draft_are_listed_in_one_clean_error():
    composed = compose_raw("stage=inspect", "data=taiwan", "data.name=???", "data.currency=???")
    with pytest.raises(ChoiceError, match=r"2 values are still .*\n  data.currency\n  data.name"):
        to_config(composed)


def test_what_comes_from_the_environment_is_written_as_its_expression(tmp_path, monkeypatch):
    monkeypatch.setenv("BANK_DB", "postgresql://ann:secret@bank/db")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "own.yaml").write_text(
        "defaults: [table_data, _self_]\nname: own\nquery: SELECT 1\n"
        "database: ${oc.env:BANK_DB}\noutcome: {column: y}\n"
    )
    config = load(["data=own", f"hydra.searchpath=[file://{tmp_path}]"])
    assert config.data.database == "postgresql://ann:secret@bank/db"
    changed = replace(config, data=replace(config.data, title="t"))
    assert "secret" not in as_yaml(changed)
    assert as_dict(changed)["data"]["database"] == "${oc.env:BANK_DB}"
