#!/usr/bin/env python3
"""Time training steps of the article's MobileNetV2 in PyTorch on the CPU: forward, backward, SGD.

    torch_step.py [--size N] [--batch N] [--threads N] [--processes N] [--contiguous] [--steps N] [--warm-up N]

Eager mode. With more than one process, DistributedDataParallel over gloo; each has its part of the batch, --threads
threads, and BatchNorm over its own part, as is usual there. Images lie in memory, so nothing is decoded. Prints

    images/s mean M median M min M max M

over the steps, whole batches counted.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
import warnings

warnings.filterwarnings("ignore", message="Failed to initialize NumPy")

import torch
import torch.nn.functional as F
from torch import nn

# filters (a sixth of the expanded channels), output channels, stride, shortcut
BLOCKS = [
    (16, 24, 2, False), (24, 24, 1, True),
    (24, 32, 2, False), (32, 32, 1, True), (32, 32, 1, True),
    (32, 64, 2, False), (64, 64, 1, True), (64, 64, 1, True), (64, 64, 1, True),
    (64, 96, 1, False), (96, 96, 1, True), (96, 96, 1, True),
    (96, 160, 2, False), (160, 160, 1, True), (160, 160, 1, True),
    (160, 320, 1, False),
]  # fmt: skip
CLASSES = 10


class Unit(nn.Module):
    """A convolution, BatchNorm, and ReLU6 where wanted. Stride 2 pads at the bottom and right only, as in Keras."""

    def __init__(self, inputs, outputs, size=1, stride=1, groups=1, activation=True):
        super().__init__()
        padding = 1 if size == 3 and stride == 1 else 0
        self.pad = size == 3 and stride == 2
        self.conv = nn.Conv2d(inputs, outputs, size, stride, padding, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.01)
        self.activation = activation

    def forward(self, x):
        x = self.norm(self.conv(F.pad(x, (0, 1, 0, 1)) if self.pad else x))
        return F.relu6(x, inplace=True) if self.activation else x


class Bottleneck(nn.Module):
    def __init__(self, inputs, filters, outputs, stride, shortcut):
        super().__init__()
        wide = 6 * filters
        self.shortcut = shortcut
        self.units = nn.Sequential(
            Unit(inputs, wide),
            Unit(wide, wide, 3, stride, groups=wide),
            Unit(wide, outputs, activation=False),
        )

    def forward(self, x):
        return x + self.units(x) if self.shortcut else self.units(x)


def network():
    layers = [Unit(3, 32, 3, 2), Unit(32, 32, 3, groups=32), Unit(32, 16, activation=False)]
    inputs = 16
    for filters, outputs, stride, shortcut in BLOCKS:
        layers.append(Bottleneck(inputs, filters, outputs, stride, shortcut))
        inputs = outputs
    layers += [Unit(inputs, 1280), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1280, CLASSES)]
    return nn.Sequential(*layers)


def time_steps(model, args):
    """Seconds of each step after the warm-up."""
    batch = args.batch // args.processes
    order = torch.contiguous_format if args.contiguous else torch.channels_last
    images = torch.rand(batch, 3, args.size, args.size).to(memory_format=order)
    labels = torch.randint(CLASSES, (batch,))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    seconds = []
    for _ in range(args.warm_up + args.steps):
        start = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        loss.item()
        seconds.append(time.perf_counter() - start)
    return seconds[args.warm_up :]


def run(rank, args, store):
    torch.manual_seed(1 + rank)
    torch.set_num_threads(args.threads)
    model = network()
    if not args.contiguous:
        model = model.to(memory_format=torch.channels_last)
    if args.processes > 1:
        torch.distributed.init_process_group(
            "gloo", init_method=f"file://{store}", rank=rank, world_size=args.processes
        )
        model = nn.parallel.DistributedDataParallel(model)
    seconds = time_steps(model, args)
    if rank == 0:
        speeds = [args.batch / s for s in seconds]
        print(
            f"images/s mean {args.batch * len(seconds) / sum(seconds):.2f} median {statistics.median(speeds):.2f} "
            f"min {min(speeds):.2f} max {max(speeds):.2f}",
            flush=True,
        )
    if args.processes > 1:
        torch.distributed.destroy_process_group()


def main():
    parser = argparse.ArgumentParser(description="Time training steps of the article's MobileNetV2 in PyTorch.")
    parser.add_argument("--size", type=int, default=224, help="rows and columns of an image")
    parser.add_argument("--batch", type=int, default=32, help="images a step, over all processes")
    parser.add_argument("--threads", type=int, default=1, help="of each process")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--contiguous", action="store_true", help="NCHW in memory instead of channels last")
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--warm-up", type=int, default=3, help="steps before those that count")
    args = parser.parse_args()
    if min(args.size - 31, args.threads, args.processes, args.steps) < 1 or args.warm_up < 0:
        parser.error("sizes are at least 32, counts at least 1")
    if args.batch < 1 or args.batch % args.processes != 0:
        parser.error("--batch must be a multiple of --processes")

    if args.processes == 1:
        run(0, args, None)
        return 0
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    with tempfile.TemporaryDirectory() as folder:
        arguments = (args, os.path.join(folder, "store"))
        torch.multiprocessing.spawn(run, args=arguments, nprocs=args.processes)
    return 0


if __name__ == "__main__":
    sys.exit(main())
