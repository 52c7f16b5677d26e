"""Tables and a plot of scaling.json, beside what the model says."""

import shutil
import statistics
import subprocess

import scaling_model as model
import scaling_run
import scaling_schedule as schedule
from runs import Failure
from scaling_networks import NETWORKS, tcp
from scaling_plan import Cluster

NAMES = {"lockstep": "Lockstep", "mixed": "Lockstep, mixed precision", "ddp": "PyTorch DDP, tuned"}
RATES = {"1gbit": 1e9, "100mbit": 1e8}
PLOTTED_RANKS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192]


def table(heads, lines):
    rows = [heads, ["---"] + ["---:"] * (len(heads) - 1), *lines]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n"


def median(values):
    return statistics.median(values)


def spread(values, digits=3):
    """Median, lowest and highest."""
    return f"{median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def seconds(record):
    return median(record["step_seconds"])


def by_round(records, program):
    """Of each round, {(ranks, batch): seconds}."""
    rounds = {}
    for r in records:
        if r["program"] == program:
            rounds.setdefault(r["round"], {})[r["ranks"], r["batch"]] = seconds(r)
    return list(rounds.values())


def measured_part(results):
    records = results.get("measured", [])
    if not records:
        return []
    batch = max(r["batch"] for r in records)
    lines = []
    for program, name in NAMES.items():
        rounds = [r for r in by_round(records, program) if len(r) == 3]
        if rounds:
            one, weak, strong = ([r[key] for r in rounds] for key in ((1, batch), (2, batch), (2, batch // 2)))
            lines.append([name, spread(one), spread(weak), spread([a / b for a, b in zip(one, weak)]),
                          spread(strong), spread([a / (2 * b) for a, b in zip(one, strong)])])  # fmt: skip
    others = [r["others_processors"] for r in records if r["others_processors"] is not None]
    rounds = max(r["round"] for r in records)
    size = records[0]["size"]
    note = f"{rounds} rounds, {size}×{size}; other programs kept at most {max(others, default=0):.2f} processors busy.\n"
    heads = ["program", f"1 rank, {batch}: s", f"2 ranks, {batch} each: s", "weak efficiency",
             f"2 ranks, {batch // 2} each: s", "strong efficiency"]  # fmt: skip
    return ["## One machine, 1 and 2 cores\n", table(heads, lines), note]


def host_times(results):
    """{(program, rate): seconds of each round}."""
    times = {}
    for r in results.get("hosts", []):
        times.setdefault((r["program"], r["rate"]), []).append(seconds(r))
    return times


def predicted(plans, step, rate, ranks):
    network = tcp(rate, RATES[rate], latency=50e-6, overhead=10e-6)
    return model.replay(step, network, plans.starts(step, Cluster(ranks, 1)))["step"]


def hosts_part(results, plans):
    times = host_times(results)
    free = [r for r in results.get("hosts", []) if r["program"] == "lockstep" and r["rate"] == "none"]
    lines = []
    for (program, rate), values in sorted(times.items()):
        line = [NAMES[program], rate, spread(values), f"{median(times[program, 'none']) / median(values):.2f}"]
        if program == "lockstep" and rate in RATES and free:
            guess = median([predicted(plans, r["schedule"], rate, 2) for r in free])
            line += [f"{guess:.3f}", f"{100 * (guess / median(values) - 1):+.0f} %"]
        lines.append(line + ["–"] * (6 - len(line)))
    heads = ["program", "rate", "step, s", "of the speed without limit", "model, s", "error"]
    return ["## Two hosts, one rank each\n", table(heads, lines)] if lines else []


def pattern_part(results, plans):
    records = results.get("pattern", [])
    step = scaling_run.latest_schedule(results)
    lines = []
    for r in records:
        time = seconds(r)
        line = [str(r["hosts"]), r["rate"], spread(r["step_seconds"])]
        if r["rate"] in RATES:
            guess = predicted(plans, step, r["rate"], r["hosts"])
            line += [f"{guess:.3f}", f"{100 * (guess / time - 1):+.0f} %"]
        lines.append(line + ["–"] * (5 - len(line)))
    return ["## Several hosts, computing slept through\n", table(["hosts", "rate", "step, s", "model, s", "error"], lines)] if lines else []


def simulated_part(results, plans):
    lines = []
    bucket = plans.bucket()
    step = scaling_run.latest_schedule(results)
    for r in sorted(results.get("simulated", []), key=lambda r: (r["network"], r["parts"], r["ranks"], r["per_node"], r["spread"])):
        rows = schedule.parts(schedule.faster(step, r["cores"]), r["parts"], bucket)
        time = median([t["step"] for t in r["times"]])
        guess = model.replay(rows, NETWORKS[r["network"]], plans.starts(rows, Cluster(r["ranks"], r["per_node"])))
        measured, modelled = "–", "–"
        error = guess["step"] / time - 1
        if r["compute"]:
            measured, modelled = f"{r['compute'] / time:.3f}", f"{model.efficiency(rows, guess):.3f}"
        lines.append([NETWORKS[r["network"]].name, r["parts"], str(r["ranks"]), str(r["per_node"]), f"{r['cores']:g}",
                      f"{100 * r['spread']:g} %", f"{time:.5f}", measured, "–" if r["spread"] else modelled,
                      "–" if r["spread"] else f"{100 * error:+.1f} %"])  # fmt: skip
    heads = ["network", "parts", "ranks", "a node", "cores a rank", "spread", "step, s", "efficiency", "model", "error of its step"]
    return ["## Simulated clusters\n", table(heads, lines)] if lines else []


def model_part(results, plans):
    step = scaling_run.latest_schedule(results)
    lines = []
    for name, network in NETWORKS.items():
        for cores in (1, 4):
            rows = schedule.faster(step, cores)
            for per_node in (1, 4, 16, 64):
                line = [network.name, f"{cores}", str(per_node)]
                for ranks in (64, 1000, 1024, 8192):
                    times = model.replay(rows, network, plans.starts(rows, Cluster(ranks, per_node)))
                    line.append(f"{model.efficiency(rows, times):.3f}")
                times = model.replay(rows, network, plans.starts(rows, Cluster(1024, per_node), "direct"))
                lines.append([*line, f"{model.efficiency(rows, times):.3f}"])
    heads = ["network", "cores a rank", "ranks a node", "64", "1,000", "1,024", "8,192", "1,024 without levels"]
    return ["## The model: efficiency\n", table(heads, lines)]


def curve(plans, step, network, per_node, way):
    for ranks in PLOTTED_RANKS:
        if way == "levels" or ranks <= 1024:
            times = model.replay(step, network, plans.starts(step, Cluster(ranks, min(per_node, ranks)), way))
            yield ranks, model.efficiency(step, times)


def draw(results, path, plans):
    """gnuplot's commands and data, by its standard input."""
    if shutil.which("gnuplot") is None:
        raise Failure("there is no gnuplot, which draws the plot; on Debian: apt-get install gnuplot-nox")
    step = scaling_run.latest_schedule(results)
    curves = [(f"{network.name}, model{'' if way == 'levels' else ', without levels'}",
               "lines", list(curve(plans, step, network, 16, way)))
              for network in (NETWORKS["ib100"], NETWORKS["10gbe"]) for way in ("levels", "direct")]  # fmt: skip
    for name, parts in (("ib100", "all"), ("ib100", "sums"), ("10gbe", "all"), ("10gbe", "sums")):
        points = [(r["ranks"], r["compute"] / median([t["step"] for t in r["times"]])) for r in
                  results.get("simulated", [])
                  if r["network"] == name and r["parts"] == parts and r["per_node"] == 16 and r["cores"] == 1 and
                  r["ranks"] in PLOTTED_RANKS and not r["spread"]]  # fmt: skip
        if points:
            curves.append((f"{NETWORKS[name].name}, simulated{'' if parts == 'all' else ', sums alone'}", "points", points))
    rounds = [r for r in by_round(results.get("measured", []), "lockstep") if len(r) == 3]
    if rounds:
        batch = max(b for _, b in rounds[0])
        curves.append(("measured, one machine", "points", [(2, median([r[1, batch] / r[2, batch] for r in rounds]))]))
    plots = ", ".join(f"$d{i} using 1:2 with {kind} {'lw 2' if kind == 'lines' else 'pt 7 ps 1.3'} title '{title}'"
                      for i, (title, kind, _) in enumerate(curves))  # fmt: skip
    data = "".join(f"$d{i} << end\n" + "".join(f"{x} {y:.4f}\n" for x, y in points) + "end\n"
                   for i, (_, _, points) in enumerate(curves))  # fmt: skip
    text = f"""{data}set terminal png size 900,560
set output '{path}'
set title 'Weak scaling, 224x224, 32 images a rank of one core, 16 ranks a node'
set xlabel 'ranks'
set ylabel 'efficiency'
set logscale x 2
set yrange [0:1.05]
set grid
set key bottom left
plot {plots}
"""
    done = subprocess.run(["gnuplot"], input=text, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        raise Failure(f"gnuplot: {done.stdout.strip()[-500:]}")


def write(results, folder, plans):
    machine = results.get("machine", {"cpu": "unknown", "system": "unknown"})
    step = scaling_run.latest_schedule(results)
    parts = [
        "# Scaling: tables\n",
        "Written by `bench/scaling report` from `scaling.json`; [scaling.md](scaling.md) says what they mean. "
        "Medians; lowest and highest in brackets.\n",
        f"- Machine: {machine['cpu']}, {machine['system']}\n- Computing in a step of one rank: "
        f"{schedule.compute_seconds(step):.4f} s\n",
        *measured_part(results), *hosts_part(results, plans), *pattern_part(results, plans),
        *simulated_part(results, plans), *model_part(results, plans),
    ]  # fmt: skip
    (folder / "scaling-tables.md").write_text("\n".join(parts))
    draw(results, folder / "scaling.png", plans)
    print(f"wrote {folder}/scaling-tables.md and scaling.png", flush=True)
