#!/usr/bin/env python3
"""Read log.h5 with h5py while a training writes it.

    follow_log.py LOG.h5 STEPS [--timeout SECONDS]

Opens the log once, for single-writer multiple-reader, and looks again and again until it has STEPS rows. It must have
been seen with some rows but not all, all columns of /steps must end equally long, and no number may change once read.
"""

import argparse
import sys
import time

import h5py
import numpy as np


def wait_open(path, deadline):
    """The log, as soon as its writer has begun; None past the deadline."""
    while time.monotonic() < deadline:
        try:
            file = h5py.File(path, "r", libver="latest", swmr=True)
            if "steps/loss" in file:
                return file
            file.close()
        except OSError:
            pass
        time.sleep(0.05)
    return None


def rows(file):
    data = file["steps/loss"]
    data.refresh()
    return data[...]


def main():
    parser = argparse.ArgumentParser(description="Read log.h5 with h5py while a training writes it.")
    parser.add_argument("log")
    parser.add_argument("steps", type=int)
    parser.add_argument("--timeout", type=float, default=120)
    args = parser.parse_args()

    deadline = time.monotonic() + args.timeout
    file = wait_open(args.log, deadline)
    if file is None:
        print(f"{args.log}: cannot be opened while it is written")
        return 1
    seen, loss = [], np.zeros(0)
    while len(loss) < args.steps and time.monotonic() < deadline:
        now = rows(file)
        if not np.array_equal(now[: len(loss)], loss):
            print(f"{args.log}: rows changed after they were read")
            return 1
        if len(now) != len(loss) or not seen:
            seen.append(len(now))
        loss = now
        time.sleep(0.02)
    columns = list(file["steps"].values())
    for column in columns:
        column.refresh()
    partly = any(0 < n < args.steps for n in seen)
    good = partly and len(loss) == args.steps and all(len(column) == args.steps for column in columns)
    lengths = ", ".join(str(n) for n in seen)
    verdict = "good" if good else "WRONG"
    reader = f"h5py {h5py.__version__}, HDF5 {h5py.version.hdf5_version}"
    print(f"log.h5 while it is written: {verdict}: rows seen {lengths} ({reader})")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
