"""check_trace.py TRACE.json BENCH.json RANKS THREADS FIRST LAST PARAMETERS: whether a timeline of `lockstep train` is what it
says: all ranks, threads, steps and layers are in it, slices of a lane never overlap in part, all ranks are in BatchNorm's
sums at the same time, and the whole gradient is summed. BENCH.json, of `lockstep bench`, has the names of the layers."""
import json
import re
import sys
from collections import Counter, defaultdict


def fail(what):
    sys.exit(f"check_trace.py: {what}")


def expect(condition, what):
    if not condition:
        fail(what)


def read(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def nanoseconds(event, key):
    """Exact: times have three decimals of microseconds."""
    return round(event[key] * 1000)


class Slice:
    def __init__(self, event):
        self.name, self.kind, self.args = event["name"], event["cat"], event["args"]
        self.begin = nanoseconds(event, "ts")
        self.end = self.begin + nanoseconds(event, "dur")
        self.within = []
        self.parent = None

    def __str__(self):
        return f"{self.name} {self.args} from {self.begin} to {self.end}"

    def below(self):
        for child in self.within:
            yield child
            yield from child.below()


def nest(slices, lane):
    """What lies within what; the outermost."""
    outermost, open_ones = [], []
    for s in sorted(slices, key=lambda s: (s.begin, -s.end)):
        while open_ones and s.begin >= open_ones[-1].end:
            open_ones.pop()
        if open_ones:
            expect(s.end <= open_ones[-1].end, f"{lane}: {s} overlaps with {open_ones[-1]}")
            open_ones[-1].within.append(s)
            s.parent = open_ones[-1]
        else:
            outermost.append(s)
        open_ones.append(s)
    return outermost


class Timeline:
    def __init__(self, path):
        whole = read(path)
        self.about = whole["otherData"]
        self.lanes = defaultdict(dict)  # of a rank, by name: outermost slices
        self.all = defaultdict(dict)    # all slices
        process_of, names, slices = {}, {}, defaultdict(list)
        ranks = {}
        for event in whole["traceEvents"]:
            expect(process_of.setdefault(event["tid"], event["pid"]) == event["pid"], "a lane of two processes")
            if event["ph"] == "M" and event["name"] == "thread_name":
                names[event["tid"]] = event["args"]["name"]
            elif event["ph"] == "M" and event["name"] == "process_name":
                match = re.fullmatch(r"rank (\d+) on \S+", event["args"]["name"])
                expect(match, f"process name {event['args']['name']}")
                ranks[event["pid"]] = int(match[1])
            elif event["ph"] == "X":
                expect(nanoseconds(event, "ts") >= 0 and nanoseconds(event, "dur") >= 0, f"a time below 0: {event}")
                slices[event["tid"]].append(Slice(event))
            else:
                expect(event["ph"] == "M", f"an event of kind {event['ph']}")
        for tid, name in names.items():
            rank = ranks[process_of[tid]]
            expect(name not in self.all[rank], f"rank {rank}: two lanes '{name}'")
            self.all[rank][name] = slices.pop(tid, [])
            self.lanes[rank][name] = nest(self.all[rank][name], f"rank {rank}, {name}")
        expect(not slices, "slices of a lane without a name")


def check_lanes(t, ranks, threads):
    expect(sorted(t.lanes) == list(range(ranks)), f"ranks {sorted(t.lanes)}")
    for rank, lanes in t.lanes.items():
        expected = [f"computing {i}" for i in range(threads)] + ["loading pictures 0", "gradient bucket 0"]
        expected += ["saving 0"] if rank == 0 else []
        for name in expected:
            expect(name in lanes, f"rank {rank}: no lane '{name}', only {sorted(lanes)}")
        expect(f"computing {threads}" not in lanes, f"rank {rank}: a thread too many")


def check_step(step, rank, layers):
    phases = Counter(s.name for s in step.within)
    for name in ["forward", "loss", "backward", "update"]:
        expect(phases[name] == 1, f"rank {rank}, step {step.args['step']}: {phases[name]} times {name}")
    for phase in [s for s in step.within if s.name in layers]:
        found = Counter(s.name for s in phase.within if s.kind == phase.name and "height" in s.args)
        expect(found == layers[phase.name], f"rank {rank}, step {step.args['step']}: {phase.name} has "
               f"{set(layers[phase.name]) ^ set(found)} too little or too much, or layers twice")
    for s in step.below():
        expect(s.args["step"] == step.args["step"], f"rank {rank}: {s} within step {step.args['step']}")
        expect("unfinished" not in s.args, f"rank {rank}: {s}")


def sums_of(step):
    """The waits within BatchNorm's sums, by the number of the call."""
    sums = [s for s in step.below() if s.name == "BatchNorm sums"]
    waits = {w.args["call"]: w for s in sums for w in s.within if w.name == "wait for ranks"}
    expect(len(sums) == len(waits), f"{len(sums)} sums, {len(waits)} waits")
    return waits


def check_steps(t, first, last, layers, size):
    steps = {}
    for rank, lanes in t.lanes.items():
        steps[rank] = {s.args["step"]: s for s in lanes["computing 0"] if s.name == "step"}
        expect(sorted(steps[rank]) == list(range(first, last + 1)), f"rank {rank}: steps {sorted(steps[rank])}")
        for number, step in steps[rank].items():
            check_step(step, rank, layers)
            sent = sum(s.args["bytes"] for name, lane in t.all[rank].items() if name.startswith("gradient bucket")
                       for s in lane if s.args["step"] == number)
            expect(sent == size, f"rank {rank}, step {number}: a gradient of {sent} bytes, not {size}")
    for number in range(first, last + 1):
        waits = [sums_of(steps[rank][number]) for rank in sorted(steps)]
        units = sum(1 for name in layers["backward"] if name not in ("pool", "dense"))
        expect(len(waits[0]) == 2 * units, f"step {number}: {len(waits[0])} sums of {units} layers")
        for other in waits:
            expect(other.keys() == waits[0].keys(), f"step {number}: ranks wait in different calls")
        for call in waits[0]:  # nobody has a sum before all have brought their parts
            expect(max(w[call].begin for w in waits) <= min(w[call].end for w in waits) + t.error,
                   f"step {number}: ranks are not in call {call} at the same time")


def check_helpers(t, threads):
    """What a helper does, its rank does at that time."""
    for rank, lanes in t.lanes.items():
        callers = defaultdict(list)
        for s in t.all[rank]["computing 0"]:
            callers[s.name, s.args["step"]].append(s)
        for i in range(1, threads):
            for s in lanes[f"computing {i}"]:
                expect(not s.within, f"rank {rank}, computing {i}: {s} has something within it")
                expect(any(c.begin <= s.begin <= c.end for c in callers[s.name, s.args["step"]]),
                       f"rank {rank}, computing {i}: nobody gave it {s}")


def check_loading(t):
    for rank, lanes in t.lanes.items():
        pictures = lanes["loading pictures 0"]
        expect(pictures, f"rank {rank}: it has loaded nothing")
        whole = 0
        for s in pictures:
            parts = [p.name for p in s.within]
            expect(s.name == "picture" and parts == ["read", "decode", "augment"][:len(parts)], f"{s}: {parts}")
            whole += len(parts) == 3
        expect(whole > 0, f"rank {rank}: no picture with all its parts")


def main():
    path, bench = sys.argv[1:3]
    ranks, threads, first, last, size = map(int, sys.argv[3:])
    t = Timeline(path)
    about = {key: t.about[key] for key in ("ranks", "first_step", "last_step", "dropped")}
    expect(about == {"ranks": ranks, "first_step": first, "last_step": last, "dropped": 0}, f"it says {about}")
    t.error = 2 * round(t.about["clock_error_us"] * 1000)
    layers = {kind: Counter(layer["name"] for layer in read(bench)["layers"] if layer["pass"] == kind)
              for kind in ("forward", "backward")}
    check_lanes(t, ranks, threads)
    check_steps(t, first, last, layers, size)
    check_helpers(t, threads)
    check_loading(t)
    print(f"{path}: good")


main()
