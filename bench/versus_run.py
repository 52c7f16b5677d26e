#!/usr/bin/env python3
"""Time training steps of Lockstep and of its peers, round by round, and keep every figure in versus.json.

bench/versus starts this, in an environment that has the peers.
"""

import argparse
import datetime
import json
import os
import pathlib
import re
import signal
import statistics
import sys
import tempfile
from dataclasses import dataclass

import measure
import versus_report
from runs import Failure, reason, run_command, save_results
from versus_machine import Others, cores, machine

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
CASES = "224:8,224:32,224:64,96:8,96:32,96:64,32:32:1"
QUICK_CASES = "96:8,32:32:1"
NOTABLE = 0.1  # processors that other programs use
KEPT = ("version", "isa", "step_seconds", "images_per_second", "peak_rss_bytes")
TUNED = {
    "MALLOC_MMAP_THRESHOLD_": "4294967296",
    "MALLOC_TRIM_THRESHOLD_": "17179869184",
    "MALLOC_TOP_PAD_": "268435456",
}


@dataclass(frozen=True)
class Case:
    size: int
    batch: int  # of each rank
    ranks: int

    @property
    def key(self):
        return f"{self.size}:{self.batch}:{self.ranks}"

    def __str__(self):
        ranks = f"{self.ranks} ranks" if self.ranks > 1 else "1 rank"
        return f"{self.size}x{self.size}, batch {self.batch} a rank, {ranks}"


@dataclass(frozen=True)
class Program:
    """A row of the table. One that is not parallel has the work of all ranks in one process with as many threads."""

    name: str
    script: str  # "lockstep", or a script of this folder
    options: tuple = ()
    tuned: bool = False
    parallel: bool = False
    alone: bool = True  # also where there is one rank only


PROGRAMS = [
    Program("Lockstep", "lockstep", ("--batch-norm", "sync"), parallel=True),
    Program("Lockstep, local BatchNorm", "lockstep", ("--batch-norm", "local"), parallel=True, alone=False),
    Program("PyTorch eager", "torch_step.py"),
    Program("PyTorch eager, tuned", "torch_step.py", tuned=True),
    Program("PyTorch compiled, tuned", "torch_step.py", ("--compile",), tuned=True),
    Program("PyTorch DDP", "torch_step.py", parallel=True, alone=False),
    Program("PyTorch DDP, tuned", "torch_step.py", tuned=True, parallel=True, alone=False),
    Program("PyTorch DDP compiled, tuned", "torch_step.py", ("--compile",), tuned=True, parallel=True, alone=False),
    Program("PyTorch DDP, SyncBatchNorm", "torch_step.py", ("--sync",), parallel=True, alone=False),
    Program("Keras", "keras_step.py"),
    Program("Keras, tuned", "keras_step.py", tuned=True),
]


class Arguments(argparse.ArgumentParser):
    def error(self, message):
        raise Failure(f"{message}; bench/versus --help has the options")


class Runner:
    def __init__(self, args, work):
        self.args = args
        self.result = pathlib.Path(work, "result.json")
        self.lockstep_steps = {}

    def environment(self, program):
        environment = {name: value for name, value in os.environ.items() if name not in TUNED}
        environment["CUDA_VISIBLE_DEVICES"] = ""
        environment["TORCHINDUCTOR_CACHE_DIR"] = os.path.join(sys.prefix, "inductor-cache")
        if program.tuned:
            environment |= TUNED
        return environment

    def lockstep_command(self, case, program, steps, warm_up):
        return [
            *("mpirun", "-n", str(case.ranks), self.args.lockstep, "bench"),
            *("--size", str(case.size), "--batch", str(case.batch), "--threads", "1"),
            *("--shard", "8", "--steps", str(steps), "--warm-up", str(warm_up), *program.options),
            *("--json", str(self.result)),
        ]

    def peer_command(self, case, program):
        together = 1 if program.parallel else case.ranks
        processes = ("--processes", str(case.ranks)) if program.parallel else ()
        return [
            *(sys.executable, str(HERE / program.script)),
            *("--size", str(case.size), "--batch", str(case.batch * together), "--threads", str(together)),
            *("--steps", str(self.args.steps), "--seconds", str(self.args.seconds)),
            *("--warm-up", str(self.args.warm_up), *processes, *program.options),
            *("--json", str(self.result)),
        ]

    def figures(self, command, program):
        """What the command wrote about its steps; a Failure where there is nothing."""
        self.result.unlink(missing_ok=True)
        others = Others(os.sched_getaffinity(0))
        status, text = run_command(command, self.environment(program))
        if status != 0:
            raise Failure(reason(status, text))
        if not self.result.exists():
            raise Failure("left no figures")
        with open(self.result) as file:
            figures = json.load(file)
        kept = {name: figures[name] for name in KEPT if name in figures}
        return kept | {"others_processors": others.used(), "wall_seconds": others.wall_seconds()}

    def count_lockstep_steps(self, case, program):
        """Lockstep counts as many steps as it is told; a short run first shows how many fit. (Peers do so at once.)"""
        key = (case, program)
        if key not in self.lockstep_steps:
            trial = self.figures(self.lockstep_command(case, program, 1, 1), program)
            self.lockstep_steps[key] = measure.steps_within(
                self.args.steps, self.args.seconds, trial["step_seconds"][-1]
            )
        return self.lockstep_steps[key]

    def run(self, case, program):
        if program.script != "lockstep":
            return self.figures(self.peer_command(case, program), program)
        steps = self.count_lockstep_steps(case, program)
        return self.figures(self.lockstep_command(case, program, steps, self.args.warm_up), program)


def bind(ranks, available):
    """Everything started from now on runs on the first cores, as many as there are ranks."""
    if len(available) < ranks:
        raise Failure(f"{ranks} ranks want {ranks} cores, and {len(available)} may be used; choose other --cases")
    os.sched_setaffinity(0, available[:ranks])
    return available[:ranks]


def load_results(path):
    if not path.exists():
        return {"cases": {}}
    try:
        with open(path) as file:
            results = json.load(file)
        results["cases"].items()
        return results
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Failure(f"{path} does not hold results of bench/versus; move it away, or choose another --out") from error


def describe(figures):
    speed = figures["images_per_second"]["median"]
    peak = max(figures["peak_rss_bytes"]) / 2**20
    line = f"{speed:.2f} images/s ({len(figures['step_seconds'])} steps), {peak:.0f} MiB a process"
    others = figures["others_processors"]
    if others is not None and others > NOTABLE:
        line += f"; other programs kept {others:.2f} processors busy"
    return line


def run_round(runner, case, rows, number):
    """One run of each program of the case. A peer that failed is not tried again; Lockstep must run."""
    for program, row in rows:
        if row.get("error"):
            continue
        print(f"round {number}/{runner.args.rounds}   {program.name}: ", end="", flush=True)
        try:
            figures = runner.run(case, program)
        except Failure as failure:
            print(f"does not run: {failure}", flush=True)
            if program.script == "lockstep":
                raise Failure(f"{program.name} failed at {case}: {failure}") from failure
            row["error"] = str(failure)
            continue
        row["runs"].append({"round": number, **figures})
        print(describe(figures), flush=True)


def run_case(runner, case, programs, results, path, available):
    used = bind(case.ranks, available)
    rows = [(p, {"name": p.name, "runs": []}) for p in programs if p.alone or case.ranks > 1]
    args = runner.args
    entry = {
        "size": case.size,
        "batch": case.batch,
        "ranks": case.ranks,
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "load_at_start": os.getloadavg()[0],
        "machine": machine(used),
        "steps_at_most": args.steps,
        "seconds": args.seconds,
        "warm_up": args.warm_up,
        "programs": [row for _, row in rows],
    }
    print(f"case {case}; load {entry['load_at_start']:.2f} at the start", flush=True)
    for number in range(1, args.rounds + 1):
        run_round(runner, case, rows, number)
        results["cases"][case.key] = entry
        save_results(path, results)


def parse_cases(text):
    cases = []
    for word in text.split(","):
        match = re.fullmatch(r"(\d{2,4}):(\d{1,4})(?::(\d{1,3}))?", word)
        if not match:
            raise Failure(f"--cases: {word!r} is not SIZE:BATCH or SIZE:BATCH:RANKS, as 224:32 or 32:32:1")
        case = Case(int(match[1]), int(match[2]), int(match[3] or 2))
        if case.size < 32 or case.batch < 4 or case.ranks < 1:
            raise Failure(f"--cases: {word!r}: sizes are at least 32, batches 4 and ranks 1")
        cases.append(case)
    return cases


def choose_programs(pattern):
    """Lockstep, and the peers whose names match."""
    try:
        wanted = re.compile(pattern, re.IGNORECASE)
    except re.error as error:
        raise Failure(f"--peers: {pattern!r} is not a regular expression: {error}") from error
    chosen = [p for p in PROGRAMS if p.script == "lockstep" or wanted.search(p.name)]
    if all(p.script == "lockstep" for p in chosen):
        names = "; ".join(p.name for p in PROGRAMS if p.script != "lockstep")
        raise Failure(f"--peers: {pattern!r} names none of: {names}")
    return chosen


def parse_arguments():
    parser = Arguments(add_help=False)
    parser.add_argument("lockstep", nargs="?")
    parser.add_argument("--report", action="store_true")
    parser.add_argument("--cases")
    parser.add_argument("--peers", default="")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--warm-up", type=int, default=2)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", type=pathlib.Path)
    args = parser.parse_args()
    short = args.quick
    args.cases = parse_cases(args.cases or (QUICK_CASES if short else CASES))
    args.rounds = args.rounds if args.rounds is not None else 1 if short else 3
    args.steps = args.steps if args.steps is not None else 3 if short else 30
    args.seconds = args.seconds if args.seconds is not None else 5 if short else 15
    args.out = args.out or ROOT / ("build/versus" if short else "docs")
    if min(args.rounds, args.steps, args.warm_up) < 1 or args.seconds <= 0:
        raise Failure("--rounds, --steps, --warm-up and --seconds are at least 1")
    if not args.report:
        args.lockstep = str(executable(args.lockstep))
    return args


def executable(name):
    if name is None:
        raise Failure("name the program to measure, as build/release/lockstep")
    path = pathlib.Path(name).resolve()
    if not path.is_file() or not os.access(path, os.X_OK):
        raise Failure(f"{path} is not a program; build it, or name another")
    return path


def measure_cases(args, results, path):
    programs = choose_programs(args.peers)
    available = cores()
    args.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        runner = Runner(args, work)
        for case in args.cases:
            run_case(runner, case, programs, results, path, available)


def main():
    args = parse_arguments()
    path = args.out / "versus.json"
    results = load_results(path)
    if not args.report:
        measure_cases(args, results, path)
    if not results["cases"]:
        raise Failure(f"{path} has no results; measure some first")
    versus_report.write(results, args.out)
    return 0


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        sys.exit(main())
    except Failure as failure:
        print(f"versus: {failure}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("versus: interrupted; whole rounds are kept, and --report makes the table of them", file=sys.stderr)
        sys.exit(130)
