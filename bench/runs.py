"""Programs that are measured: run to their end or stopped, with what they said, and a file of all figures."""

import json
import os
import re
import signal
import subprocess
import tempfile

TIME_LIMIT = 1800


class Failure(Exception):
    """One line that says what is wrong."""


def run_command(command, environment, limit=TIME_LIMIT):
    """Exit status and output of a command. It is stopped with all it started when it takes too long or we are stopped.

    The kernel is told to end it first, should memory run out.
    """

    def give_way():
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")

    with tempfile.TemporaryFile("w+", errors="replace") as output:
        process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=give_way if os.path.exists("/proc/self/oom_score_adj") else None,
        )
        try:
            status = process.wait(limit)
        except subprocess.TimeoutExpired:
            status = None
        finally:
            stop_group(process)
        output.seek(0)
        return status, output.read()


def stop_group(process):
    """Ends a process that still runs, gently because mpirun has ranks to end, then whatever it left."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            pass
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def reason(status, text, limit=TIME_LIMIT):
    """Why a program gave no figure, in one line."""
    if status is None:
        return f"took more than {limit:g} s"
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"(lockstep|[\w.]*(Error|Exception)): ", line)]
    if status < 0:
        return f"ended by signal {-status} ({signal.strsignal(-status)}); was there enough memory?"
    return (errors or lines or [f"ended with status {status}"])[-1]


def save_results(path, results):
    """Replaces the file whole, so that an interruption leaves the old one or the new one. A list is on one line."""
    text = json.dumps(results, indent=1)
    text = re.sub(r"\[[^][{}]*\]", lambda numbers: " ".join(numbers[0].split()), text)
    new = path.with_suffix(".new")
    new.write_text(text + "\n")
    os.replace(new, path)
