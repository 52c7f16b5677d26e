"""The machine that versus_run.py measures on: what it is, its cores, and who else uses them."""

import os
import pathlib
import platform
import re
import resource
import time


def machine(processors):
    """What the figures depend on besides the programs."""

    def first_line(path, pattern):
        try:
            with open(path) as file:
                return next((m[1] for m in (re.match(pattern, line) for line in file) if m), "unknown")
        except OSError:
            return "unknown"

    return {
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cpu": first_line("/proc/cpuinfo", r"model name\s*:\s*(.*)"),
        "processors": os.cpu_count(),
        "used": processors,
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "huge_pages": first_line("/sys/kernel/mm/transparent_hugepage/enabled", r".*\[(\w+)\]"),
    }


def cores():
    """One processor of each core that we may use."""
    chosen = {}
    for processor in sorted(os.sched_getaffinity(0)):
        path = pathlib.Path(f"/sys/devices/system/cpu/cpu{processor}/topology/thread_siblings_list")
        chosen.setdefault(path.read_text() if path.exists() else processor, processor)
    return list(chosen.values())


def busy_seconds(processors):
    """Seconds that these have worked since the machine started, for anybody, and that they were not ours to use."""
    ticks = 0
    try:
        with open("/proc/stat") as file:
            for line in file:
                word, *values = line.split()
                if word in {f"cpu{p}" for p in processors}:
                    user, nice, system, _, _, *rest = map(int, values[:8])
                    ticks += user + nice + system + sum(rest)
    except OSError:
        return None
    return ticks / os.sysconf("SC_CLK_TCK")


def children_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class Others:
    """How many of the processors other programs keep busy, from now on."""

    def __init__(self, processors):
        self.processors = processors
        self.start = time.monotonic()
        self.busy = busy_seconds(processors)
        self.children = children_seconds()

    def used(self):
        """None where the system does not tell. Counts what runs beside our children, which must have ended."""
        if self.busy is None:
            return None
        others = busy_seconds(self.processors) - self.busy - (children_seconds() - self.children)
        return max(0.0, others / self.wall_seconds())

    def wall_seconds(self):
        return time.monotonic() - self.start
