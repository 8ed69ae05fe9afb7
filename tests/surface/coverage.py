"""Which endpoint was reached where; ``docs/coverage.md`` is written from it.

``PYTHONPATH=tests python -m surface.coverage`` writes it after a change of the tables.
Whole runs of the conformance suite leave a list each in ``reached/``. ``excuses.tsv`` says why
a server of the lab could not be made to do what it serves: method, path, server, reason.
"""

import csv
from itertools import groupby
from pathlib import Path

from surface.endpoints import ENDPOINTS

HERE = Path(__file__).parent
PAGE = HERE.parent.parent / "docs" / "coverage.md"
# The columns: how they are called, and the key of the server in the table of endpoints.
COLUMNS = {"replayed": None, "LXD 5.0.2": "lxd", "Incus 6.0.4": "incus", "Incus 7": "incus7"}

HEAD = """\
# Coverage

Every endpoint of LXD's and Incus' newest releases, the method of `hyperkit.Client` that reaches
it, and where that was tried. This page is written by the tests.

- **unit**: the method was called with every one of its arguments, and what it requested was
  compared with the list of the endpoint's query parameters and body keys;
- **replayed**: the conformance suite had it answered from a recording of a real server;
- **LXD 5.0.2**, **Incus 6.0.4**, **Incus 7**: the conformance suite had it answered by that server, live.

A dash stands for an endpoint that the server does not have; a number for the reason, below,
why the server could not be made to do it.

"""


def place(column):
    return HERE / "reached" / f"{column.lower().replace(' ', '-')}.txt"


def save(column, endpoints):
    place(column).parent.mkdir(exist_ok=True)
    place(column).write_text("".join(f"{one}\n" for one in sorted(endpoints)))
    PAGE.write_text(page())


def reached(column):
    return set(place(column).read_text().splitlines()) if place(column).exists() else set()


def excuses(server):
    """Find why a server cannot do what it serves, by endpoint."""
    with (HERE / "excuses.tsv").open(newline="") as table:
        rows = csv.DictReader(table, delimiter="\t")
        return {
            f"{row['method']} {row['path']}": row["reason"]
            for row in rows
            if row["server"] == server
        }


def missed(column, endpoints):
    """List what a server has, and a run has neither reached nor has an excuse for."""
    server = COLUMNS[column]
    if server is None:
        return []
    excused = excuses(server)
    return [
        str(one)
        for one in ENDPOINTS
        if one.served_by(server) and str(one) not in endpoints and str(one) not in excused
    ]


def chapter(endpoint):
    words = endpoint.path.split("/")
    return words[2] if len(words) > 2 else "server"


def page():
    """Write the page."""
    seen = {column: reached(column) for column in COLUMNS}
    reasons = []

    def cell(endpoint, column):
        server = COLUMNS[column]
        if str(endpoint) in seen[column]:
            return "yes"
        if server is None:
            return ""
        if not endpoint.served_by(server):
            return "-"
        reason = excuses(server).get(str(endpoint))
        if reason is None:
            return "no"
        if reason not in reasons:
            reasons.append(reason)
        return f"({reasons.index(reason) + 1})"

    lines = [HEAD, *summary(seen)]
    for title, endpoints in groupby(ENDPOINTS, chapter):
        lines += [f"\n## {title}\n\n", "| endpoint | method | unit |"]
        lines += [f" {column} |" for column in COLUMNS]
        lines += ["\n| --- | --- | --- |" + " --- |" * len(COLUMNS) + "\n"]
        for one in endpoints:
            methods = ", ".join(f"`{name}`" for name in one.hyperkit)
            lines.append(f"| `{one}` | {methods} | yes |")
            lines += [f" {cell(one, column)} |" for column in COLUMNS]
            lines.append("\n")
    if reasons:
        lines += ["\n## Reasons\n\n"]
        lines += [f"{number}. {reason}\n" for number, reason in enumerate(reasons, 1)]
    return "".join(lines)


def summary(seen):
    lines = ["| | endpoints |\n| --- | --- |\n", f"| in all | {len(ENDPOINTS)} |\n"]
    for column, server in COLUMNS.items():
        total = sum(one.served_by(server) for one in ENDPOINTS) if server else len(ENDPOINTS)
        lines.append(f"| {column} | {len(seen[column])} of {total} |\n")
    return lines


if __name__ == "__main__":
    PAGE.write_text(page())
