"""Training steps on simulated clusters: src/comm itself, run by SimGrid's SMPI, with waiting in place of computing."""

import os
import pathlib
import re
import shutil
import statistics
import subprocess
import time

import scaling_schedule as schedule
from scaling_schedule import Failure

HERE = pathlib.Path(__file__).resolve().parent
SRC = HERE.parent / "src"
COMM = ("agree", "comm", "flight", "machine", "plan", "plan_levels", "stream", "sum")  # the rest of comm/ watches whether a job gets on
BASE = ("clock", "error", "random", "tree", "watch")
FLAGS = ("-std=c17", "-O2", "-g", "-D_GNU_SOURCE", "-Wno-unused-result")


def build(folder, source=SRC):
    """The program `step` for simulations, in `folder`."""
    if shutil.which("smpicc") is None:
        raise Failure("there is no smpicc; on Debian: apt-get install libsimgrid-dev")
    folder.mkdir(parents=True, exist_ok=True)
    files = [HERE / "simulated" / "step.c", HERE / "simulated" / "simgrid.c"]
    files += [source / "comm" / f"{name}.c" for name in COMM] + [source / "base" / f"{name}.c" for name in BASE]
    objects = []
    for file in files:
        out = folder / f"{file.stem}.o"
        include = ["-include", str(HERE / "simulated" / "in_simulation.h")] if file.parent.name == "comm" else []
        run(["smpicc", *FLAGS, f"-I{source}", f"-I{HERE}", *include, "-c", str(file), "-o", str(out)])
        objects.append(str(out))
    run(["smpicc", *objects, "-lm", "-o", str(folder / "step")])
    return folder / "step"


def run(command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode != 0:
        raise Failure(f"{' '.join(command[:3])} … ended with {done.returncode}:\n{done.stdout[-2000:]}")
    return done.stdout


def platform(network, nodes, ranks_per_node):
    """SimGrid's description: nodes on one switch that carries all at once; a link up and one down each."""
    return f"""<?xml version='1.0'?>
<!DOCTYPE platform SYSTEM "https://simgrid.org/simgrid.dtd">
<platform version="4.1">
  <cluster id="c" prefix="n" suffix="" radical="0-{nodes - 1}" speed="1Gf" core="{ranks_per_node}"
           bw="{network.bandwidth:.0f}Bps" lat="{network.latency / 2 * 1e9:.0f}ns" sharing_policy="SPLITDUPLEX"
           loopback_bw="{network.inner_bandwidth:.0f}Bps" loopback_lat="{network.inner_latency * 1e9:.0f}ns"/>
</platform>
"""


def settings(network):
    overhead = f"0:{network.overhead:.9f}:0"
    return [
        "network/model:CM02", "network/latency-factor:1", "network/bandwidth-factor:1", "network/weight-S:0",
        "network/TCP-gamma:0", "network/crosstraffic:no",
        "smpi/simulate-computation:no", "smpi/privatization:no", "smpi/grow-injected-times:no",
        "smpi/test:1e-6", "smpi/wtime:0", f"smpi/os:{overhead}", f"smpi/ois:{overhead}", f"smpi/or:{overhead}",
        "contexts/stack-size:128", "contexts/guard-size:0",
    ]  # fmt: skip


def simulate(program, network, step, ranks, ranks_per_node, shards, steps=2, spread=0.0, folder=None, limit=None):
    """Seconds of each simulated step, and where they went: a list of dicts."""
    folder = folder or program.parent
    nodes = -(-ranks // ranks_per_node)
    (folder / "platform.xml").write_text(platform(network, nodes, ranks_per_node))
    (folder / "hosts").write_text("".join(f"n{rank // ranks_per_node}\n" for rank in range(ranks)))
    (folder / "schedule").write_text(schedule.text(step))
    command = ["smpirun", "-no-privatize", "-np", str(ranks), "-platform", str(folder / "platform.xml")]
    command += ["-hostfile", str(folder / "hosts")]
    command += [f"--cfg={setting}" for setting in settings(network)]
    command += [str(program), str(folder / "schedule"), str(steps), str(shards), f"{spread:g}"]
    begin = time.monotonic()
    output = run(command, timeout=limit, env={**os.environ, "LC_ALL": "C"})
    found = re.findall(r"^step ([\d.]+) compute ([\d.]+) sums ([\d.]+) agreement ([\d.]+) ready ([\d.]+) finish ([\d.]+)",
                       output, re.M)  # fmt: skip
    if len(found) != steps:
        raise Failure(f"a simulation printed no times:\n{output[-2000:]}")
    names = ("step", "compute", "sums", "agreement", "ready", "finish")
    wall = time.monotonic() - begin
    return [dict(zip(names, map(float, line))) | {"wall": wall} for line in found]


def efficiency(step, times):
    """Computing alone as a part of the step."""
    return schedule.compute_seconds(step) / statistics.median(t["step"] for t in times)
