"""The tables of what was measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from .results import ALONE, SERVERS
from .rows import CLI, FLOOR, OURS, PYLXD, REQUESTS

if TYPE_CHECKING:
    from collections.abc import Iterator

PEERS = (FLOOR, OURS, REQUESTS, PYLXD, CLI)
TITLES = {ALONE: "without a server", "lxd": "LXD", "incus": "Incus"}
_RATES = {"MiB/s", "events/s", "GETs/s"}
_GROWTH = "cost of an instance"
_DASH = "–"
_NOTHING = "Nothing has been measured yet."

Row = dict[str, Any]


class Highlight(NamedTuple):
    """A row of README.md.

    Attributes:
        work: what it is called in the results.
        shown: what it is called in README.md.
        unit: what is compared, in words.
        counted: what was counted; the time is compared if this is empty.
        ours: which of hyperkit's contenders is compared.
    """

    work: str
    shown: str
    unit: str = "time"
    counted: str = ""
    ours: str = OURS


HIGHLIGHTS = (
    Highlight("run true", "run `true` in a container"),
    Highlight("256 MiB of standard output", "256 MiB of a command's output"),
    Highlight(
        "50 containers: create, start, stop, delete",
        "50 containers: create, start, stop, delete",
        "time, by a batch",
        ours=f"{OURS}, batch",
    ),
    Highlight("wait for 200 operations", "wait for 200 operations", "requests", "requests"),
    Highlight("1,000 instances, recursion=1, replayed", "1,000 instances with `recursion=1`"),
    Highlight("10,000 events, replayed", "10,000 events"),
    Highlight("push of 1,024 MiB", "push a file of 1 GiB", "MiB of memory", "memory MiB"),
    Highlight("import, whole process", "`import`"),
    Highlight("script that lists instances, whole process", "script that lists instances"),
)


def rows(found: Row) -> Iterator[tuple[str, str, Row]]:
    """List all rows: server, family, row."""
    measured = found.get("measured", {})
    for where in (ALONE, *SERVERS):
        for family, part in measured.get(where, {}).items():
            for row in part["rows"]:
                yield where, family, row
            if part["failed"]:
                yield where, family, {"work": family, "failed": part["failed"]}


def table(head: list[str], lines: list[list[str]]) -> list[str]:
    """Write a table."""
    cells = [head, ["---"] * len(head), *lines]
    return ["| " + " | ".join(line) + " |" for line in cells]


def number(value: float | None) -> str:
    """Write a number with as many digits as mean something."""
    if value is None:
        return _DASH
    if value >= 1000:
        return f"{value:,.0f}"
    if value == int(value):
        return str(int(value))
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def spread(figure: dict[str, float] | None) -> str:
    """Write a median, and between what the middle half of the rounds lies."""
    if figure is None:
        return _DASH
    text = number(figure["median"])
    if figure["rounds"] > 1:
        text += f" ({number(figure['low'])}–{number(figure['high'])})"
    return text


def others(values: dict[str, str]) -> str:
    """Write who is none of the usual ones."""
    listed = [
        f"{name.removeprefix(f'{OURS}, ')} {text}"
        for name, text in values.items()
        if name not in PEERS
    ]
    return "; ".join(listed)


def aims(found: Row) -> list[str]:
    """Compare what was measured with what was aimed at."""
    order: dict[tuple[str, str], dict[str, str]] = {}
    for where, _, row in rows(found):
        if row["failed"]:
            order.setdefault((row["work"], "to be measured"), {})[where] = "**failed**"
        for aim in row.get("aims", ()):
            key = row["work"], aim["text"]
            verdict = {True: "met", False: "**not met**", None: "not measured"}[aim["met"]]
            value = f"{number(aim['value'])}, " if aim["value"] is not None else ""
            order.setdefault(key, {})[where] = value + verdict
    lines = []
    for (work, text), by in order.items():
        cells = [by.get(where, "") for where in SERVERS]
        if ALONE in by:
            cells = [by[ALONE], by[ALONE]] if not any(cells) else cells
        lines.append([work, text, *cells])
    return table(["work", "aim", "LXD", "Incus"], lines)


def machine(found: Row) -> list[str]:
    """Say what it was measured on."""
    about = found.get("machine")
    if not about:
        return [_NOTHING]
    measured = found["measured"]
    versions = [server(found, where) for where in SERVERS if measured.get(where)]
    days = sorted({part["when"][:10] for by in measured.values() for part in by.values()})
    libraries = [f"{name} {version}" for name, version in about["libraries"].items() if version]
    span = " to ".join(dict.fromkeys([days[0], days[-1]]))
    text = (
        f"Measured on {' and '.join(versions)}; {about['system']}, {about['machine']}, "
        f"{about['processors']} processors, Python {about['python']}, {', '.join(libraries)}; "
        f"{span}."
    )
    return [text]


def server(found: Row, where: str) -> str:
    """Name a server and its version."""
    families = found["measured"][where].values()
    return f"{TITLES[where]} {next(iter(families))['version']}"


def times(found: Row) -> list[str]:
    """List all figures, a table for each server."""
    lines: list[str] = []
    for where in (ALONE, *SERVERS):
        cells = []
        for at, family, row in rows(found):
            if at != where or family == "embedded" or row["work"].startswith(_GROWTH):
                continue
            if row["failed"]:
                cells.append([row["work"], "", f"failed: {row['failed']}", *[""] * 5])
                continue
            shown = {name: spread(figure) for name, figure in row["figures"].items()}
            usual = [shown.get(name, _DASH) for name in PEERS]
            cells.append([row["work"], row["unit"], *usual, others(shown)])
        if cells:
            lines += ["", f"**{TITLES[where][0].upper()}{TITLES[where][1:]}**", ""]
            lines += table(["work", "unit", *PEERS, "others"], cells)
    return lines[1:]


def counts(found: Row) -> list[str]:
    """List what was counted."""
    cells = []
    for where, family, row in rows(found):
        if family == "embedded" or row["failed"] or row["work"].startswith(_GROWTH):
            continue
        kinds = dict.fromkeys(kind for by in row["counts"].values() for kind in by)
        for kind in kinds:
            values = {name: number(by[kind]) for name, by in row["counts"].items() if kind in by}
            usual = [values.get(name, _DASH) for name in PEERS]
            where_ = "" if where == ALONE else TITLES[where]
            cells.append([row["work"], where_, kind, *usual, others(values)])
    return table(["work", "server", "counted", *PEERS, "others"], cells)


def curve(found: Row) -> dict[str, dict[int, float]]:
    """Find what one of so many costs, by contender."""
    by: dict[str, dict[int, float]] = {}
    for _, _, row in rows(found):
        if row["work"].startswith(_GROWTH) and not row["failed"]:
            for name, figure in row["figures"].items():
                who, _, size = name.rpartition(", ")
                by.setdefault(who, {})[int(size.replace(",", ""))] = figure["median"]
    return by


def growth(found: Row) -> list[str]:
    """List what one of so many costs."""
    by = curve(found)
    sizes = sorted({size for curve_ in by.values() for size in curve_})
    lines = [
        [name, *[number(by[name].get(size)) for size in sizes]] for name in PEERS if name in by
    ]
    return table(["µs for each of", *[f"{size:,}" for size in sizes]], lines)


def embedded(found: Row) -> list[str]:
    """List how fast the embedded server is."""
    lines = []
    for where, family, row in rows(found):
        if family == "embedded" and not row["failed"]:
            beside = "" if where == ALONE else f" (the real one is {TITLES[where]})"
            text = "; ".join(f"{name} {spread(one)}" for name, one in row["figures"].items())
            lines.append([row["work"] + beside, row["unit"], text])
    return table(["work", "unit", "medians"], lines)


def highlights(found: Row) -> list[str]:
    """Compare the main work with pylxd and lxc, as far as it was measured."""
    if not found.get("measured", {}).get("lxd"):
        return [_NOTHING]
    measured = {
        row["work"]: row for where, _, row in rows(found) if where != "incus" and not row["failed"]
    }
    lines = []
    for work, shown, unit, counted, ours in HIGHLIGHTS:
        row = measured.get(work)
        if row is None:
            continue
        names = (ours, PYLXD, CLI)
        if counted:
            values = [row["counts"].get(name, {}).get(counted) for name in names]
            cells = [_DASH if value is None else f"{value:,.0f}" for value in values]
        else:
            cells = ["1", *[ratio(slowness(row, name, ours)) for name in names[1:]]]
        lines.append([shown, *cells, unit])
    pylxd = f"{PYLXD} {found['machine']['libraries'][PYLXD]}".strip()
    return table([f"on {server(found, 'lxd')}", OURS, pylxd, "`lxc`", ""], lines)


def slowness(row: Row, name: str, beside: str) -> float | None:
    """Tell how much time a contender takes, with that of another as 1."""
    figures = row["figures"]
    if name not in figures or beside not in figures:
        return None
    found: float = figures[name]["median"] / figures[beside]["median"]
    return 1 / found if row["unit"] in _RATES else found


def ratio(value: float | None) -> str:
    """Write a ratio, with two digits where it is below 10."""
    if value is None:
        return _DASH
    return f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def show(row: Row) -> None:
    """Print a row."""
    if row["failed"]:
        print(f"  {row['work']}: FAILED: {row['failed']}")
        return
    print(f"  {row['work']}, {row['unit']}")
    for name, figure in row["figures"].items():
        about = row["counts"].get(name, {})
        counted = ", ".join(f"{kind} {number(value)}" for kind, value in about.items())
        print(f"    {name:28} {spread(figure):28} {counted}")
    for name, reason in row["missing"].items():
        print(f"    {name:28} –  {reason}")
    for aim in row["aims"]:
        verdict = {True: "met", False: "NOT MET", None: "not measured"}[aim["met"]]
        print(f"    aim: {aim['text']}: {number(aim['value'])}, {verdict}")
