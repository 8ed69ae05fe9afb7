"""The plots of docs/performance.md, where matplotlib is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .rows import OURS
from .tables import PEERS, curve, rows, slowness

if TYPE_CHECKING:
    from pathlib import Path

    from .tables import Row

COLOURS = ("#9e9e9e", "#4c78a8", "#e45756", "#f2a541")


def draw(found: Row, folder: Path) -> None:
    """Draw both into a folder."""
    try:
        import matplotlib as mpl
    except ImportError:
        print("matplotlib is not installed: the plots stay as they were")
        return
    mpl.use("Agg")
    draw_peers(found, folder)
    draw_growth(found, folder)


def draw_peers(found: Row, folder: Path) -> None:
    """Draw the time of each contender, with hyperkit's as 1."""
    import matplotlib.pyplot as plt

    drawn = [
        row
        for where, family, row in rows(found)
        if where != "incus"
        and family != "embedded"
        and not row["failed"]
        and OURS in row["figures"]
    ]
    if not drawn:
        return
    figure, axes = plt.subplots(figsize=(9, 1 + 0.42 * len(drawn)), layout="constrained")
    for offset, name in enumerate(name for name in PEERS if name != OURS):
        ratios = {
            place: ratio
            for place, row in enumerate(drawn)
            if (ratio := slowness(row, name, OURS)) is not None
        }
        axes.barh(
            [place + (offset - 1.5) * 0.2 for place in ratios],
            [ratio - 1 for ratio in ratios.values()],
            0.19,
            left=1,
            color=COLOURS[offset],
            label=name,
        )
    axes.axvline(1, color="black", linewidth=1)
    axes.set_xscale("log")
    ticks = (0.25, 0.5, 1, 2, 4, 8, 16)
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_yticks(range(len(drawn)), [row["work"] for row in drawn])
    axes.invert_yaxis()
    axes.set_xlabel("time, with hyperkit's as 1: to the right is slower than hyperkit")
    axes.grid(axis="x", alpha=0.3)
    axes.legend()
    figure.savefig(folder / "performance-peers.png", dpi=110)
    plt.close(figure)


def draw_growth(found: Row, folder: Path) -> None:
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
    figure.savefig(folder / "performance-growth.png", dpi=110)
    plt.close(figure)
