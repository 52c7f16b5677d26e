#!/usr/bin/env python3
"""What the programs that files belong to make of them. A process of its own, as a damaged file may end it.

    damaged_theirs.py torch|keras

A line on standard input is a request in JSON, a line on standard output the answer:

    {"make": FOLDER}                           write valid files with random weights
    {"format": F, "file": NAME, "out": NAME}   read one; its numbers as .npz, called as a checkpoint of Lockstep does
"""

import json
import os
import sys

import numpy as np

CLASSES = 7
SIZE = 96


def names_of(kinds):
    """Names of layers by class, in the order of computation: "conv2d", "batch_normalization", "conv2d_1"."""
    seen = {}
    for kind in kinds:
        n = seen[kind] = seen.get(kind, -1) + 1
        yield kind if n == 0 else f"{kind}_{n}"


class Torch:
    """torchvision and timm: safetensors reads, and the model takes all of it."""

    def __init__(self):
        import timm
        import torch
        import torchvision

        torch.set_num_threads(1)
        torch.manual_seed(1)
        self.torch = torch
        self.models = {
            "torchvision": torchvision.models.mobilenet_v2(num_classes=CLASSES, width_mult=0.25),
            "timm": timm.create_model("mobilenetv2_035", num_classes=CLASSES),
        }
        for model in self.models.values():
            self.randomize(model)

    def randomize(self, model):
        with self.torch.no_grad():
            for name, value in model.state_dict().items():
                if name.endswith("running_var"):
                    value.uniform_(0.5, 1.5)
                elif value.dtype.is_floating_point:
                    value.normal_(0, 0.1)

    def make(self, folder):
        from safetensors.torch import save_file

        for name, model in self.models.items():
            save_file(model.state_dict(), os.path.join(folder, name), metadata={"format": "pt"})

    def read(self, format_name, file):
        from safetensors import safe_open

        with safe_open(file, framework="pt") as opened:
            opened.metadata()
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}
        model = self.models[format_name]
        model.load_state_dict(tensors, strict=True)
        return self.numbers(model)

    def numbers(self, model):
        nn = self.torch.nn
        layers = [m for m in model.modules() if isinstance(m, (nn.Conv2d, nn.BatchNorm2d, nn.Linear))]
        kinds = [
            "dense"
            if isinstance(m, nn.Linear)
            else "batch_normalization"
            if isinstance(m, nn.BatchNorm2d)
            else "depthwise_conv2d"
            if m.groups > 1
            else "conv2d"
            for m in layers
        ]
        out = {}
        for layer, kind, name in zip(layers, kinds, names_of(kinds)):
            values = {
                "conv2d": lambda m: [m.weight.permute(2, 3, 1, 0)],
                "depthwise_conv2d": lambda m: [m.weight.permute(2, 3, 0, 1)],
                "batch_normalization": lambda m: [m.weight, m.bias, m.running_mean, m.running_var],
                "dense": lambda m: [m.weight.T, m.bias],
            }[kind](layer)
            for i, value in enumerate(values):
                out[f"{name}/{i}"] = value.detach().numpy()
        return out


class Keras:
    """Keras: weights alone into its own network, models as a whole."""

    def __init__(self):
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
        os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
        import keras

        keras.utils.set_random_seed(1)
        self.keras = keras
        self.model = keras.applications.MobileNetV2(
            weights=None, alpha=0.35, classes=CLASSES, input_shape=(SIZE, SIZE, 3)
        )
        random = np.random.default_rng(1)
        for v in self.model.variables:
            low, high = (0.5, 1.5) if v.path.endswith("moving_variance") else (-0.2, 0.2)
            v.assign(random.uniform(low, high, v.shape))

    def make(self, folder):
        self.model.save_weights(os.path.join(folder, "k.weights.h5"))
        self.model.save(os.path.join(folder, "k.keras"))
        self.model.save(os.path.join(folder, "k.h5"))

    def read(self, format_name, file):
        if format_name == "weights.h5":
            self.model.load_weights(file)
            return self.numbers(self.model)
        model = self.keras.models.load_model(file, compile=False)
        out = self.numbers(model)
        self.keras.backend.clear_session()
        return out

    def numbers(self, model):
        layers = self.keras.layers
        kinds = [
            ("depthwise_conv2d", layers.DepthwiseConv2D),
            ("conv2d", layers.Conv2D),
            ("batch_normalization", layers.BatchNormalization),
            ("dense", layers.Dense),
        ]
        found = [(layer, next((n for n, c in kinds if isinstance(layer, c)), None)) for layer in model.layers]
        found = [(layer, kind) for layer, kind in found if kind is not None]
        out = {}
        for (layer, _), name in zip(found, names_of([kind for _, kind in found])):
            for i, value in enumerate(layer.get_weights()):
                out[f"{name}/{i}"] = value
        return out


def main():
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # programs' own words are no answers
    programs = {"torch": Torch, "keras": Keras}[sys.argv[1]]()
    print(json.dumps({"took": True, "said": "ready"}), file=answers, flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if "make" in request:
                programs.make(request["make"])
            else:
                np.savez(request["out"], **programs.read(request["format"], request["file"]))
            answer = {"took": True, "said": ""}
        except Exception as error:  # pylint: disable=broad-except
            answer = {"took": False, "said": f"{type(error).__name__}: {error}"[:400]}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
