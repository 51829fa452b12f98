"""data=taiwan_as_panel and data=taiwan_as_table give the Taiwan file by YAML alone."""

from dataclasses import asdict
from pathlib import Path

import pandas as pd
import pytest
from omegaconf import OmegaConf
from tests.sources.test_taiwan import OPTIONS, wide_frame

from delinquency.features.feature_matrix import build_features, select_features
from delinquency.features.feature_options import FeatureOptions
from delinquency.panel.windows import build_windows
from delinquency.sources.data_options import PanelData, TableData
from delinquency.sources.monthly_panel import read_panel
from delinquency.sources.ready_table import read_table
from delinquency.sources.taiwan import PANEL, read_taiwan
from delinquency.sources.taiwan_facts import FEATURES, KnownFacts

CONF = Path(__file__).parents[2] / "conf" / "data"


def options_of(name: str, shape: type):
    """Return a data set's YAML as its dataclass."""
    chosen = OmegaConf.load(CONF / f"{name}.yaml")
    chosen.pop("defaults", None)
    return OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(shape), chosen))


@pytest.fixture
def raw_dir(tmp_path: Path) -> Path:
    (tmp_path / "taiwan").mkdir()
    frame = wide_frame().rename(columns={"default.payment.next.month": "DEFAULT"})
    frame.loc[1, list(FEATURES)] = frame.loc[0, list(FEATURES)]
    frame.to_csv(tmp_path / "taiwan" / "file.csv", index=False)
    return tmp_path


def test_the_panel_road_gives_what_the_dedicated_adapter_gives(raw_dir):
    dedicated = read_taiwan(OPTIONS, raw_dir, known=KnownFacts(60, 12))
    general = read_panel(options_of("taiwan_as_panel", PanelData), raw_dir)
    assert dedicated.tables.keys() == general.tables.keys()
    for name, table in dedicated.tables.items():
        pd.testing.assert_frame_equal(general.tables[name], table)
    pd.testing.assert_frame_equal(general.outcomes, dedicated.outcomes)
    pd.testing.assert_frame_equal(general.groups, dedicated.groups)
    assert general.groups["group_id"].nunique() == 59, "rows 1 and 2 are equal"


def test_the_panel_road_gives_the_same_feature_matrix_bit_for_bit(raw_dir):
    dedicated = read_taiwan(OPTIONS, raw_dir, known=KnownFacts(60, 12))
    general = read_panel(options_of("taiwan_as_panel", PanelData), raw_dir)
    matrices = []
    for source in (dedicated, general):
        windows = build_windows(source.tables, source.outcomes, n_months=6)
        matrices.append(build_features(windows, select_features(windows, FeatureOptions())))
    pd.testing.assert_frame_equal(matrices[0], matrices[1], check_exact=True)
    assert matrices[0].shape[1] > 100


def test_yaml_and_adapter_state_one_mapping():
    by_yaml = asdict(options_of("taiwan_as_panel", PanelData))["tables"]
    in_python = asdict(PANEL)["tables"]
    for name, mapping in in_python.items():
        for key in ("columns", "wide", "wide_months", "codes", "constants"):
            assert by_yaml[name][key] == mapping[key], f"{name}.{key}"


def test_the_table_road_gives_every_raw_column_a_trait_and_no_protected_one(raw_dir):
    source = read_table(options_of("taiwan_as_table", TableData), raw_dir)
    names = set(source.features.columns) - {"account_id", "observation_month"}
    assert names == set(FEATURES) - {"SEX", "AGE", "MARRIAGE"}
    assert set(source.protected.columns) >= {"sex", "age", "marital_status"}
    assert source.labels["bad"].sum() == 12
    assert source.labels["group_id"].nunique() == 59
