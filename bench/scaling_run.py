"""Measurements of bench/scaling: training steps on this machine's cores, and on virtual hosts with slow networks."""

import datetime
import json
import os
import pathlib
import subprocess
import tempfile

import scaling_plan
import scaling_schedule as schedule
from runs import Failure, reason, run_command
from scaling_build import build_real
from versus_machine import Others, cores, machine

HERE = pathlib.Path(__file__).resolve().parent
HOSTS = HERE.parent / "tests" / "reliability" / "netns-hosts"
# As the rows "tuned" of bench/versus: the C library keeps what is freed.
TUNED = {
    "MALLOC_MMAP_THRESHOLD_": "4294967296",
    "MALLOC_TRIM_THRESHOLD_": "17179869184",
    "MALLOC_TOP_PAD_": "268435456",
}
# Each rank on a processor of its own, whatever host it believes to be on. Arguments: processors, program, ...
BIND = 'cpus=($0); exec taskset -c "${cpus[${OMPI_COMM_WORLD_RANK:-${PMI_RANK:-0}}]}" "$@"'
MPI_OPTIONS = ["--bind-to", "none", "--mca", "btl_base_warn_component_unused", "0"]


class Machine:
    """The ranks are processes of this machine."""

    shows_others = True

    def mpirun(self, ranks):
        return ["mpirun", *MPI_OPTIONS, "-n", str(ranks)]

    def torch(self, command, environment):
        return run_command(command, environment)


class Hosts:
    """Each rank is on a virtual host of its own, with a limit on what it sends."""

    shows_others = False  # ranks are not among our children there, so they would count

    def __init__(self, count, state):
        self.count = count
        self.environment = {**os.environ, "NETNS_HOSTS_DIR": str(state)}
        self.call("up", str(count))

    def call(self, *command):
        done = subprocess.run([str(HOSTS), *command], env=self.environment, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)  # fmt: skip
        if done.returncode != 0:
            raise Failure(f"virtual hosts are not possible here: {done.stdout.strip()[-300:]}")

    def rate(self, rate):
        for host in range(1, self.count + 1):
            self.call("rate", f"h{host}", rate)

    def mpirun(self, ranks):
        return [str(HOSTS), "mpirun", *MPI_OPTIONS, "--map-by", "node", "-n", str(ranks)]

    def torch(self, command, environment):
        """The first process here is waited for; all end together."""
        with tempfile.TemporaryDirectory() as folder:
            store = ["--store", os.path.join(folder, "store")]
            environment = {**environment, "GLOO_SOCKET_IFNAME": "eth0"}
            started = [
                subprocess.Popen([str(HOSTS), "on", f"h{rank + 1}", *command, "--rank", str(rank), *store],
                                 env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
                for rank in range(1, self.count)
            ]  # fmt: skip
            try:
                return run_command([str(HOSTS), "on", "h1", *command, "--rank", "0", *store], environment)
            finally:
                for process in started:
                    process.kill()
                    process.wait()

    def close(self):
        self.call("down")


class Runner:
    def __init__(self, args, where, environment=None):
        self.args = args
        self.where = where
        self.environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "", **(environment or {})}
        self.cpus = cores()
        if len(self.cpus) < 2:
            raise Failure("two ranks want two cores, and one may be used")
        self.order = scaling_plan.order(args.build)

    def figures(self, start, command, result, environment):
        others = Others(self.cpus)
        status, text = start(command, environment)
        if status != 0 or not os.path.exists(result):
            raise Failure(reason(status, text))
        with open(result) as file:
            return json.load(file), others.used() if self.where.shows_others else None

    def mixed(self, ranks, batch, result):
        return self.lockstep(ranks, batch, result, ["--precision", "mixed"])

    def lockstep(self, ranks, batch, result, more=()):
        """In shards of 4 samples, so that every rank has some to share out at any batch."""
        a = self.args
        command = [
            *self.where.mpirun(ranks), "bash", "-c", BIND, " ".join(map(str, self.cpus)), a.lockstep, "bench",
            "--size", str(a.size), "--batch", str(batch), "--threads", "1", "--shard", "4",
            "--steps", str(a.steps), "--warm-up", "2", "--json", str(result), *more,
        ]  # fmt: skip
        return self.figures(run_command, command, result, self.environment)

    def ddp(self, ranks, batch, result):
        a = self.args
        command = [
            os.path.join(a.venv, "bin", "python"), str(HERE / "torch_step.py"), "--size", str(a.size),
            "--batch", str(batch), "--threads", "1", "--steps", str(a.steps), "--seconds", "60", "--warm-up", "2",
            "--processes", str(ranks), "--bind", ",".join(map(str, self.cpus)), "--json", str(result),
        ]  # fmt: skip
        return self.figures(self.where.torch, command, result, {**self.environment, **TUNED})

    def run(self, program, ranks, batch, **more):
        """A record of one run."""
        with tempfile.TemporaryDirectory() as work:
            result = pathlib.Path(work, "result.json")
            figures, others = getattr(self, program)(ranks, batch, result)
        record = {
            "program": program, "ranks": ranks, "batch": batch, "size": self.args.size, **more,
            "version": figures["version"], "step_seconds": figures["step_seconds"], "others_processors": others,
            "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        }  # fmt: skip
        if program != "ddp":
            record["isa"] = figures["isa"]
            record["phases"] = figures["phases"]
            record["schedule"] = schedule.rows(figures, self.order)
        busy = "" if others is None else f"; others kept {others:.2f} processors busy"
        what = ", ".join([f"{ranks} rank{'s' if ranks > 1 else ''}", f"batch {batch} a rank", *map(str, more.values())])
        print(f"{program}: {what}: {sorted(record['step_seconds'])[len(record['step_seconds']) // 2]:.4f} s{busy}",
              flush=True)  # fmt: skip
        return record


def programs(args):
    return ["lockstep"] + (["ddp"] if args.venv else [])


def measure(args, results, save):
    """Weak and strong scaling on this machine, 1 and 2 ranks, forwards in one round and backwards in the next."""
    runner = Runner(args, Machine())
    results["machine"] = machine(runner.cpus)
    records = results.setdefault("measured", [])
    begun = 1 + max((r["round"] for r in records), default=0)
    cases = [(p, ranks, batch) for p in ["mixed", *programs(args)] for ranks, batch in
             ((1, args.batch), (2, args.batch), (2, args.batch // 2))]  # fmt: skip
    for number in range(begun, begun + args.rounds):
        done = []
        for program, ranks, batch in cases if number % 2 else reversed(cases):
            done.append(runner.run(program, ranks, batch, round=number))
        records += done  # whole rounds only, as they are compared within
        save()


def hosts(args, results, save):
    """Two hosts, one rank each, at each rate."""
    with tempfile.TemporaryDirectory() as state:
        where = Hosts(2, state)
        try:
            runner = Runner(args, where, {"NETNS_HOSTS_DIR": state})
            results["machine"] = machine(runner.cpus)
            records = results.setdefault("hosts", [])
            begun = 1 + max((r["round"] for r in records), default=0)
            for number in range(begun, begun + args.rounds):
                done = []
                for rate in args.rates:
                    where.rate(rate)
                    done += [runner.run(p, 2, args.batch, rate=rate, round=number) for p in programs(args)]
                records += done
                save()
        finally:
            where.close()


def pattern(args, results, save):
    """What comm/ sends in a step, for real, on several hosts, while computing is slept through."""
    records = results.setdefault("pattern", [])
    step = latest_schedule(results)
    with tempfile.TemporaryDirectory() as work:
        program = build_real(pathlib.Path(work, "build"))
        path = pathlib.Path(work, "schedule")
        path.write_text(schedule.text(step))
        for count in args.hosts:
            where = Hosts(count, pathlib.Path(work, "hosts"))
            try:
                for rate in args.rates:
                    where.rate(rate)
                    records.append(run_pattern(where, count, rate, program, path, step, args))
                    save()
            finally:
                where.close()


def run_pattern(where, count, rate, program, path, step, args):
    environment = {**where.environment, "OMPI_MCA_mpi_yield_when_idle": "1"}
    command = [*where.mpirun(count), str(program), str(path), str(args.steps), "8"]
    status, text = run_command(command, environment)
    if status != 0:
        raise Failure(reason(status, text))
    seconds = [float(line.split()[1]) for line in text.splitlines() if line.startswith("step ")]
    print(f"pattern: {count} hosts, {rate}: {sorted(seconds)[len(seconds) // 2]:.4f} s", flush=True)
    return {"hosts": count, "rate": rate, "step_seconds": seconds, "compute": schedule.compute_seconds(step)}


def latest_schedule(results, batch=None):
    """That of the newest run of two ranks which a network did not hold up, at the largest batch or this one."""
    records = [
        r
        for r in results.get("hosts", []) + results.get("measured", [])
        if r["program"] == "lockstep" and r["ranks"] == 2 and r.get("rate", "none") == "none"
    ]
    batch = batch or max((r["batch"] for r in records), default=0)
    for record in reversed(records):
        if record["batch"] == batch:
            return [tuple(row) for row in record["schedule"]]
    raise Failure("measure first: the layers' times are taken from a run of two ranks")
