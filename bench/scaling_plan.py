"""What the programs of bench/plans print: the order of a training step, and how its sums are planned."""

import json
import os
import subprocess
from dataclasses import dataclass

import scaling_schedule as schedule
from runs import Failure


@dataclass(frozen=True)
class Cluster:
    """Nodes with as many ranks each, but for the last."""

    ranks: int
    per_node: int


@dataclass(frozen=True)
class Round:
    """What the busiest rank sends and receives, and what crosses its node's link, before the next round may begin."""

    sends: int
    receives: int
    inner_bytes: float  # of a rank to others of its node
    outer_bytes: float  # of a node's ranks to other nodes


def ask(folder, name, *arguments, text=""):
    """What a program of the build prints."""
    program = os.path.join(folder, "bench", name)
    if not os.access(program, os.X_OK):
        raise Failure(f"--build: there is no {program}; build it: cmake --preset release && cmake --build --preset release")
    done = subprocess.run([program, *map(str, arguments)], input=text, text=True, capture_output=True)
    if done.returncode != 0:
        raise Failure(done.stderr.strip()[-500:] or f"{name} ended with {done.returncode}")
    return json.loads(done.stdout)


def order(folder):
    """What a training step does, a list of dicts as bench/plans/order.c says."""
    return ask(folder, "scaling_order")


class Plans:
    """folder: of the build. shards: of each rank."""

    def __init__(self, folder, shards):
        self.folder, self.shards = folder, shards
        self.known = {}

    def ask(self, text, cluster, way):
        key = text, cluster, way
        if key not in self.known:
            self.known[key] = ask(self.folder, "scaling_sums", "/dev/stdin", cluster.ranks, cluster.per_node,
                                  self.shards, way, text=text)  # fmt: skip
        return self.known[key]

    def starts(self, step, cluster, way="levels"):
        """Of each row of the schedule, the sums that start there, each a list of Rounds.

        way: how they are planned: for the nodes that there are (levels), or as for one node (direct).
        """
        text = schedule.text([(verb, 0 if verb == "compute" else number) for verb, number in step])
        found = self.ask(text, cluster, way)
        sums = [[Round(**r) for r in one["rounds"]] for one in found["sums"]]
        starts = [[] for _ in step]
        for row, number in found["starts"]:
            starts[row].append(sums[number])
        return starts

    def bucket(self):
        """Elements of a bucket of the gradient."""
        return self.ask("", Cluster(1, 1), "levels")["bucket"]
