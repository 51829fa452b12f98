"""The PostgreSQL server of the casebook's tests, for the exported statement."""

import importlib.util
from pathlib import Path

_PATH = Path(__file__).parents[1] / "casebook" / "conftest.py"
_SPEC = importlib.util.spec_from_file_location("casebook_conftest", _PATH)
_MODULE = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_MODULE)
postgres_server, postgres_url = _MODULE.postgres_server, _MODULE.postgres_url
