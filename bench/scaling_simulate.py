"""Training steps on simulated clusters: src/comm itself, run by SimGrid's SMPI, with waiting in place of computing."""

import os
import re
import statistics
import time

import scaling_schedule as schedule
from runs import Failure, reason, run_command


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
    """The network as the platform says, and nothing that SMPI adds of its own; computing is what step.c says."""
    options = [
        "network/model:CM02", "network/latency-factor:1", "network/bandwidth-factor:1", "network/weight-S:0",
        "network/TCP-gamma:0", "network/crosstraffic:no",
        "smpi/simulate-computation:no", "smpi/privatization:no", "smpi/grow-injected-times:no",
        "smpi/coll-selector:ompi", "smpi/bcast:binomial_tree", "smpi/test:0", "smpi/wtime:0",
        "smpi/send-is-detached-thresh:0", "contexts/stack-size:128", "contexts/guard-size:0",
    ]  # fmt: skip
    if network.overhead:
        options += [f"smpi/{what}:0:{network.overhead:.9f}:0" for what in ("os", "ois")]
    return options


def simulate(program, network, step, cluster, shards, steps=1, spread=0.0, limit=1800):
    """Seconds of each simulated step, and where they went: a list of dicts. shards: of each rank."""
    folder = program.parent
    nodes = -(-cluster.ranks // cluster.per_node)
    (folder / "platform.xml").write_text(platform(network, nodes, cluster.per_node))
    (folder / "hosts").write_text("".join(f"n{rank // cluster.per_node}\n" for rank in range(cluster.ranks)))
    (folder / "schedule").write_text(schedule.text(step))
    command = ["smpirun", "-no-privatize", "-np", str(cluster.ranks), "-platform", str(folder / "platform.xml")]
    command += ["-hostfile", str(folder / "hosts")]
    command += [f"--cfg={setting}" for setting in settings(network)]
    command += [str(program), str(folder / "schedule"), str(steps), str(shards), f"{spread:g}"]
    begin = time.monotonic()
    receive = {"LOCKSTEP_RECEIVE_NS": f"{network.overhead * 1e9:.0f}"}
    status, output = run_command(command, {**os.environ, "LC_ALL": "C", **receive}, limit)
    if status != 0:
        raise Failure(f"a simulation of {cluster.ranks} ranks: {reason(status, output, limit)}")
    wall = time.monotonic() - begin
    names = ("step", "compute", "sums", "agreement", "ready", "finish")
    found = re.findall("^" + " ".join(name + r" ([\d.]+)" for name in names), output, re.M)
    if len(found) != steps:
        raise Failure(f"a simulation printed no times:\n{output[-2000:]}")
    return [dict(zip(names, map(float, line))) | {"wall": wall} for line in found]


def efficiency(step, times):
    """Computing alone as a part of the step."""
    return schedule.compute_seconds(step) / statistics.median(t["step"] for t in times)
