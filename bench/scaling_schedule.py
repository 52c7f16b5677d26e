"""What a training step does, in order, with its times: from the figures of `lockstep bench --layers --json`.

Rows are as bench/simulated/step.c reads them: (verb, number), number None where there is none.
"""

import json

from runs import Failure

BUCKET = 1 << 18  # elements, COMM_STREAM_BUCKET of stream.h
BLOCK = 8  # channels of a block: BatchNorm's vectors are padded to it
PICTURE_TAPS = {"stem": 27, "depthwise": 9}  # weights for each output channel, besides 1x1 convolutions


def load(path):
    try:
        with open(path) as file:
            figures = json.load(file)
        figures["layers"][0]["cout"]
        return figures
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        raise Failure(f"{path} is not what `lockstep bench --json` writes today: {error!r}") from error


def weights(layer):
    """Elements of its gradient: kernel, gamma and beta; of the dense layer, kernel and bias."""
    if layer["kind"] == "dense":
        return (layer["cin"] + 1) * layer["cout"]
    if layer["kind"] in ("stem", "depthwise", "pointwise"):
        taps = PICTURE_TAPS.get(layer["kind"], layer["cin"])
        return (taps + 2) * layer["cout"]
    return 0


def has_batch_norm(layer):
    return layer["kind"] in ("stem", "depthwise", "pointwise")


def sum_size(layer):
    """Elements of a BatchNorm's sum."""
    return 2 * -(-layer["cout"] // BLOCK) * BLOCK


def offsets(forward):
    """Where each layer's gradient begins in the flat vector, and the vector's size."""
    begin = {}
    size = 0
    for layer in forward:
        begin[layer["name"]] = size
        size += weights(layer)
    return begin, size


def class_seconds(figures, name):
    return sum(c["seconds"] for c in figures["layer_classes"] if c["name"] == name)


def backward_rows(figures, forward, begin, size):
    backward = {layer["name"]: layer for layer in figures["layers"] if layer["pass"] == "backward"}
    collecting = class_seconds(figures, "collecting of gradients")
    ready = []  # what the layers above have finished sets off between a layer's sums and its kernels
    for layer in reversed(forward):
        seconds = backward.get(layer["name"], {"seconds": 0})["seconds"] + collecting * weights(layer) / size
        if has_batch_norm(layer):
            yield "sum", sum_size(layer)
            yield from ready
            ready = []
        if seconds > 0:
            yield "compute", seconds
        if weights(layer) > 0:
            ready = [("ready", begin[layer["name"]])]
    yield from ready


def rows(figures, speed_up=1.0):
    """The step of train/step.c. speed_up: computing is so many times as fast, as with so many cores a rank."""
    forward = [layer for layer in figures["layers"] if layer["pass"] == "forward"]
    begin, size = offsets(forward)
    phases = figures["phases"]
    step = [("weights", size), ("agree", None), ("compute", class_seconds(figures, "packing of weights"))]
    for layer in forward:
        step.append(("compute", layer["seconds"]))
        if has_batch_norm(layer):
            step.append(("sum", sum_size(layer)))
    step += [("agreed", None), ("compute", phases["loss"]), ("gradient", None)]
    step += backward_rows(figures, forward, begin, size)
    step += [("finish", None), ("compute", phases["update"])]
    return [(verb, number / speed_up if verb == "compute" else number) for verb, number in step]


def parts(step, which):
    """`sums`: without the gradient; `bucket`: a bucket of the gradient alone, waited for; `all`: as it is."""
    if which == "bucket":
        return [("weights", BUCKET), ("gradient", None), ("finish", None)]
    return [row for row in step if which == "all" or row[0] not in ("gradient", "ready", "finish")]


def compute_seconds(step):
    return sum(number for verb, number in step if verb == "compute")


def text(step):
    return "".join(verb + ("\n" if number is None else f" {number:.9f}\n" if verb == "compute" else f" {number}\n")
                   for verb, number in step)  # fmt: skip
