from pathlib import Path

import pytest
import yaml

FOLDER = Path(__file__).parents[2] / "conf" / "policy"


@pytest.fixture
def policy_mapping():
    """The seed policy as its file holds it, fresh for each test to spoil."""
    return yaml.safe_load((FOLDER / "seed_2021.yaml").read_text(encoding="utf-8"))
