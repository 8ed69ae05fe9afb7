"""What was measured, in results.json: by server, then by family."""

from __future__ import annotations

import json
import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

import hyperkit

SERVERS = ("lxd", "incus")
# Rows that no server is needed for stand by themselves.
ALONE = "alone"
FILE = Path(__file__).parent / "results.json"
_LIBRARIES = ("requests", "urllib3", "websockets", "pyOpenSSL", "pylxd")


def load() -> dict[str, Any]:
    """Read what has been kept."""
    if not FILE.exists():
        return {}
    found: dict[str, Any] = json.loads(FILE.read_text())
    return found


def keep(where: str, family: str, found: dict[str, Any]) -> None:
    """Put a family in the place of what it was; all else stays."""
    whole = load()
    whole["machine"] = machine()
    whole.setdefault("measured", {}).setdefault(where, {})[family] = found
    part = FILE.with_suffix(".part")
    part.write_text(json.dumps(rounded(whole), indent=1, ensure_ascii=False) + "\n")
    part.replace(FILE)


def rounded(value: Any) -> Any:
    """Keep five digits: nothing is measured better."""
    if isinstance(value, dict):
        return {name: rounded(one) for name, one in value.items()}
    if isinstance(value, list):
        return [rounded(one) for one in value]
    return float(f"{value:.5g}") if isinstance(value, float) else value


def machine() -> dict[str, Any]:
    """Tell what this ran on."""
    versions = {"hyperkit": hyperkit.__version__}
    for name in _LIBRARIES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = ""
    return {
        "processors": os.cpu_count(),
        "machine": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
        "libraries": versions,
    }
