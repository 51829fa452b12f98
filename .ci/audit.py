"""Audits the installed packages, for `make check`: pinned, matching, unedited, and not known bad.

The first three need no network and must hold. Known weaknesses are asked of pip-audit where it is
installed and its service answers in time; where not, that is said, and nothing fails. Whether the
files are those that were installed is looked at with ``--files``, as it reads them all.
"""

import argparse
import base64
import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement

LOCK = Path("requirements.lock")
SECONDS = 45
"""How long the service of known weaknesses is waited for."""
WEAKNESSES_FOUND = 1


def canonical(name: str) -> str:
    """Return a package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned(text: str) -> dict[str, str]:
    """Return name -> version of the lines of a lock file."""
    pairs = (line.split("==") for line in text.split() if "==" in line)
    return {canonical(name): version for name, version in pairs}


def other_versions(lock: dict[str, str], installed: dict[str, Distribution]) -> Iterator[str]:
    """Yield every pinned package that is installed in another version, or is not."""
    for name, version in sorted(lock.items()):
        if name not in installed:
            yield f"{name}: {version} is pinned, and it is not installed"
        elif installed[name].version != version:
            yield f"{name}: {version} is pinned, and {installed[name].version} is installed"


def unmet(lock: dict[str, str], installed: dict[str, Distribution]) -> Iterator[str]:
    """Yield every need of a pinned package that the installed ones do not meet."""
    for name in sorted(lock.keys() & installed.keys()):
        for line in installed[name].requires or ():
            need = Requirement(line)
            if need.marker and not need.marker.evaluate({"extra": ""}):
                continue
            there = installed.get(canonical(need.name))
            if there is None:
                yield f"{name} needs {need.name}, which is not installed"
            elif not need.specifier.contains(there.version, prereleases=True):
                yield f"{name} needs {need.name}{need.specifier}; {there.version} is installed"


def changed_files(package: Distribution) -> Iterator[str]:
    """Yield every file of a package that is not as its list of digests says."""
    for file in package.files or ():
        if file.hash is None or file.hash.mode != "sha256":
            continue
        path = Path(str(file.locate()))
        if not path.is_file():
            yield f"{file}: missing"
            continue
        found = base64.urlsafe_b64encode(hashlib.sha256(path.read_bytes()).digest())
        if found.rstrip(b"=").decode() != file.hash.value:
            yield f"{file}: changed since it was installed"


def known_weaknesses() -> tuple[str, bool]:
    """Return what pip-audit says of the lock file, and whether it found a weakness."""
    if not shutil.which("pip-audit", path=str(Path(sys.executable).parent)):
        return "not looked up: pip-audit is not installed (pip install pip-audit)", False
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(LOCK), "--no-deps",
               "--disable-pip", "--progress-spinner", "off", "--timeout", "10"]  # fmt: skip
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return "not looked up: the service did not answer in time", False
    if done.returncode == 0:
        return "none", False
    if done.returncode == WEAKNESSES_FOUND and "Vulnerability" in done.stderr + done.stdout:
        return f"found\n{done.stdout}", True
    told = (done.stderr.strip().splitlines() or ["no answer"])[-1][:120]
    return f"not looked up: {told}", False


def main() -> None:
    """Print what was found; leave with 1 where something must be put right."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", action="store_true", help="read every installed file too")
    chosen = parser.parse_args()
    installed = {canonical(p.metadata["Name"]): p for p in distributions() if p.metadata["Name"]}
    lock = pinned(LOCK.read_text(encoding="utf-8"))
    faults = [*other_versions(lock, installed), *unmet(lock, installed)]
    if chosen.files:
        faults += [fault for name in sorted(lock.keys() & installed.keys())
                   for fault in changed_files(installed[name])]  # fmt: skip
    told, weak = known_weaknesses()
    for fault in faults:
        print(f"  {fault}")
    print(f"audit: {len(lock)} pinned packages, {len(faults)} faults; known weaknesses: {told}")
    if faults:
        print("Put right: make setup (after rm .venv/.installed), or correct requirements.lock.")
    raise SystemExit(bool(faults) or weak)


if __name__ == "__main__":
    main()
