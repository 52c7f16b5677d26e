#!/usr/bin/env python3
"""The commands of bench/scaling, which has the help."""

import argparse
import json
import os
import pathlib
import sys
import tempfile

import scaling_model as model
import scaling_report
import scaling_run
import scaling_schedule as schedule
import scaling_simulate
from runs import Failure, save_results
from scaling_build import build_simulated
from scaling_networks import NETWORKS
from scaling_plan import Cluster, Plans

ROOT = pathlib.Path(__file__).resolve().parent.parent


class Arguments(argparse.ArgumentParser):
    def error(self, message):
        raise Failure(f"{message}; bench/scaling --help has the options")


def numbers(kind):
    def parse(text):
        values = [kind(word) for word in text.split(",")]
        if min(values) < 0 or (kind is int and min(values) < 1):
            raise ValueError
        return values

    return parse


def words(text):
    return text.split(",")


def parse_arguments():
    parser = Arguments(add_help=False)
    parser.add_argument("command", choices=["measure", "hosts", "pattern", "simulate", "model", "report"])
    parser.add_argument("lockstep", nargs="?")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--venv")
    parser.add_argument("--rates", type=words, default=["none", "1gbit", "100mbit"])
    parser.add_argument("--hosts", type=numbers(int), default=[2, 4, 8])
    parser.add_argument("--ranks", type=numbers(int))
    parser.add_argument("--per-node", type=numbers(int))
    parser.add_argument("--networks", type=words, default=["10gbe", "ib100"])
    parser.add_argument("--spread", type=numbers(float), default=[0.0])
    parser.add_argument("--cores", type=float, default=1)
    parser.add_argument("--way", choices=["levels", "direct"], default="levels")
    parser.add_argument("--parts", choices=["all", "sums", "bucket"], default="all")
    parser.add_argument("--limit", type=float, default=1800)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "release")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "docs")
    args = parser.parse_args()
    wide = args.command == "model"
    most = [8192] if args.way == "levels" else []
    args.ranks = args.ranks or ([64, 256, 1000, 1024, *most] if wide else [64, 1024])
    args.per_node = args.per_node or ([1, 4, 16, 64] if wide else [16])
    args.steps = args.steps or {"pattern": 5, "simulate": 1}.get(args.command, 8)
    if min(args.rounds, args.steps) < 1 or args.size < 32 or args.batch < 8 or args.cores <= 0:
        raise Failure("--rounds and --steps are at least 1, --size 32, --batch 8, and --cores is above 0")
    unknown = [name for name in args.networks if name not in NETWORKS]
    if unknown:
        raise Failure(f"--networks: {unknown[0]!r} is none of {', '.join(NETWORKS)}")
    return args


def check_programs(args):
    if args.lockstep is None or not os.access(args.lockstep, os.X_OK):
        raise Failure("name the program to measure, as build/release/lockstep")
    args.lockstep = str(pathlib.Path(args.lockstep).resolve())
    if args.venv and not os.access(os.path.join(args.venv, "bin", "python"), os.X_OK):
        raise Failure(f"--venv: {args.venv} has no bin/python; bench/versus makes such an environment")


def load(path):
    if not path.exists():
        return {}
    try:
        with open(path) as file:
            return json.load(file)
    except ValueError as error:
        raise Failure(f"{path} does not hold results of bench/scaling; move it away") from error


def clusters(args):
    for name in args.networks:
        for per_node in args.per_node:
            for ranks in args.ranks:
                if per_node <= ranks:
                    yield name, Cluster(ranks, per_node)


def plans_of(args):
    return Plans(args.build, args.batch // 4)  # in shards of 4, as they are measured


def show(name, cluster, efficiency, times, more=""):
    print(f"{name:6} {cluster.ranks:5} ranks, {cluster.per_node:2} a node: efficiency {efficiency:.3f}, "
          f"step {times['step'] * 1e3:.1f} ms, sums {times['sums'] * 1e3:.1f}, on the way {times['ready'] * 1e3:.1f}, "
          f"finish {times['finish'] * 1e3:.1f}{more}", flush=True)  # fmt: skip


def run_model(args, results, save):
    step = schedule.faster(scaling_run.latest_schedule(results), args.cores)
    plans = plans_of(args)
    for name, cluster in clusters(args):
        times = model.replay(step, NETWORKS[name], plans.starts(step, cluster, args.way))
        show(name, cluster, model.efficiency(step, times), times)


def run_simulations(args, results, save):
    """Under the processor time of one core; a simulation of the same cluster replaces the one before."""
    step = schedule.faster(scaling_run.latest_schedule(results), args.cores)
    step = schedule.parts(step, args.parts, plans_of(args).bucket())
    records = results.setdefault("simulated", [])
    with tempfile.TemporaryDirectory() as folder:
        program = build_simulated(pathlib.Path(folder))
        for name, cluster in clusters(args):
            for spread in args.spread:
                times = scaling_simulate.simulate(
                    program, NETWORKS[name], step, cluster, args.batch // 4, args.steps, spread, args.limit
                )
                key = {"network": name, "ranks": cluster.ranks, "per_node": cluster.per_node, "spread": spread,
                       "cores": args.cores, "batch": args.batch, "parts": args.parts}  # fmt: skip
                show(name, cluster, scaling_simulate.efficiency(step, times), times[-1], f", spread {spread:g}; "
                     f"took {times[-1]['wall']:.0f} s")  # fmt: skip
                records[:] = [r for r in records if any(r[k] != v for k, v in key.items())]
                records.append(key | {"compute": schedule.compute_seconds(step), "times": times})
                save()


def main():
    args = parse_arguments()
    path = args.out / "scaling.json"
    results = load(path)
    if args.command in ("measure", "hosts"):
        check_programs(args)
    run = {
        "measure": scaling_run.measure,
        "hosts": scaling_run.hosts,
        "pattern": scaling_run.pattern,
        "simulate": run_simulations,
        "model": run_model,
        "report": lambda args, results, save: scaling_report.write(results, args.out, plans_of(args)),
    }[args.command]
    args.out.mkdir(parents=True, exist_ok=True)
    run(args, results, lambda: save_results(path, results))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        print(f"scaling: {failure}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
