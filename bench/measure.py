"""What the measured programs share: options, how many steps count, and the file they leave.

The file has the keys of `lockstep bench --json`: step_seconds, images_per_second, peak_rss_bytes (of each process), and
version.
"""

import json
import resource
import statistics
import time

LEARNING_RATE = 0.1
L2 = 0.001
CLASSES = 10
LONG_STEP = 10.0


def add_options(parser):
    parser.add_argument("--size", type=int, default=224, help="rows and columns of an image (224)")
    parser.add_argument("--batch", type=int, default=32, help="images a step, of each process (32)")
    parser.add_argument("--threads", type=int, default=1, help="of each process (1)")
    parser.add_argument("--steps", type=int, default=30, help="steps that count, at most (30)")
    parser.add_argument("--seconds", type=float, default=15, help="that the counted steps may take (15)")
    parser.add_argument("--warm-up", type=int, default=2, help="steps before those that count (2)")
    parser.add_argument("--json", help="file for the figures (only the median is printed without)")


def check_options(parser, args):
    if min(args.size - 31, args.batch, args.threads, args.steps, args.warm_up) < 1:
        parser.error("--size is at least 32, counts at least 1")


def steps_within(steps, seconds, step_seconds):
    """How many steps of step_seconds count: what fits into seconds, but at least 3, or 2 long ones."""
    least = 2 if step_seconds > LONG_STEP else 3
    return min(steps, max(least, int(seconds / step_seconds)))


def time_steps(step, args, agree=lambda count: count):
    """Seconds of each step after the warm-up. agree makes processes that step together count the same number."""

    def timed(count):
        seconds = []
        for _ in range(count):
            start = time.perf_counter()
            step()
            seconds.append(time.perf_counter() - start)
        return seconds

    warm = timed(args.warm_up)
    return timed(agree(steps_within(args.steps, args.seconds, warm[-1])))


def peak_rss_bytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def write_result(args, processes, seconds, peaks, version):
    speeds = [args.batch * processes / s for s in seconds]
    result = {
        "version": version,
        "step_seconds": seconds,
        "images_per_second": {
            "median": statistics.median(speeds),
            "mean": statistics.mean(speeds),
            "min": min(speeds),
            "max": max(speeds),
        },
        "peak_rss_bytes": peaks,
    }
    print(f"images/s median {statistics.median(speeds):.2f} of {len(speeds)} steps", flush=True)
    if args.json:
        with open(args.json, "w") as file:
            json.dump(result, file, indent=1)
