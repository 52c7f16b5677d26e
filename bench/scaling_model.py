"""How long a training step takes on a cluster: the step's schedule, played against a simple network.

All ranks are alike and in step, so one is followed. Its node has one link, which sends one thing after the other; a
message arrives `latency` after its last byte has left, and costs `overhead` at both ends. A BatchNorm's sum waits for
each round of its plan; a bucket of the gradient goes on to its next round when it is polled, after each layer, as in
src/comm/stream.c. Which sums start when, and their rounds, come from src/comm, by way of scaling_plan.py.
"""

import scaling_schedule as schedule


class Flight:
    """A sum on its way: what is left of its rounds, and when the current one has arrived."""

    def __init__(self, rounds):
        self.rounds = list(rounds)
        self.arrives = 0.0


class Replay:
    def __init__(self, network):
        self.network = network
        self.now = self.link_free = 0.0
        self.spent = dict.fromkeys(("compute", "sums", "ready", "finish"), 0.0)

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

    def sum(self, rounds):
        for r in rounds:
            self.now = max(self.now, self.send(r))
            self.received(r)

    def start(self, rounds):
        flight = Flight(rounds)
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


def replay(step, network, starts):
    """Seconds of a step and of its parts, as a dict. starts: of each row, the rounds of sums that start (Plans.starts)."""
    run = Replay(network)
    flights = []
    for (verb, number), started in zip(step, starts, strict=True):
        before = run.now
        if verb == "compute":
            run.now += number
            run.spend("compute", before)
        elif verb == "sum":
            for rounds in started:
                run.sum(rounds)
            run.spend("sums", before)
        else:
            flights += [run.start(rounds) for rounds in started]
        if verb == "agreed":
            run.finish(flights)
            run.spend("sums", before)
        elif verb == "ready":
            run.poll(flights)
            run.spend("ready", before)
        elif verb == "finish":
            run.finish(flights)
            run.spend("finish", before)
    return {"step": run.now, **run.spent}


def efficiency(step, times):
    return schedule.compute_seconds(step) / times["step"]
