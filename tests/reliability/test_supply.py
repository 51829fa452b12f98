"""The audit of the installed packages, and the bill of materials."""

import base64
import hashlib
import importlib.util
import json
import subprocess
import sys
from importlib.metadata import Distribution, distributions
from pathlib import Path

import pytest

CI = Path(__file__).parents[2] / ".ci"


def module(name):
    spec = importlib.util.spec_from_file_location(f"ci_{name}", CI / f"{name}.py")
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


audit = module("audit")


@pytest.fixture
def package(tmp_path):
    """A package of one file, version 1.0, that needs another one."""
    info = tmp_path / "toy-1.0.dist-info"
    info.mkdir()
    need = "Requires-Dist: other>=2\nRequires-Dist: never>=1; extra == 'x'\n"
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: toy\nVersion: 1.0\n{need}")
    (tmp_path / "toy.py").write_text("x = 1\n")
    return Distribution.at(info)


def test_a_package_of_another_version_or_none_is_named(package):
    installed = {"toy": package}
    assert list(audit.other_versions({"toy": "1.0"}, installed)) == []
    assert "1.1 is pinned, and 1.0" in next(audit.other_versions({"toy": "1.1"}, installed))
    assert "not installed" in next(audit.other_versions({"gone": "1"}, installed))


def test_a_need_that_is_not_met_is_named_and_an_extra_is_none(package):
    found = list(audit.unmet({"toy": "1.0"}, {"toy": package}))
    assert found == ["toy needs other, which is not installed"]


def test_a_file_that_was_edited_or_removed_is_named(package, tmp_path):
    right = base64.urlsafe_b64encode(hashlib.sha256(b"x = 1\n").digest()).rstrip(b"=").decode()
    record = tmp_path / "toy-1.0.dist-info/RECORD"
    record.write_text(f"toy.py,sha256={right},6\n")
    assert list(audit.changed_files(package)) == []
    (tmp_path / "toy.py").write_text("x = 2\n")
    assert list(audit.changed_files(package)) == ["toy.py: changed since it was installed"]
    (tmp_path / "toy.py").unlink()
    assert list(audit.changed_files(package)) == ["toy.py: missing"]


@pytest.mark.parametrize(
    ("code", "out", "weak", "told"),
    [
        (0, "", False, "none"),
        (1, "Name Version ID\nVulnerability PYSEC-1", True, "found"),
        (1, "ConnectionError: no route", False, "not looked up"),
        (None, "", False, "did not answer in time"),
    ],
)
def test_known_weaknesses_fail_and_an_absent_service_does_not(monkeypatch, code, out, weak, told):
    def run(command, **_):
        if code is None:
            raise subprocess.TimeoutExpired(command, 1)
        return subprocess.CompletedProcess(command, code, out, "" if weak else out)

    monkeypatch.setattr(audit.shutil, "which", lambda *_, **__: "pip-audit")
    monkeypatch.setattr(audit.subprocess, "run", run)
    found = audit.known_weaknesses()
    assert told in found[0] and found[1] is weak


def test_the_bill_names_every_package_with_a_digest_of_its_files(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["sbom", str(tmp_path / "sbom.json")])
    module("sbom").main()
    bill = json.loads((tmp_path / "sbom.json").read_text())
    parts = {part["name"].lower(): part for part in bill["components"]}
    names = {p.metadata["Name"].lower() for p in distributions() if p.metadata["Name"]}
    assert parts.keys() == names - {"delinquency"}
    assert len(parts["numpy"]["hashes"][0]["content"]) == 64
