"""Tables and a chart from the figures that versus_run.py keeps."""

import statistics

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt

COLOURS = {"Lockstep": "#1f6f8b", "PyTorch": "#d9863d", "Keras": "#8a8a8a"}


def cases_of(results):
    """Large pictures first, then many ranks, then small batches."""
    return sorted(results["cases"].values(), key=lambda case: (-case["size"], -case["ranks"], case["batch"]))


def title(case):
    ranks = f"{case['ranks']} ranks" if case["ranks"] > 1 else "1 rank"
    return f"{case['size']}×{case['size']}, batch {case['batch']} a rank, {ranks}"


def speeds(row):
    """Images/s of each run: the median over its steps."""
    return [run["images_per_second"]["median"] for run in row["runs"]]


def peak_mib(row):
    return max(max(run["peak_rss_bytes"]) for run in row["runs"]) / 2**20


def is_lockstep(row):
    return row["name"].startswith("Lockstep")


def base_speed(case):
    """What all ratios are of: Lockstep with synchronized BatchNorm."""
    return statistics.median(speeds(case["programs"][0]))


def table(lines, heads):
    """Markdown: the first column to the left, numbers to the right."""
    rows = [heads, ["---"] + ["---:"] * (len(heads) - 1), *lines]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n"


def table_line(row, base):
    if not row["runs"]:
        return [row["name"], "does not run", *["–"] * 4]
    values = speeds(row)
    median = statistics.median(values)
    numbers = [f"{value:.2f}" for value in (median, min(values), max(values))]
    return [row["name"], *numbers, f"{peak_mib(row):.0f}", f"{base / median:.2f} ×"]


def case_table(case):
    base = base_speed(case)
    lines = [table_line(row, base) for row in case["programs"]]
    return table(lines, ["program", "images/s", "lowest", "highest", "MiB a process", "Lockstep is"])


def failures(case):
    """A line for each program that does not run, or failed after it had run."""
    lines = []
    for row in case["programs"]:
        if row.get("error"):
            runs = len(row["runs"])
            what = f"failed after {runs} round{'s' if runs > 1 else ''}" if runs else "does not run"
            lines.append(f"- {row['name']} {what}: `{row['error'].replace('`', chr(39))}`")
    return ["\n".join(lines) + "\n"] if lines else []


def summary_table(cases):
    lines = []
    for case in cases:
        peers = [row for row in case["programs"] if row["runs"] and not is_lockstep(row)]
        if not peers:
            continue
        best = max(peers, key=lambda row: statistics.median(speeds(row)))
        speed = statistics.median(speeds(best))
        base = base_speed(case)
        lines.append([title(case), f"{base:.2f}", best["name"], f"{speed:.2f}", f"{base / speed:.2f} ×"])
    return table(lines, ["case", "Lockstep, images/s", "fastest other", "images/s", "Lockstep is"])


def circumstances(case):
    """One line about when a case was measured, and how quietly."""
    rounds = max(len(row["runs"]) for row in case["programs"])
    line = (
        f"{case['date'][:10]}, {rounds} round{'s' if rounds > 1 else ''}, load {case['load_at_start']:.2f} at the start"
    )
    others = [run["others_processors"] for row in case["programs"] for run in row["runs"]]
    known = [value for value in others if value is not None]
    if known:
        line += f"; other programs kept at most {max(known):.2f} processors busy during a run"
    return line + "."


def machine_line(case):
    machine = case["machine"]
    return (
        f"{machine['cpu']}, {machine['processors']} processors, "
        f"{machine['memory_bytes'] / 2**30:.0f} GiB, huge pages {machine['huge_pages']}, {machine['system']}"
    )


def version_line(case):
    versions = []
    for row in case["programs"]:
        for run in row["runs"]:
            name = run["version"]
            if is_lockstep(row):
                name = f"Lockstep {name.removeprefix('lockstep ')} ({run['isa']})"
            if name not in versions:
                versions.append(name)
    return ", ".join(versions)


def background(cases):
    """Machines and versions; named once where they are the same for all cases."""
    lines = []
    for describe, what in ((machine_line, "Machine"), (version_line, "Programs")):
        by_text = {}
        for case in cases:
            by_text.setdefault(describe(case), []).append(title(case))
        for text, titles in by_text.items():
            where = "" if len(by_text) == 1 else f" ({'; '.join(titles)})"
            lines.append(f"- {what}{where}: {text}")
    return "\n".join(lines)


def page(cases):
    parts = [
        "# Lockstep beside PyTorch and Keras\n",
        "Written by `bench/versus` from `versus.json`, which has every single figure; [bench/README.md]"
        "(../bench/README.md) says what\nis compared and how to read it. Training steps of the article's MobileNetV2 "
        "with BatchNorm and L2, in images/s over all\nprocesses: medians of the runs' medians. `Lockstep is` has "
        "Lockstep with synchronized BatchNorm as a multiple of the\nrow; `MiB a process`, the largest process's peak "
        "of resident memory.\n",
        background(cases) + "\n",
        "![images/s of all programs](versus.png)\n",
        "## Lockstep and the fastest other program\n",
        summary_table(cases),
    ]
    for case in cases:
        parts += [f"## {title(case)}\n", case_table(case), *failures(case), circumstances(case) + "\n"]
    return "\n".join(parts)


def draw_bar(axes, place, row, base):
    """A row's bar, from lowest to highest a thin line, and its label. Returns how far it reaches."""
    if not row["runs"]:
        axes.text(0, place, " does not run", va="center", fontsize=8, color="#a02020")
        return 0.0
    values = speeds(row)
    median = statistics.median(values)
    axes.barh(place, median, height=0.72, color=COLOURS[row["name"].split()[0].strip(",")])
    if len(values) > 1:
        axes.plot([min(values), max(values)], [place, place], color="#202020", linewidth=1)
    label = f" {median:.1f}" if row["name"] == "Lockstep" else f" {median:.1f}  ({base / median:.2f}×)"
    axes.text(max(values), place, label, va="center", fontsize=8)
    return max(values)


def draw_case(axes, case):
    base = base_speed(case)
    rows = case["programs"]
    reach = max(draw_bar(axes, place, row, base) for place, row in enumerate(rows))
    axes.axvline(base, color=COLOURS["Lockstep"], linewidth=0.8, linestyle=":", zorder=0)
    axes.set_yticks(range(len(rows)), [row["name"] for row in rows], fontsize=8)
    axes.invert_yaxis()
    axes.set_xlim(0, reach * 1.4)
    axes.set_title(title(case), fontsize=10)
    axes.tick_params(axis="x", labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)


def draw(cases, path):
    """A panel for each case, three in a row."""
    columns = min(3, len(cases))
    lines = -(-len(cases) // columns)
    figure, grid = plt.subplots(lines, columns, figsize=(5.4 * columns, 3.2 * lines + 0.7), squeeze=False)
    panels = list(grid.flat)
    for axes, case in zip(panels, cases):
        draw_case(axes, case)
    for axes in panels[len(cases) :]:
        axes.axis("off")
    figure.suptitle(
        "Training MobileNetV2: images/s, more is better\n"
        "in brackets: Lockstep with synchronized BatchNorm is so many times as fast",
        fontsize=11,
    )
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def write(results, folder):
    cases = cases_of(results)
    draw(cases, folder / "versus.png")
    (folder / "versus.md").write_text(page(cases))
    print(f"wrote {folder}/versus.md and versus.png", flush=True)
