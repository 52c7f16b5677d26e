#!/usr/bin/env python3
"""read_events.py FOLDER OUT [LATER]: what TensorBoard makes of the event files in a folder, in OUT: a line for each point,
tag, step and value (the bits of a float32, or the text's own). Refuses points of a tag that do not go up in steps, and
readers that differ: its loader of single files, its accumulator, and where that is installed its data server, which is
another program. With LATER, a file: an accumulator that has read the folder waits until that file is there, reads what
has been added, and must then see what a new one sees. Needs tensorboard."""
import os
import pathlib
import struct
import sys
import time

from tensorboard import context
from tensorboard.backend.event_processing import event_file_loader, plugin_event_accumulator

ALL = {"scalars": 0, "tensors": 0}  # no sampling


def fail(text):
    sys.exit(f"read_events.py: {text}")


def value_of(tensor):
    if tensor.string_val:
        return repr(b"".join(tensor.string_val))
    return struct.pack(">f", tensor.float_val[0]).hex()


def raw(folder):
    """Every value of every file, in the order in which TensorBoard takes them."""
    points = {}
    for path in sorted(pathlib.Path(folder).glob("*tfevents*")):
        for event in event_file_loader.EventFileLoader(str(path)).Load():
            for value in event.summary.value:
                points.setdefault(value.tag, []).append((event.step, value_of(value.tensor)))
    return points


def scalars_of(points):
    return {tag: series for tag, series in points.items() if series[0][1][0] != "b"}


def accumulated(accumulator):
    accumulator.Reload()
    return {tag: [(e.step, value_of(e.tensor_proto)) for e in accumulator.Tensors(tag)]
            for tag in accumulator.Tags()["tensors"]}


class Server:
    """The data server, which follows the folder; `there` is false where it is not installed."""

    def __init__(self, folder):
        self.there = False
        try:
            from tensorboard.data import provider, server_ingester
            from tensorboard.util import grpc_util
            binary = server_ingester.get_server_binary()
        except (ImportError, RuntimeError):
            return
        creds = grpc_util.ChannelCredsType.LOCAL
        self.ingester = server_ingester.SubprocessServerDataIngester(
            binary, str(folder), reload_interval=1, channel_creds_type=creds, samples_per_plugin=ALL)
        self.ingester.start()
        self.every = provider.RunTagFilter()
        self.there = True

    def scalars(self):
        found = self.ingester.data_provider.read_scalars(
            context.RequestContext(), experiment_id="", plugin_name="scalars", downsample=1 << 20,
            run_tag_filter=self.every)
        return {tag: [(p.step, struct.pack(">f", p.value).hex()) for p in series]
                for tags in found.values() for tag, series in tags.items()}

    def comes_to(self, points):
        """It reads when it likes: give it ten minutes."""
        end = time.monotonic() + 600
        while self.scalars() != points and time.monotonic() < end:
            time.sleep(0.1)
        return self.scalars()


def check(points, others, what):
    if points != others:
        tags = sorted(t for t in set(points) | set(others) if points.get(t) != others.get(t))
        fail(f"{what} sees other points of {tags}: {[(points.get(t), others.get(t)) for t in tags[:1]]}")


def main():
    folder, out = sys.argv[1:3]
    early = plugin_event_accumulator.EventAccumulator(folder, size_guidance=ALL)
    accumulated(early)
    server = Server(folder)
    if server.there:
        server.comes_to(scalars_of(raw(folder)))
    if len(sys.argv) > 3:
        pathlib.Path(out).touch()
        while not os.path.exists(sys.argv[3]):
            time.sleep(0.05)
    points = raw(folder)
    for tag, series in points.items():
        steps = [step for step, _ in series]
        if steps != sorted(set(steps)):
            fail(f"{tag}: the steps do not go up: {steps}")
    check(points, accumulated(plugin_event_accumulator.EventAccumulator(folder, size_guidance=ALL)), "the accumulator")
    check(points, accumulated(early), "an accumulator that was there before")
    if server.there:
        check(scalars_of(points), server.comes_to(scalars_of(points)), "the data server")
    with open(out, "w") as file:
        for tag, series in sorted(points.items()):
            file.writelines(f"{tag} {step} {value}\n" for step, value in series)
    print(f"{folder}: {len(points)} tags, {sum(map(len, points.values()))} points, data server: "
          f"{'the same' if server.there else 'not there'}")


if __name__ == "__main__":
    main()
