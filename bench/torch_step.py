#!/usr/bin/env python3
"""Time training steps of the article's MobileNetV2 in PyTorch on the CPU: forward, backward, SGD with L2.

With more than one process, DistributedDataParallel over gloo, with BatchNorm over each process's part, as is usual
there. Images lie in memory, channels last, so nothing is decoded.
"""

import argparse
import os
import sys
import tempfile
import warnings

warnings.filterwarnings("ignore", message="Failed to initialize NumPy")

import torch
import torch.nn.functional as F
from torch import nn

import measure

# filters (a sixth of the expanded channels), output channels, stride, shortcut
BLOCKS = [
    (16, 24, 2, False), (24, 24, 1, True),
    (24, 32, 2, False), (32, 32, 1, True), (32, 32, 1, True),
    (32, 64, 2, False), (64, 64, 1, True), (64, 64, 1, True), (64, 64, 1, True),
    (64, 96, 1, False), (96, 96, 1, True), (96, 96, 1, True),
    (96, 160, 2, False), (160, 160, 1, True), (160, 160, 1, True),
    (160, 320, 1, False),
]  # fmt: skip


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
    layers += [Unit(inputs, 1280), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1280, measure.CLASSES)]
    return nn.Sequential(*layers)


def sgd(model):
    """SGD with the gradient of the article's L2 penalty, 2c·w, on everything but BatchNorm's parameters."""
    norms = {
        id(p) for m in model.modules() if isinstance(m, (nn.BatchNorm2d, nn.SyncBatchNorm)) for p in m.parameters()
    }
    groups = [
        {"params": [p for p in model.parameters() if id(p) in norms], "weight_decay": 0.0},
        {"params": [p for p in model.parameters() if id(p) not in norms], "weight_decay": 2 * measure.L2},
    ]
    return torch.optim.SGD(groups, lr=measure.LEARNING_RATE, fused=True)


def training_step(model, optimizer, args):
    """A function that does one step on a batch that stays the same."""
    images = torch.rand(args.batch, 3, args.size, args.size).to(memory_format=torch.channels_last)
    labels = torch.randint(measure.CLASSES, (args.batch,))

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        loss.item()

    return step


def agree_on(count):
    """Rank 0's count, on all ranks."""
    shared = torch.tensor(count)
    torch.distributed.broadcast(shared, 0)
    return int(shared)


def leave():
    """Ends a process of several without PyTorch's own shutdown, in which gloo's threads abort it now and then."""
    torch.distributed.barrier()
    sys.stdout.flush()
    os._exit(0)


def run(rank, args, store):
    if args.bind:
        os.sched_setaffinity(0, {int(args.bind.split(",")[rank])})
    torch.manual_seed(1 + rank)
    torch.set_num_threads(args.threads)
    model = network().to(memory_format=torch.channels_last)
    if args.sync:
        model = nn.SyncBatchNorm.convert_sync_batchnorm(model)
    optimizer = sgd(model)
    if args.compile:  # before DDP wraps it: faster than after, when the network is compiled in pieces
        model = torch.compile(model)
    parallel = args.processes > 1
    if parallel:
        torch.distributed.init_process_group(
            "gloo", init_method=f"file://{store}", rank=rank, world_size=args.processes
        )
        model = nn.parallel.DistributedDataParallel(model)
    seconds = measure.time_steps(
        training_step(model, optimizer, args), args, agree_on if parallel else lambda count: count
    )
    peaks = [measure.peak_rss_bytes()]
    if parallel:
        peaks = [None] * args.processes
        torch.distributed.all_gather_object(peaks, measure.peak_rss_bytes())
    if rank == 0:
        measure.write_result(args, args.processes, seconds, peaks, f"PyTorch {torch.__version__}")
    if parallel:
        leave()


def main():
    parser = argparse.ArgumentParser(description="Time training steps of the article's MobileNetV2 in PyTorch.")
    measure.add_options(parser)
    parser.add_argument("--processes", type=int, default=1, help="more than one: DDP over gloo (1)")
    parser.add_argument("--compile", action="store_true", help="torch.compile instead of eager mode")
    parser.add_argument("--sync", action="store_true", help="SyncBatchNorm, which PyTorch has for GPUs only")
    parser.add_argument("--bind", help="a processor for each process, with commas between them")
    parser.add_argument("--rank", type=int, help="be this one of the processes; the others are started elsewhere")
    parser.add_argument("--store", help="file by which they find each other, with --rank")
    args = parser.parse_args()
    measure.check_options(parser, args)
    if args.processes < 1 or (args.sync and args.processes < 2):
        parser.error("--processes is at least 1, and 2 with --sync")

    if args.rank is not None and (args.store is None or not 0 <= args.rank < args.processes):
        parser.error("--rank is one of --processes, and wants --store")

    if args.processes == 1 or args.rank is not None:
        run(args.rank or 0, args, args.store)
        return 0
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    with tempfile.TemporaryDirectory() as folder:
        arguments = (args, os.path.join(folder, "store"))
        torch.multiprocessing.spawn(run, args=arguments, nprocs=args.processes)
    return 0


if __name__ == "__main__":
    sys.exit(main())
