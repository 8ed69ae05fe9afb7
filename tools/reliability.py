"""Write the table of ``docs/reliability.md`` from the reports of test runs.

pytest tests/faults --junitxml=faults.xml
pytest tests/conformance --live lxd --junitxml=lxd.xml
python tools/reliability.py "embedded server=faults.xml" "LXD 5.0.2=lxd.xml" ...
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree as ET

PAGE = Path(__file__).parent.parent / "docs" / "reliability.md"
BEGIN, END = "<!-- written by tools/reliability.py -->", "<!-- until here -->"


def table(runs: dict[str, str]) -> str:
    """Write the table: a row for each fault, a column for each run.

    Args:
        runs: the report of each, by its name.
    """
    seen: dict[str, str] = {}
    counts: dict[str, dict[str, list[int]]] = defaultdict(dict)
    for run, report in runs.items():
        for case in ET.parse(report).iter("testcase"):  # noqa: S314 - of our own
            found = {one.get("name"): one.get("value") or "" for one in case.iter("property")}
            if "fault" not in found or case.find("skipped") is not None:
                continue
            failed = case.find("failure") is not None or case.find("error") is not None
            seen.setdefault(found["fault"], found["seen"])
            passed = counts[found["fault"]].setdefault(run, [0, 0])
            passed[failed] += 1
    lines = [
        f"| fault | what the caller sees | {' | '.join(runs)} |",
        "| --- | --- |" + " --- |" * len(runs),
    ]
    for fault, text in seen.items():
        shown = [_shown(counts[fault].get(run, [0, 0])) for run in runs]
        lines.append(f"| {fault} | {text} | {' | '.join(shown)} |")
    sums = [
        _shown([sum(row.get(run, [0, 0])[which] for row in counts.values()) for which in (0, 1)])
        for run in runs
    ]
    lines.append(f"| **in all** | | {' | '.join(sums)} |")
    return "\n".join(lines)


def _shown(counts: list[int]) -> str:
    passed, failed = counts
    return f"{passed}, **{failed} failed**" if failed else str(passed) if passed else "-"


def main() -> int:
    """Read the reports, and replace the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", nargs="+", metavar="NAME=REPORT")
    runs = dict(run.partition("=")[::2] for run in parser.parse_args().runs)
    if not all(runs.values()):
        parser.error("reports are given as NAME=REPORT")
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    text = f"{before}{BEGIN}\n\n{table(runs)}\n\n{END}{after}"
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
