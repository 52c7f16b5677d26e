"""Builds bench/simulated: with SimGrid's compiler for simulated clusters, with MPI's for real ones."""

import pathlib
import shutil
import subprocess

from runs import Failure

HERE = pathlib.Path(__file__).resolve().parent
SRC = HERE.parent / "src"
# The rest of comm/ watches over a job.
COMM = ("agree", "comm", "flight", "launcher", "layout", "machine", "plan", "plan_large", "plan_short", "stream",
        "sum", "version")  # fmt: skip
BASE = ("clock", "error", "random", "text", "tree", "watch")
FLAGS = ("-std=c17", "-O3", "-g", "-D_GNU_SOURCE", "-ffp-contract=off")


def run(command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode != 0:
        raise Failure(f"{' '.join(command[:3])} … ended with {done.returncode}:\n{done.stdout[-2000:]}")
    return done.stdout


def build(compiler, folder, files, before_comm=()):
    """Compile and link `files` to folder/step."""
    folder.mkdir(parents=True, exist_ok=True)
    objects = []
    for file in files:
        out = folder / f"{file.parent.name}-{file.stem}.o"
        include = before_comm if file.parent.name == "comm" else ()
        run([compiler, *FLAGS, f"-I{SRC}", f"-I{HERE}", *include, "-c", str(file), "-o", str(out)])
        objects.append(str(out))
    run([compiler, *objects, "-lm", "-lpthread", "-o", str(folder / "step")])
    return folder / "step"


def build_simulated(folder):
    if shutil.which("smpicc") is None:
        raise Failure("there is no smpicc; on Debian: apt-get install libsimgrid-dev")
    files = [HERE / "simulated" / f"{name}.c" for name in ("step", "schedule", "simgrid")]
    files += [SRC / "comm" / f"{name}.c" for name in COMM] + [SRC / "base" / f"{name}.c" for name in BASE]
    return build("smpicc", folder, files, ("-include", str(HERE / "simulated" / "in_simulation.h")))


def build_real(folder):
    files = [HERE / "simulated" / f"{name}.c" for name in ("step", "schedule", "real")]
    files += sorted((SRC / "comm").glob("*.c")) + sorted((SRC / "base").glob("*.c"))
    return build("mpicc", folder, files)
