from copy import deepcopy
from pathlib import Path

import pytest
import yaml

from delinquency.policy import policy_from_dict, policy_to_dict

FOLDER = Path(__file__).parents[2] / "conf" / "policy"


@pytest.fixture
def policy_mapping():
    """The whole seed policy, base and differences, fresh for each test to spoil."""
    differences = yaml.safe_load((FOLDER / "seed_2021.yaml").read_text(encoding="utf-8"))
    return deepcopy(policy_to_dict(policy_from_dict(differences, "seed_2021.yaml")))
