"""Draws the results of tests/bench/run as SVG files that read on a light and on a dark ground.

    build/bench-venv/bin/python tests/bench/support/plots.py build/bench/results.json DIR

Two runs' files differ in their figures only.
"""

import collections
import json
import pathlib
import statistics
import sys

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams.update(
    {
        "svg.hashsalt": "taskstate",
        "svg.fonttype": "none",
        "font.family": "sans-serif",
        "font.size": 10,
        "text.color": "#808890",
        "axes.labelcolor": "#808890",
        "axes.edgecolor": "#808890",
        "axes.titlesize": 11,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "xtick.color": "#808890",
        "ytick.color": "#808890",
        "legend.frameon": False,
    }
)
import matplotlib.pyplot as plt  # noqa: E402

COLORS = {
    "taskstate": "#2f81f7",
    "naive": "#db8b0b",
    "raw": "#db8b0b",
    "same": "#8e7cc3",
    "fdatasync": "#909aa4",
    "redis": "#e5534b",
    "river": "#2aa198",
    "goqite": "#8e7cc3",
    "huey": "#db8b0b",
    "huey, FULL": "#b58900",
}


def text(value):
    if value >= 1e6:
        return f"{value / 1e6:.3g}M"
    if value >= 1e4:
        return f"{value / 1e3:.3g}k"
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"


class Results:
    def __init__(self, path):
        self.values = collections.defaultdict(list)
        for each in json.loads(pathlib.Path(path).read_text())["samples"]:
            self.values[each["suite"], each["case"], each["side"]].append(each)

    def median(self, suite, case, side, figure="value"):
        found = [each[figure] for each in self.values.get((suite, case, side), []) if each.get(figure) is not None]
        return statistics.median(found) if found else None


def bars(path, title, axis, groups, log=False, scale=1.0):
    """Groups of bars lying down: [(label, [(side, value or None)...])...]. Draws nothing if there is nothing."""
    groups = [(label, [(side, value * scale) for side, value in sides if value]) for label, sides in groups]
    groups = [group for group in groups if group[1]]
    if not groups:
        return
    rows = sum(len(sides) for _, sides in groups)
    figure, axes = plt.subplots(figsize=(7.2, 0.75 + 0.24 * rows + 0.22 * len(groups)), layout="constrained")
    at, ticks, shown = 0.0, [], {}
    for label, sides in groups:
        ticks.append((at + (len(sides) - 1) / 2, label))
        for side, value in sides:
            shown[side] = axes.barh(at, value, height=0.86, color=COLORS.get(side, "#909aa4"))
            axes.annotate(text(value), (value, at), xytext=(4, 0), textcoords="offset points", va="center", fontsize=9)
            at += 1
        at += 0.7
    axes.set_yticks([place for place, _ in ticks], [label for _, label in ticks])
    axes.tick_params(axis="y", length=0)
    axes.invert_yaxis()
    if log:
        axes.set_xscale("log")
    axes.margins(x=0.12)
    axes.set_title(title, loc="left")
    axes.set_xlabel(axis)
    figure.legend(shown.values(), shown.keys(), loc="outside lower center", ncols=min(len(shown), 5), fontsize=9)
    figure.savefig(path, transparent=True, metadata={"Date": None, "Creator": None})
    plt.close(figure)


def main(source, directory):
    results = Results(source)
    directory = pathlib.Path(directory)
    directory.mkdir(parents=True, exist_ok=True)

    def group(label, suite, case, sides, figure="value"):
        return label, [(side, results.median(suite, case, side, figure)) for side in sides]

    bars(
        directory / "answers.svg",
        "A status answer",
        "nanoseconds, logarithmic; shorter is better",
        [
            group("C", "reads", "hit, 1 thread", ("taskstate", "raw")),
            group("1,000 commits/s beside", "beside", "1000 hot, 1000 commits/s", ("taskstate", "raw")),
            group("5,000 commits/s beside", "beside", "10000 hot, 5000 commits/s", ("taskstate", "raw")),
            group("Go", "go", "decide", ("taskstate", "raw")),
            group("Python", "python", "decide", ("taskstate", "raw")),
        ],
        log=True,
    )
    callers = (("one caller", "alone"), ("8", "8"), ("32", "32"), ("2 processes x 8", "2x8"))
    bars(
        directory / "changes.svg",
        "Durable changes",
        "per second; more is better",
        [group(label, "writes", case, ("taskstate", "same", "naive", "fdatasync")) for label, case in callers],
    )
    bars(
        directory / "changes-slow-disk.svg",
        "Durable changes where a flush takes 1 ms longer",
        "per second; more is better",
        [group(label, "slow disk", case, ("taskstate", "same", "naive", "fdatasync")) for label, case in callers],
    )
    bars(
        directory / "tails.svg",
        "How long 99 of 100 callers wait at the longest, at a random moment",
        "milliseconds, logarithmic; shorter is better",
        [group(label, "writes", case, ("taskstate", "same", "naive"), "p99_wait_us") for label, case in callers],
        log=True,
        scale=1e-3,
    )
    bars(
        directory / "redis.svg",
        "Durable changes, beside Redis with an fsync before each reply",
        "per second; more is better",
        [group(label, "redis", case, ("taskstate", "redis")) for label, case in callers],
    )
    go, python = ("taskstate", "river", "goqite"), ("taskstate", "huey", "huey, FULL")
    bars(
        directory / "peers.svg",
        "Tasks created, taken and completed, each step durable",
        "per second; more is better",
        [
            *(group(f"Go, {n} at once", "go", f"lifecycle, {n}", go) for n in (1, 8)),
            *(group(f"Python, {n} at once", "python", f"lifecycle, {n}", python) for n in (1, 8)),
        ],
    )
    bulk = sorted({case for suite, case, _ in results.values if suite == "bulk"})
    bars(
        directory / "bulk.svg",
        "Many tasks in one call",
        "tasks per second; more is better",
        [group(case, "bulk", case, ("taskstate", "same")) for case in bulk],
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
