"""How long a training step takes on a cluster: the step's schedule, played against a simple network.

All ranks are alike and in step, so one is followed. Its node has one link, which sends one thing after the other; a
message arrives `latency` after its last byte has left, and costs `overhead` at both ends. A BatchNorm's sum waits for
each round of its plan; a bucket of the gradient goes on to its next round when it is polled, after each layer, as in
src/comm/stream.c. The rounds are those of src/comm/plan_levels.c (`levels`), or of what it replaced (`direct`).
"""

from dataclasses import dataclass

import scaling_schedule as schedule

FEW_RANKS, GROUP, SPLIT_RANKS, SPLIT_ELEMENTS, MOST_TARGETS = 8, 4, 16, 128, 4  # as in plan_levels.c
LARGE_BYTES = 1 << 16
BUCKET = 1 << 18  # elements, as COMM_STREAM_BUCKET


@dataclass(frozen=True)
class Round:
    """What one rank sends, and its node, before the next round may begin. It receives as much."""

    messages: int
    inner_bytes: float  # of a rank to others of its node
    outer_bytes: float  # of a node's ranks to other nodes


@dataclass(frozen=True)
class Cluster:
    ranks: int
    per_node: int


def round_of(cluster, peers, size):
    """Every rank r of the first node sends `size` bytes to each of peers(r)."""
    node = range(min(cluster.per_node, cluster.ranks))
    outside = [sum(q >= cluster.per_node for q in peers(r)) for r in node]
    total = [len(peers(r)) for r in node]
    inside = max(t - o for t, o in zip(total, outside))
    return Round(max(total), inside * size, sum(outside) * size)


def split_ranks(ranks, elements, large):
    if large:
        return ranks
    if elements < SPLIT_ELEMENTS or ranks <= FEW_RANKS:
        return 1
    split = SPLIT_RANKS
    while ranks % split:
        split //= GROUP
    return split


def level_sizes(ranks):
    factor = FEW_RANKS if ranks <= FEW_RANKS else GROUP
    inner = 1
    while inner < ranks:
        outer = ranks if inner > ranks // factor else inner * factor
        yield inner, outer
        inner = outer


def levels(cluster, elements, width):
    """Rounds of plan_levels.c; of a smaller last group, as if it were no smaller."""
    ranks = cluster.ranks
    split = split_ranks(ranks, elements, elements * width >= LARGE_BYTES)
    up, back, slice_elements = [], [], elements
    for inner, outer in level_sizes(ranks):

        def peers(r, inner=inner, outer=outer):
            begin = r - r % outer
            end = min(begin + outer, ranks)
            return [q for q in range(begin + (r - begin) % inner, end, inner) if q != r]

        if inner < split:
            slice_elements /= len(peers(0)) + 1
            back.append(round_of(cluster, peers, slice_elements * width))
        up.append(round_of(cluster, peers, slice_elements * width))
    return up + back[::-1]


def suits_levels(ranks, large):
    return large or all(inner <= MOST_TARGETS * (ranks % inner) for inner, _ in level_sizes(ranks) if ranks % inner)


def direct(cluster, elements, width):
    """All to all; large vectors in slices, which are handed around afterwards."""
    large = elements * width >= LARGE_BYTES

    def others(r):
        return [q for q in range(cluster.ranks) if q != r]

    once = round_of(cluster, others, elements * width / (cluster.ranks if large else 1))
    return [once, once] if large else [once]


def doubling(cluster, elements, width):
    rounds, distance = [], 1
    while distance < cluster.ranks:
        rounds.append(round_of(cluster, lambda r, d=distance: [r ^ d], elements * width))
        distance *= 2
    return rounds


def binomial(cluster, elements, width):
    """To rank 0 and back, as its slowest rank sees it: the first node's ranks and one message a round."""
    rounds, distance = [], 1
    while distance < cluster.ranks:
        crossing = distance >= cluster.per_node
        rounds.append(Round(1, 0 if crossing else elements * width, elements * width if crossing else 0))
        distance *= 2
    return rounds + rounds[::-1]


def plan(cluster, elements, width, way="levels"):
    if cluster.ranks == 1:
        return []
    large = elements * width >= LARGE_BYTES
    if way == "direct":
        if large or cluster.ranks <= FEW_RANKS:
            return direct(cluster, elements, width)
        return (binomial if cluster.ranks & (cluster.ranks - 1) else doubling)(cluster, elements, width)
    return (levels if suits_levels(cluster.ranks, large) else binomial)(cluster, elements, width)


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
        self.now += r.messages * n.overhead
        arrives = self.now + n.inner_latency + r.inner_bytes / n.inner_bandwidth
        if r.outer_bytes:
            self.link_free = max(self.link_free, self.now) + r.outer_bytes / n.bandwidth
            arrives = max(arrives, self.link_free + n.latency)
        return arrives

    def received(self, r):
        self.now += r.messages * self.network.overhead

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
            if sent - number >= BUCKET:
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
