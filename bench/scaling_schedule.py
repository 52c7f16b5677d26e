"""What a training step does, in order, with its times: from the figures of `lockstep bench --layers --json`.

Rows are as bench/simulated/schedule.h has them: (verb, number), number None where there is none.
"""


def class_seconds(figures, name):
    return sum(c["seconds"] for c in figures["layer_classes"] if c["name"] == name)


def rows(figures, order):
    """The step as bench/plans/order.c prints it, with these times. What one layer computes in a row is one row."""
    layers = {(layer["pass"], layer["name"]): layer["seconds"] for layer in figures["layers"]}
    packing = class_seconds(figures, "packing of weights")
    collecting = class_seconds(figures, "collecting of gradients")
    size = final = next(action["number"] for action in order if action["do"] == "weights")
    step = []
    layer = collected = None  # of the row before; the row that collects what the next `ready` says
    for action in order:
        verb, number, phase, before = action["do"], action.get("number"), action.get("phase"), layer
        layer = action.get("layer")
        if phase == "collect":
            collected = len(step) - 1 if layer == before else len(step)
            number = 0.0
        elif verb == "compute":
            number = packing if phase == "pack" else layers.get((phase, layer), 0.0) if layer else figures["phases"][phase]
        if verb == "ready":
            step[collected] = ("compute", step[collected][1] + collecting * (final - number) / size)
            final = number
        if phase != "collect" or layer != before:
            step.append((verb, number))
    return [row for row in step if row != ("compute", 0.0)]


def parts(step, which, bucket):
    """`sums`: without the gradient; `bucket`: so many elements of it alone, waited for; `all`: as it is."""
    if which == "bucket":
        return [("weights", bucket), ("gradient", None), ("finish", None)]
    return [row for row in step if which == "all" or row[0] not in ("gradient", "ready", "finish")]


def faster(step, cores):
    """Computing is so many times as fast."""
    return [(verb, number / cores if verb == "compute" else number) for verb, number in step]


def compute_seconds(step):
    return sum(number for verb, number in step if verb == "compute")


def text(step):
    return "".join(verb + ("\n" if number is None else f" {number:.9f}\n" if verb == "compute" else f" {number}\n")
                   for verb, number in step)  # fmt: skip
