"""How long a training step takes on a cluster: the step's schedule, played against a simple network.

All ranks are alike and in step, so one is followed. Its node has one link, which sends one thing after the other; a
message arrives `latency` after its last byte has left, and costs `overhead` at both ends. A BatchNorm's sum waits for
each round of its plan; a bucket of the gradient goes on to its next round when it is polled, after each layer, as in
src/comm/stream.c. The rounds are those of src/comm/plan_short.c and plan_large.c (`levels`), or of what was before them
(`direct`): long vectors from every rank to every other, short ones by doubling over ranks.
"""

from dataclasses import dataclass

import scaling_schedule as schedule

FEW = 8  # units of a direct exchange, as FEW_UNITS of plan_short.c and FEW_NODES of layout.c
LARGE_BYTES = 1 << 16  # LARGE_VECTOR of flight.c


@dataclass(frozen=True)
class Round:
    """What the busiest rank sends and receives, and what crosses its node's link, before the next round may begin."""

    sends: int
    receives: int
    inner_bytes: float  # of a rank to others of its node
    outer_bytes: float  # of a node's ranks to other nodes


@dataclass(frozen=True)
class Cluster:
    """Nodes with as many ranks each, but for the last."""

    ranks: int
    per_node: int

    @property
    def nodes(self):
        return -(-self.ranks // self.per_node)


def rounds_between(units, size, inside):
    """Units exchange whole vectors: directly if few, by doubling, or along a binomial tree to the first and back."""

    def exchange(messages):
        moved = messages * size
        return Round(messages, messages, moved if inside else 0, 0 if inside else moved)

    if units <= FEW:
        return [exchange(units - 1)] if units > 1 else []
    steps = (units - 1).bit_length()
    return [exchange(1)] * (2 * steps if units & (units - 1) else steps)


def short_rounds(cluster, size):
    """A node's first rank puts together what its ranks have, exchanges that, and tells its ranks."""
    ranks, per_node, nodes = cluster.ranks, cluster.per_node, cluster.nodes
    if nodes == 1 or per_node == 1:
        return rounds_between(ranks, size, nodes == 1)
    others = per_node - 1
    return [Round(1, others, size, 0), *rounds_between(nodes, size, False), Round(others, 1, size, 0)]


def group_size(nodes):
    """As layout.c: about the square root, a power of two."""
    group = 1
    while group * group < nodes:
        group *= 2
    return nodes if nodes <= FEW else group


def large_rounds(cluster, size):
    """Slices of slices: among a node's ranks, a group's nodes, and groups; and all the way back."""
    per_node = min(cluster.per_node, cluster.ranks)
    group = group_size(cluster.nodes)
    up, slices = [], 1
    for units, inside in ((per_node, True), (group, False), (-(-cluster.nodes // group), False)):
        slices *= units
        moved = (units - 1) * size / slices
        if units > 1:
            up.append(Round(units - 1, units - 1, moved if inside else 0, 0 if inside else per_node * moved))
    return up + up[::-1]


def direct_rounds(cluster, size, large):
    """Before there were levels: every rank to every other, or doubling over ranks, whatever node they are on."""
    ranks, per_node = cluster.ranks, min(cluster.per_node, cluster.ranks)
    if large or ranks <= FEW:
        part = size / ranks if large else size
        once = Round(ranks - 1, ranks - 1, (per_node - 1) * part, per_node * (ranks - per_node) * part)
        return [once, once] if large else [once]
    steps = (ranks - 1).bit_length()
    up = [Round(1, 1, size if 1 << i < per_node else 0, 0 if 1 << i < per_node else per_node * size)
          for i in range(steps)]  # fmt: skip
    return up + up[::-1] if ranks & (ranks - 1) else up


def plan(cluster, elements, width, way="levels"):
    size = elements * width
    large = size >= LARGE_BYTES
    if cluster.ranks == 1 or elements == 0:
        return []
    if way == "direct":
        return direct_rounds(cluster, size, large)
    return large_rounds(cluster, size) if large else short_rounds(cluster, size)


class Flight:
    """A sum on its way: what is left of its rounds, and when the current one has arrived."""

    def __init__(self, rounds):
        self.rounds = list(rounds)
        self.arrives = 0.0


class Replay:
    def __init__(self, network, cluster, way):
        self.network, self.cluster, self.way = network, cluster, way
        self.now = self.link_free = 0.0
        self.spent = dict.fromkeys(("compute", "sums", "ready", "finish"), 0.0)
        self.plans = {}

    def rounds(self, elements, width):
        key = elements, width
        if key not in self.plans:
            self.plans[key] = plan(self.cluster, elements, width, self.way)
        return self.plans[key]

    def send(self, r):
        """When what is sent now has arrived. Sending takes the rank's time."""
        n = self.network
        self.now += r.sends * n.overhead
        arrives = self.now + n.inner_latency + r.inner_bytes / n.inner_bandwidth
        if r.outer_bytes:
            self.link_free = max(self.link_free, self.now) + r.outer_bytes / n.bandwidth
            arrives = max(arrives, self.link_free + n.latency)
        return arrives

    def received(self, r):
        self.now += r.receives * self.network.overhead

    def sum(self, elements):
        for r in self.rounds(elements, 8):
            self.now = max(self.now, self.send(r))
            self.received(r)

    def start(self, elements, width):
        flight = Flight(self.rounds(elements, width))
        if flight.rounds:
            flight.arrives = self.send(flight.rounds[0])
        return flight

    def poll(self, flights):
        for flight in flights:
            while flight.rounds and flight.arrives <= self.now:
                self.received(flight.rounds.pop(0))
                if flight.rounds:
                    flight.arrives = self.send(flight.rounds[0])

    def finish(self, flights):
        while any(f.rounds for f in flights):
            self.now = max(self.now, min(f.arrives for f in flights if f.rounds))
            self.poll(flights)

    def spend(self, kind, since):
        self.spent[kind] += self.now - since


def replay(step, network, cluster, way="levels"):
    """Seconds of a step and of its parts, as a dict."""
    run = Replay(network, cluster, way)
    flights, sent = [], 0
    for verb, number in step:
        before = run.now
        if verb == "weights":
            sent = number
        elif verb == "compute":
            run.now += number
            run.spend("compute", before)
        elif verb == "sum":
            run.sum(number)
            run.spend("sums", before)
        elif verb in ("agree", "gradient"):
            flights.append(run.start(3, 8))
        elif verb == "agreed":
            run.finish(flights)
            run.spend("sums", before)
        elif verb == "ready":
            if sent - number >= schedule.BUCKET:
                flights.append(run.start(sent - number, 4))
                sent = number
            run.poll(flights)
            run.spend("ready", before)
        elif verb == "finish":
            flights.append(run.start(sent, 4))
            run.finish(flights)
            run.spend("finish", before)
    return {"step": run.now, **run.spent}


def efficiency(step, times):
    return schedule.compute_seconds(step) / times["step"]
