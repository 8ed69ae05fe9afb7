"""Write the table of ``docs/reliability.md`` from the reports of test runs.

pytest tests/faults --junitxml=faults.xml
pytest tests/conformance --live lxd --junitxml=lxd.xml
python tools/reliability.py "embedded server=faults.xml" "LXD 5.0.2=lxd.xml" ...
"""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree as ET

PAGE = Path(__file__).parent.parent / "docs" / "reliability.md"
BEGIN, END = "<!-- written by tools/reliability.py -->", "<!-- until here -->"


def main(arguments: list[str]) -> None:
    """Read the reports, and replace the table."""
    runs = [argument.split("=", 1) for argument in arguments]
    seen: dict[str, str] = {}
    counts: dict[str, dict[str, list[int]]] = defaultdict(dict)
    for run, report in runs:
        for case in ET.parse(report).iter("testcase"):  # noqa: S314
            found = {one.get("name"): one.get("value") or "" for one in case.iter("property")}
            if "fault" not in found or case.find("skipped") is not None:
                continue
            failed = case.find("failure") is not None or case.find("error") is not None
            seen.setdefault(found["fault"], found["seen"])
            passed = counts[found["fault"]].setdefault(run, [0, 0])
            passed[failed] += 1
    names = [run for run, _ in runs]
    lines = [
        f"| fault | what the caller sees | {' | '.join(names)} |",
        "| --- | --- |" + " --- |" * len(names),
    ]
    for fault, text in seen.items():
        shown = [_shown(counts[fault].get(run, [0, 0])) for run in names]
        lines.append(f"| {fault} | {text} | {' | '.join(shown)} |")
    sums = [
        _shown([sum(row.get(run, [0, 0])[which] for row in counts.values()) for which in (0, 1)])
        for run in names
    ]
    lines.append(f"| **in all** | | {' | '.join(sums)} |")
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(BEGIN)
    after = rest.split(END)[1]
    table = "\n".join(lines)
    PAGE.write_text(f"{before}{BEGIN}\n\n{table}\n\n{END}{after}", encoding="utf-8")


def _shown(counts: list[int]) -> str:
    passed, failed = counts
    return f"{passed}, **{failed} failed**" if failed else str(passed) if passed else "-"


if __name__ == "__main__":
    main(sys.argv[1:])
