"""Writes a software bill of materials (CycloneDX 1.5) of what is installed, for `make sbom`."""

import hashlib
import re
import sys
from importlib.metadata import Distribution, distributions
from pathlib import Path

from delinquency import __version__
from delinquency.workspace.artifacts import write_json


def component(package: Distribution) -> dict[str, object]:
    """Return one installed package: its name, version, licence, address and digest.

    The digest is that of the sorted list of the package's files with their own digests, as the
    installer wrote it: two machines with the same one have the same files.
    """
    meta = package.metadata
    name, version = meta["Name"], package.version
    stated = [c.rpartition(" :: ")[2] for c in meta.get_all("Classifier") or ()
              if c.startswith("License ::")]  # fmt: skip
    licence = meta.get("License-Expression") or "; ".join(stated) or meta.get("License") or ""
    lines = licence.strip().splitlines()
    entry: dict[str, object] = {
        "type": "library",
        "name": name,
        "version": version,
        "purl": f"pkg:pypi/{re.sub(r'[-_.]+', '-', name).lower()}@{version}",
    }
    files = sorted(f"{file} {file.hash.value}" for file in package.files or () if file.hash)
    if files:
        content = hashlib.sha256("\n".join(files).encode()).hexdigest()
        entry["hashes"] = [{"alg": "SHA-256", "content": content}]
    if lines:
        entry["licenses"] = [{"license": {"name": lines[0][:120]}}]
    return entry


def main() -> None:
    """Write the bill to the path given, and say how many packages have no stated licence."""
    path = Path(sys.argv[1])
    found = {p.metadata["Name"].lower(): p for p in distributions() if p.metadata["Name"]}
    packages = [component(found[name]) for name in sorted(found) if name != "delinquency"]
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": {"type": "application", "name": "delinquency", "version": __version__}
        },
        "components": packages,
    }
    write_json(bill, path)
    silent = [str(p["name"]) for p in packages if "licenses" not in p]
    print(f"{len(packages)} packages in {path}; without a stated licence: {', '.join(silent)}")


if __name__ == "__main__":
    main()
