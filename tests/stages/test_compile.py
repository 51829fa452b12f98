"""What the set-up compiles ahead is all that a training needs."""

import json
import os
import subprocess
import sys

import pytest

SCRIPT = """
import json, sys
from numba.core.dispatcher import Dispatcher
from delinquency.config import load
from delinquency.stages import run_stage

def compiled():
    return {
        f"{value.py_func.__module__}.{value.py_func.__name__} {signature}"
        for name, module in list(sys.modules.items()) if name.startswith("delinquency")
        for value in vars(module).values()
        if isinstance(value, Dispatcher) and value.py_func.__module__.startswith("delinquency")
        for signature in value.signatures
    }

run_stage(load(["stage=compile"]))
ahead = compiled()
run_stage(load(["stage=train", "data.n_accounts=1500", "data.seed=5", "seed=3", "tracking=none",
                "model.n_estimators=40", "evaluation.n_boot=10"]))
print(json.dumps([len(ahead), sorted(compiled() - ahead)]))
"""


@pytest.mark.skipif(not os.environ.get("DELINQUENCY_ENGINES"), reason="slow: make test-engines")
def test_a_training_after_the_set_up_compiles_nothing(tmp_path):
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    n_ahead, more = json.loads(ran.stdout.splitlines()[-1])

    assert n_ahead > 20
    assert more == []
