"""The tables and plots of docs/performance.md; its words are written by hand."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .rows import CLI, FLOOR, OURS, PYLXD, REQUESTS

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCS = Path(__file__).parent.parent / "docs"
PAGE = DOCS / "performance.md"
PEERS = (FLOOR, OURS, REQUESTS, PYLXD, CLI)
ALONE = "alone"
TITLES = {ALONE: "without a server", "lxd": "LXD", "incus": "Incus"}
_RATES = {"MiB/s", "events/s", "GETs/s"}
_GROWTH = "cost of an instance"
_DASH = "–"

Row = dict[str, Any]


def write(found: Row) -> None:
    """Write what is generated between its markers, and the plots."""
    text = PAGE.read_text()
    parts = {
        "aims": aims(found),
        "machine": machine(found),
        "times": times(found),
        "counts": counts(found),
        "growth": growth(found),
        "embedded": embedded(found),
    }
    for name, lines in parts.items():
        begin, end = f"<!-- begin {name} -->\n", f"<!-- end {name} -->"
        pattern = re.compile(f"{begin}.*?{end}", re.DOTALL)
        if not pattern.search(text):
            message = f"{PAGE} has no place for {name!r}"
            raise ValueError(message)
        whole = f"{begin}\n" + "\n".join(lines) + f"\n\n{end}"
        text = pattern.sub(lambda _, whole=whole: whole, text)  # type: ignore[misc]
    PAGE.write_text(text)
    try:
        import matplotlib as mpl
    except ImportError:
        print("matplotlib is not installed: the plots stay as they were")
        return
    mpl.use("Agg")
    plot_peers(found)
    plot_growth(found)


def rows(found: Row) -> Iterator[tuple[str, str, Row]]:
    """List all rows: server, family, row."""
    measured = found.get("measured", {})
    for where in (ALONE, "lxd", "incus"):
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
        cells = [by.get(where, "") for where in ("lxd", "incus")]
        if ALONE in by:
            cells = [by[ALONE], by[ALONE]] if not any(cells) else cells
        lines.append([work, text, *cells])
    return table(["work", "aim", "LXD", "Incus"], lines)


def machine(found: Row) -> list[str]:
    """Say what it was measured on."""
    about = found.get("machine")
    if not about:
        return ["Nothing has been measured yet."]
    measured = found["measured"]
    versions = [
        f"{TITLES[where]} {next(iter(measured[where].values()))['version']}"
        for where in ("lxd", "incus")
        if measured.get(where)
    ]
    days = sorted({part["when"][:10] for by in measured.values() for part in by.values()})
    libraries = [f"{name} {version}" for name, version in about["libraries"].items() if version]
    span = " to ".join(dict.fromkeys([days[0], days[-1]]))
    text = (
        f"Measured on {' and '.join(versions)}; {about['system']}, {about['machine']}, "
        f"{about['processors']} processors, Python {about['python']}, {', '.join(libraries)}; "
        f"{span}."
    )
    return [text]


def times(found: Row) -> list[str]:
    """List all figures, a table for each server."""
    lines: list[str] = []
    for where in (ALONE, "lxd", "incus"):
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


def plot_peers(found: Row) -> None:
    """Draw the time of each contender, with hyperkit's as 1."""
    import matplotlib.pyplot as plt

    bars = []
    for where, family, row in rows(found):
        if where == "incus" or family == "embedded" or row["failed"]:
            continue
        mine = row["figures"].get(OURS)
        if mine is None:
            continue
        ratios = {}
        for name in PEERS:
            if name != OURS and name in row["figures"]:
                ratio = row["figures"][name]["median"] / mine["median"]
                ratios[name] = 1 / ratio if row["unit"] in _RATES else ratio
        bars.append((row["work"], ratios))
    if not bars:
        return
    shown = [name for name in PEERS if name != OURS]
    colours = dict(zip(shown, ("#9e9e9e", "#4c78a8", "#e45756", "#f2a541"), strict=True))
    figure, axes = plt.subplots(figsize=(9, 1 + 0.42 * len(bars)), layout="constrained")
    for place, (_, ratios) in enumerate(bars):
        for offset, name in enumerate(shown):
            if name in ratios:
                axes.barh(
                    place + (offset - 1.5) * 0.2,
                    ratios[name] - 1,
                    0.19,
                    left=1,
                    color=colours[name],
                    label=name if name not in axes.get_legend_handles_labels()[1] else None,
                )
    axes.axvline(1, color="black", linewidth=1)
    axes.set_xscale("log")
    ticks = (0.25, 0.5, 1, 2, 4, 8, 16)
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_yticks(range(len(bars)), [work for work, _ in bars])
    axes.invert_yaxis()
    axes.set_xlabel("time, with hyperkit's as 1: to the right is slower than hyperkit")
    axes.grid(axis="x", alpha=0.3)
    axes.legend()
    figure.savefig(DOCS / "performance-peers.png", dpi=110)
    plt.close(figure)


def plot_growth(found: Row) -> None:
    """Draw what one instance of a list costs, by the length of the list."""
    import matplotlib.pyplot as plt

    by = curve(found)
    if not by:
        return
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    for name in PEERS:
        if name in by:
            sizes = sorted(by[name])
            axes.plot(sizes, [by[name][size] for size in sizes], marker="o", label=name)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("instances in the list")
    axes.set_ylabel("µs for each")
    axes.grid(alpha=0.3, which="both")
    axes.legend()
    figure.savefig(DOCS / "performance-growth.png", dpi=110)
    plt.close(figure)
