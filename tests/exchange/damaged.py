#!/usr/bin/env python3
"""Read damaged files of weights with `lockstep import` and with the programs they belong to, and compare.

    damaged.py LOCKSTEP FOLDER [--every N] [--only FORMAT] [--case TEXT] [--seed N] [--keep FOLDER] [--log FILE]

Wrong is: Lockstep crashes, hangs or has a sanitizer speak; refuses without exactly one line that names the file; leaves
something behind then; reads other numbers than the other program; takes what that refuses, or refuses what that takes,
without a reason in damaged_reasons.py. Exit status: 0 all good, 1 not.
"""

import argparse
import collections
import json
import os
import select
import shutil
import subprocess
import sys

import h5py
import numpy as np

import damage_keras
import damage_safetensors
import damaged_reasons

LIMIT = 90  # seconds for one file
# format: program, name of the valid file, what damages it, every which of these files
FORMATS = {
    "torchvision": ("torch", "torchvision", damage_safetensors.damage, 1),
    "timm": ("torch", "timm", damage_safetensors.damage, 4),
    "weights.h5": ("keras", "k.weights.h5", damage_keras.damage_weights, 1),
    "keras": ("keras", "k.keras", damage_keras.damage_archive, 1),
    "h5": ("keras", "k.h5", damage_keras.damage_legacy, 1),
}
ENDINGS = {
    "torchvision": ".safetensors",
    "timm": ".safetensors",
    "weights.h5": ".weights.h5",
    "keras": ".keras",
    "h5": ".h5",
}
VERDICTS = ["both take", "both refuse", "only theirs", "only ours"]


class Theirs:
    """A process of another program, started again where a file ended it."""

    def __init__(self, which):
        self.which = which
        self.process = None

    def start(self):
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "damaged_theirs.py")
        self.process = subprocess.Popen(
            [sys.executable, script, self.which],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={k: v for k, v in os.environ.items() if k != "ASAN_OPTIONS"},
        )
        if not self.answer(600)["took"]:
            sys.exit(f"damaged.py: {self.which} does not start")

    def answer(self, seconds):
        """One line. Without one the process has died, or is ended."""
        ready = select.select([self.process.stdout], [], [], seconds)[0]
        line = self.process.stdout.readline() if ready else b""
        if line.endswith(b"\n"):
            return json.loads(line)
        self.stop()
        return {"took": False, "said": "died" if ready else "took too long"}

    def ask(self, **request):
        if self.process is None:
            self.start()
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        self.process.stdin.flush()
        return self.answer(LIMIT)

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process.stdin.close()
            self.process.stdout.close()
            self.process = None


def start_ours(program, file, folder):
    arguments = [program, "import", file, os.path.join(folder, "checkpoint.h5")]
    pipe = subprocess.PIPE
    return subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe)


def end_ours(process, file, folder):
    """Whether it took the file, its line, and what is wrong with how it ended."""
    out = os.path.join(folder, "checkpoint.h5")
    try:
        stderr = process.communicate(timeout=LIMIT)[1]
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return False, "", f"no end after {LIMIT} s"
    said = stderr.decode(errors="replace")
    if "Sanitizer" in said or "runtime error:" in said:
        return False, said[:2000], "a sanitizer speaks"
    if process.returncode == 0:
        return True, said, "" if os.path.exists(out) else "no checkpoint"
    wrong = []
    if process.returncode < 0 or process.returncode > 100:
        wrong.append(f"exit status {process.returncode}")
    if said.count("\n") != 1 or not said.startswith(f"lockstep: error: {file}: "):
        wrong.append("not one line that names the file")
    try:
        stderr.decode()
    except UnicodeDecodeError:
        wrong.append("a line that is not UTF-8")
    if any(ord(c) < 32 for c in said.rstrip("\n")):
        wrong.append("control characters in its line")
    if os.listdir(folder):
        wrong.append(f"left {os.listdir(folder)}")
    return False, said.strip(), ", ".join(wrong)


def difference(checkpoint, npz):
    """What is not the same in both; "" where all is."""
    theirs = np.load(npz)
    ours = {}
    with h5py.File(checkpoint, "r") as file:
        for layer, group in file["layers"].items():
            for name, values in group.get("vars", {}).items():
                ours[f"{layer}/{name}"] = values[()]
    if set(ours) != set(theirs.files):
        return f"other tensors: {sorted(set(ours) ^ set(theirs.files))[:4]}"
    for name, values in ours.items():
        other = theirs[name]
        if values.shape != other.shape or values.astype("<f4").tobytes() != other.astype("<f4").tobytes():
            return f"{name} differs"
    return ""


class Check:
    def __init__(self, options):
        self.options = options
        self.table = collections.defaultdict(collections.Counter)
        self.reasons = collections.Counter()
        self.wrong = 0
        self.original = None  # the numbers of the file before it is damaged

    def tell(self, case, problem, said, file):
        self.wrong += 1
        self.table[case[:2]]["wrong"] += 1
        print(f"WRONG {', '.join(case)}: {problem}\n    ours: {said[0]}\n    theirs: {said[1]}", flush=True)
        if self.options.keep:
            os.makedirs(self.options.keep, exist_ok=True)
            shutil.copy(file, os.path.join(self.options.keep, f"{self.wrong}{ENDINGS[case[0]]}"))

    def compare(self, case, ours, theirs, checkpoint, npz):
        """What is wrong with two verdicts, and the reason why it is not."""
        took, said, problem = ours
        if problem:
            return problem, ""
        if case[1] == "none" and not (took and theirs["took"]):
            return "a valid file is refused", ""
        if took and theirs["took"]:
            problem = difference(checkpoint, npz)
            return problem, problem and damaged_reasons.of_difference(*case)
        if took:
            problem = self.original and difference(checkpoint, self.original)
            return problem or "only ours", "" if problem else damaged_reasons.of_taken(*case, theirs["said"])
        return theirs["took"] and "only theirs", theirs["took"] and damaged_reasons.of_refused(said)

    def note(self, case, verdict, problem, reason, said, file):
        self.table[case[:2]][verdict] += 1
        if problem and reason:
            self.reasons[verdict, reason] += 1
        elif problem:
            self.tell(case, problem, said, file)
        if self.options.log:
            print("\t".join([*case, verdict, *said]), file=self.options.log, flush=True)

    def one(self, theirs, case, data):
        folder = os.path.join(self.options.folder, "out")
        npz = os.path.join(self.options.folder, "theirs.npz")
        file = os.path.join(self.options.folder, "damaged" + ENDINGS[case[0]])
        os.makedirs(folder)
        with open(file, "wb") as to:
            to.write(data)
        process = start_ours(self.options.lockstep, file, folder)
        answer = theirs.ask(format=case[0], file=file, out=npz)
        ours = end_ours(process, file, folder)
        verdict = VERDICTS[(0 if answer["took"] else 3) if ours[0] else (2 if answer["took"] else 1)]
        said = [ours[1].replace(file, "FILE"), " ".join(answer["said"].split())]
        ours = (ours[0], said[0], ours[2])
        problem, reason = self.compare(case, ours, answer, os.path.join(folder, "checkpoint.h5"), npz)
        self.note(case, verdict, problem, reason, said, file)
        if case[1] == "none" and answer["took"]:
            self.original = os.path.join(self.options.folder, "original.npz")
            shutil.copy(npz, self.original)
        shutil.rmtree(folder)
        os.unlink(file)

    def format(self, theirs, format_name):
        _, valid, damage, step = FORMATS[format_name]
        step *= self.options.every
        path = os.path.join(self.options.folder, valid)
        self.original = None
        for i, (kind, what, data) in enumerate(damage(path, self.options.seed)):
            chosen = i == 0 or i % step == self.options.seed % step
            if chosen and self.options.case in f"{kind}, {what}":
                self.one(theirs, (format_name, kind, what), data)

    def print_table(self):
        width = max(len(f"{f}, {k}") for f, k in self.table)
        columns = [*VERDICTS, "wrong"]
        print("\n" + " " * width + "".join(f"{c:>13}" for c in ["files", *columns]))
        total = collections.Counter()
        for (format_name, kind), counts in self.table.items():
            self.print_row(f"{format_name}, {kind}".ljust(width), counts, columns)
            total.update(counts)
        self.print_row("all".ljust(width), total, columns)
        for (verdict, reason), count in sorted(self.reasons.items()):
            print(f"{verdict}, {count}: {reason}")

    def print_row(self, name, counts, columns):
        files = sum(counts[v] for v in VERDICTS)
        print(name + "".join(f"{n:>13}" for n in [files, *(counts[c] for c in columns)]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("lockstep")
    parser.add_argument("folder")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--only", choices=FORMATS)
    parser.add_argument("--case", default="")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep")
    parser.add_argument("--log", type=argparse.FileType("w"))
    options = parser.parse_args()
    check = Check(options)
    for program in ["torch", "keras"]:
        chosen = [f for f in FORMATS if FORMATS[f][0] == program and options.only in (None, f)]
        theirs = Theirs(program)
        if chosen:
            theirs.ask(make=options.folder)
        for format_name in chosen:
            check.format(theirs, format_name)
        theirs.stop()
    if check.table:
        check.print_table()
    print(f"check_damaged: {check.wrong} wrong")
    sys.exit(check.wrong > 0 or not check.table)


if __name__ == "__main__":
    main()
