from pathlib import Path

import pytest
import yaml

from delinquency.policy import policy_from_dict

FOLDER = Path(__file__).parents[2] / "conf" / "policy"


@pytest.fixture(scope="session")
def policies():
    """The four policies by name."""
    return {
        file.stem: policy_from_dict(yaml.safe_load(file.read_text(encoding="utf-8")), file.name)
        for file in sorted(FOLDER.glob("*.yaml"))
    }


@pytest.fixture(scope="session")
def seed(policies):
    """The default policy."""
    return policies["seed_2021"]
