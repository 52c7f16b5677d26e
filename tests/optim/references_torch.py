#!/usr/bin/env python3
"""references_torch.py OUT.h5: what the optimizers of PyTorch and timm make of 30 updates. Needs torch, timm and h5py."""
import numpy as np
import timm.optim
import torch
from timm.utils import ModelEmaV3

from references import EPOCH, L2, LAMBDA, NUMBERS, RATE, STEPS, data, decaying, split, wave, write

def warm(optimizer, after):
    first = torch.optim.lr_scheduler.LinearLR(optimizer, 0.25, 1.0, 6)
    return torch.optim.lr_scheduler.SequentialLR(optimizer, [first, after(optimizer)], [6])


lr = torch.optim.lr_scheduler

TORCH_RATES = {
    "constant": ([], lambda o: lr.ConstantLR(o, 1.0)),
    "step": (["rate.schedule=step", "rate.every=7", "rate.factor=0.5"], lambda o: lr.StepLR(o, 7, 0.5)),
    "exponential": (["rate.schedule=exponential", "rate.every=1", "rate.factor=0.875"],
                    lambda o: lr.ExponentialLR(o, 0.875)),
    "cosine": (["rate.schedule=cosine", "rate.length=30", "rate.floor=0.125"],
               lambda o: lr.CosineAnnealingLR(o, 30, 0.125 * RATE)),
    "polynomial": (["rate.schedule=polynomial", "rate.length=24", "rate.power=2"],
                   lambda o: lr.PolynomialLR(o, 24, 2.0)),
    "one_cycle": (["rate.schedule=one_cycle", "rate.length=30", "rate.rise=0.4", "rate.start=0.125",
                   "rate.floor=0.015625"],
                  lambda o: lr.OneCycleLR(o, RATE, total_steps=30, pct_start=0.4, div_factor=8, final_div_factor=8,
                                          cycle_momentum=False)),
    "warm_up": (["rate.schedule=cosine", "rate.length=24", "rate.warm_up=6", "rate.warm_up_from=0.25"],
                lambda o: warm(o, lambda p: lr.CosineAnnealingLR(p, 24))),
}


def lars(groups, **options):
    return timm.optim.Lars(groups, trust_coeff=0.125, eps=1e-8, always_adapt=False, **options)


TORCH = {
    "sgd": ([], torch.optim.SGD, {}, ("none", "l2")),
    "momentum": (["train.momentum=0.75"], torch.optim.SGD, {"momentum": 0.75}, ("none", "l2")),
    "nesterov": (["train.momentum=0.75", "train.nesterov=true"], torch.optim.SGD, {"momentum": 0.75, "nesterov": True},
                 ("none", "l2")),
    "rmsprop": (["train.optimizer=rmsprop", "optimizer.epsilon=0.001"], torch.optim.RMSprop,
                {"alpha": 0.9, "eps": 0.001}, ("none", "l2")),
    "rmsprop_momentum": (["train.optimizer=rmsprop", "optimizer.epsilon=0.001", "train.momentum=0.5"],
                         torch.optim.RMSprop, {"alpha": 0.9, "eps": 0.001, "momentum": 0.5}, ("none", "l2")),
    "rmsprop_tf1": (["train.optimizer=rmsprop", "optimizer.form=keras", "optimizer.epsilon=0.001", "train.momentum=0.5",
                     "optimizer.initial_scale=1"], timm.optim.RMSpropTF,
                    {"alpha": 0.9, "eps": 0.001, "momentum": 0.5}, ("none", "l2", "decoupled")),
    "adam": (["train.optimizer=adam", "optimizer.epsilon=0.001"], torch.optim.Adam, {"eps": 0.001}, ("none", "l2")),
    "adamw": (["train.optimizer=adamw", "optimizer.epsilon=0.001"], torch.optim.AdamW, {"eps": 0.001},
              ("none", "decoupled")),
    "lars": (["train.optimizer=lars", "train.momentum=0.75", "optimizer.trust=0.125", "optimizer.epsilon=1e-8",
              "decay.norm_and_bias=false"], lars, {"momentum": 0.75}, ("l2",)),
    "lars_nesterov": (["train.optimizer=lars", "train.momentum=0.75", "train.nesterov=true", "optimizer.trust=0.125",
                       "optimizer.epsilon=1e-8", "decay.norm_and_bias=false"], lars,
                      {"momentum": 0.75, "nesterov": True}, ("l2",)),
    "lamb": (["train.optimizer=lamb", "optimizer.epsilon=1e-6", "decay.norm_and_bias=false"], timm.optim.Lamb,
             {"eps": 1e-6, "max_grad_norm": None}, ("decoupled",)),
}


class Flat(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.v = torch.nn.ParameterList(torch.tensor(v) for v in split(wave(NUMBERS, 0)))
        self.register_buffer("moving", torch.zeros(4, dtype=torch.float64))

    def loss(self, step):
        a, y = (torch.tensor(v) for v in data(step))
        return ((torch.tanh(a @ torch.cat([p.reshape(-1) for p in self.v])) - y)**2).sum()

    def numbers(self):
        return np.concatenate([p.detach().numpy().reshape(-1) for p in self.v])


def torch_run(make, options, schedule, weight_decay=0.0, norm_and_bias="bias", clip=None, accumulate=1, ema=None,
              every=1, follow=False, changes=1, rate=RATE):
    """changes: steps between two of the schedule's. Weights, or those of the averages where there are some."""
    model = Flat()
    which = decaying(norm_and_bias)
    groups = [{"params": [p], "weight_decay": weight_decay if i in which else 0.0} for i, p in enumerate(model.v)]
    optimizer = make(groups, lr=rate, **options)
    scheduler = schedule(optimizer)
    averages = ModelEmaV3(model, use_warmup=ema == "warm_up", decay=0.875) if ema else None
    for step in range(STEPS):
        if step % accumulate == 0:
            optimizer.zero_grad()
        (model.loss(step) / accumulate).backward()
        if step % accumulate == accumulate - 1:
            if clip:
                clip(model.parameters())
            if follow:
                optimizer.param_groups[0]["weight_decay"] = weight_decay * optimizer.param_groups[0]["lr"] / rate
            optimizer.step()
            updates = step // accumulate + 1
            if averages and updates % every == 0:
                averages.update(model, updates // every)
        if step % changes == changes - 1:
            scheduler.step()
    return averages.module.numbers() if averages else model.numbers()


def torch_cases():
    for name, (keys, make, options, decays) in TORCH.items():
        for rate_name, (rate_keys, schedule) in TORCH_RATES.items():
            for decay in decays:
                scope = "false" if "decay.norm_and_bias=false" in keys else "bias"
                wanted = {"none": 0.0, "l2": 2 * L2, "decoupled": LAMBDA}[decay]
                beside = {"decoupled_decay": True} if (name, decay) == ("rmsprop_tf1", "decoupled") else {}
                more = {"none": [], "l2": [f"l2.c={L2}"], "decoupled": [f"decay.decoupled={LAMBDA}"]}[decay]
                yield (f"torch {name} {rate_name} {decay}",
                       ["optimizer.form=pytorch", "rate.unit=steps"] + keys + rate_keys + more,
                       torch_run(make, options | beside, schedule, wanted, scope))


def other_cases():
    sgd, momentum, both = torch.optim.SGD, {"momentum": 0.75}, ["optimizer.form=pytorch", "train.momentum=0.75"]
    steps = both + ["rate.unit=steps"]
    constant, cosine = TORCH_RATES["constant"], TORCH_RATES["cosine"]
    nothing = constant[1]
    norm = torch.nn.utils.clip_grad_norm_
    value = torch.nn.utils.clip_grad_value_
    yield "clip_norm", both + ["train.clip_norm=0.5"], torch_run(sgd, momentum, nothing, clip=lambda p: norm(p, 0.5))
    yield ("clip_norm l2", both + ["train.clip_norm=0.5", f"l2.c={L2}"],
           torch_run(sgd, momentum, nothing, 2 * L2, clip=lambda p: norm(p, 0.5)))
    yield "clip_value", both + ["train.clip_value=0.125"], torch_run(sgd, momentum, nothing,
                                                                     clip=lambda p: value(p, 0.125))
    for n in (2, 3, 4):
        yield (f"accumulate {n}", both + [f"train.accumulate={n}", f"l2.c={L2}"],
               torch_run(sgd, momentum, nothing, 2 * L2, accumulate=n))
    yield ("accumulate adamw", ["optimizer.form=pytorch", "train.optimizer=adamw", "train.accumulate=3",
                                "train.clip_norm=0.25", f"decay.decoupled={LAMBDA}", "optimizer.epsilon=0.001",
                                "rate.unit=steps"] + cosine[0],
           torch_run(torch.optim.AdamW, {"eps": 0.001}, cosine[1], LAMBDA, accumulate=3, clip=lambda p: norm(p, 0.25)))
    for ema in ("constant", "warm_up"):
        for every in (1, 4):
            for n in (1, 2):
                yield (f"ema {ema} {every} {n}",
                       both + ["ema.decay=0.875", f"ema.every={every}", f"train.accumulate={n}",
                               f"ema.warm_up={'true' if ema == 'warm_up' else 'false'}"],
                       torch_run(sgd, momentum, nothing, ema=ema, every=every, accumulate=n))
    for scope in ("true", "false"):
        yield (f"norm_and_bias {scope} l2", both + [f"decay.norm_and_bias={scope}", f"l2.c={L2}"],
               torch_run(sgd, momentum, nothing, 2 * L2, scope))
        yield (f"norm_and_bias {scope} decoupled",
               ["optimizer.form=pytorch", "train.optimizer=adamw", f"decay.norm_and_bias={scope}",
                f"decay.decoupled={LAMBDA}", "optimizer.epsilon=0.001"],
               torch_run(torch.optim.AdamW, {"eps": 0.001}, nothing, LAMBDA, scope))
    yield ("follow_rate l2", steps + cosine[0] + ["decay.follow_rate=true", f"l2.c={L2}"],
           torch_run(sgd, momentum, cosine[1], 2 * L2, follow=True))
    yield ("follow_rate decoupled", ["optimizer.form=pytorch", "train.optimizer=adamw", "decay.follow_rate=true",
                                     f"decay.decoupled={LAMBDA}", "optimizer.epsilon=0.001", "rate.unit=steps"] +
           cosine[0], torch_run(torch.optim.AdamW, {"eps": 0.001}, cosine[1], LAMBDA, follow=True))
    for name, keys, schedule in (("step", ["rate.schedule=step", "rate.every=2", "rate.factor=0.5"],
                                  lambda o: lr.StepLR(o, 2, 0.5)),
                                 ("warm_up", ["rate.schedule=cosine", "rate.length=4", "rate.warm_up=2",
                                              "rate.warm_up_from=0.25"],
                                  lambda o: lr.SequentialLR(o, [lr.LinearLR(o, 0.25, 1.0, 2),
                                                                lr.CosineAnnealingLR(o, 4)], [2]))):
        yield (f"by epoch {name}", both + keys + ["rate.changes=epoch"],
               torch_run(sgd, momentum, schedule, changes=EPOCH))
    yield ("rate_batch", both + ["train.batch=64", "train.rate_batch=256", "train.accumulate=2"],
           torch_run(sgd, momentum, nothing, accumulate=2, rate=0.5 * RATE))


torch.set_default_dtype(torch.float64)
write(case for make in (other_cases, torch_cases) for case in make())
