#!/usr/bin/env python3
"""Have Keras, torchvision and timm save networks of random weights, and compare what they and Lockstep compute.

    frameworks.py EXCHANGE FOLDER [--quick] [--only keras|torch]

EXCHANGE is the program tests/exchange/exchange. Each network gets random kernels, BatchNorm's weights and moving
statistics, and is saved in each layout that there is for it; Lockstep reads the file and computes logits of two random
pictures; then it writes the network, and a new one of the framework loads that. Both times must the largest difference
of logits, divided by the largest logit, be within 1e-5; or, as random weights make rounding errors grow, Lockstep's from
the framework's in float64 within twice the framework's own in float32. Exit status: 0 all good, 1 a difference.
"""

import argparse
import copy
import functools
import itertools
import os
import subprocess
import sys

import numpy as np

TOLERANCE = 1e-5
ALPHAS = [0.35, 0.5, 0.75, 1.0, 1.3, 1.4]
SIZES = [(96, 96), (160, 160), (224, 224), (200, 200), (75, 75), (97, 130)]
QUICK = [(0.35, (96, 96)), (1.0, (75, 75))]
CLASSES = 7


class Check:
    """The program under test, the folder for files, and what came out so far."""

    def __init__(self, program, folder):
        self.program = program
        self.folder = folder
        self.failed = 0
        self.passed = 0
        self.rounded = 0  # of those that passed: by comparison with float64
        self.worst = 0.0

    def path(self, name):
        return os.path.join(self.folder, name)

    def run(self, *arguments):
        done = subprocess.run([self.program, *arguments], capture_output=True, text=True, check=False)
        return done.returncode, (done.stdout + done.stderr).strip()

    def logits(self, file, images, width, *how):
        """What Lockstep computes, and its line about the file, which must name the width."""
        images.astype(np.float32).tofile(self.path("in.raw"))
        size = f"{images.shape[1]}x{images.shape[2]}"
        status, said = self.run("logits", file, size, self.path("in.raw"), self.path("out.raw"), *how)
        if status != 0:
            return None, said
        if f"width {width:g}," not in said:
            return None, f"another width: {said}"
        return np.fromfile(self.path("out.raw"), dtype=np.float32).reshape(len(images), -1).astype(np.float64), said

    def tell(self, what, good, text):
        self.passed += good
        self.failed += not good
        if not good:
            print(f"WRONG {what}: {text}", flush=True)

    def compare(self, what, ours, theirs, said="", exact=None):
        """exact: gives the framework's logits in float64."""
        if ours is None or ours.shape != theirs.shape or not np.all(np.isfinite(ours)):
            self.tell(what, False, said)
            return
        difference = float(np.max(np.abs(ours - theirs)) / np.max(np.abs(theirs)))
        self.worst = max(self.worst, difference)
        matters = float(np.max(np.ptp(theirs, axis=0)) / np.max(np.abs(theirs)))
        good = difference <= TOLERANCE and matters > 1e-3
        if not good and difference < 1e-3 and exact is not None:
            truth = exact()
            errors = [float(np.max(np.abs(logits - truth)) / np.max(np.abs(truth))) for logits in (ours, theirs)]
            good = errors[0] <= 2 * errors[1]
            self.rounded += good
            said = f"from float64 {errors[0]:.3g}, the framework's own {errors[1]:.3g}; {said}"
        self.tell(what, good, f"differ by {difference:.3g} of the largest; pictures by {matters:.3g}; {said}")

    def refused(self, what, *arguments):
        status, said = self.run(*arguments)
        self.tell(what, status == 1 and said.count("\n") <= 1 and "exchange: " in said, said)


def drawn(random, name, shape, fan_in):
    if name in ("gamma", "moving_variance", "running_var"):
        return random.uniform(0.5, 1.5, shape)
    if name in ("beta", "moving_mean", "running_mean", "bias"):
        return random.normal(0, 0.1, shape)
    return random.normal(0, np.sqrt(2 / fan_in), shape)


# --- Keras ------------------------------------------------------------------------------------------------------------


def randomize_keras(random, variables):
    for variable in variables:
        shape = tuple(variable.shape)
        fan_in = np.prod(shape[:2]) if "depthwise" in variable.path else np.prod(shape[:-1])
        variable.assign(drawn(random, variable.path.rsplit("/", 1)[-1], shape, fan_in))


def strip_names(path):
    """As Keras 3 was before it wrote names of layers."""
    import h5py

    with h5py.File(path, "r+") as file:

        def strip(_, item):
            if "name" in item.attrs:
                del item.attrs["name"]

        file.visititems(strip)


def keras_exact(keras, which, file, images):
    """Logits of a model whose weights are in a file, in float64."""
    kind, alpha, size = which
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    model = dict(keras_models(keras, alpha, size))[kind]
    model.load_weights(file)
    exact = model.predict(images.astype(np.float32).astype(np.float64), verbose=0)
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")
    return exact


def keras_models(keras, alpha, size):
    """Kinds of models that hold the network: the whole, and as a part of a larger one."""
    layers = keras.layers

    def base(**more):
        return keras.applications.MobileNetV2(
            weights=None, alpha=alpha, input_shape=(*size, 3), include_top=False, **more
        )

    yield (
        "whole",
        keras.applications.MobileNetV2(
            weights=None, alpha=alpha, classes=CLASSES, input_shape=(*size, 3), classifier_activation=None
        ),
    )
    yield (
        "nested",
        keras.Sequential(
            [
                layers.Input((*size, 3)),
                base(),
                layers.GlobalAveragePooling2D(),
                layers.Dropout(0.2),
                layers.Dense(16, activation="relu"),
                layers.Dense(CLASSES),
            ]
        ),
    )
    part = base(pooling="avg")
    yield "extended", keras.Model(part.input, layers.Dense(CLASSES)(layers.Dropout(0.1)(part.output)))


def check_keras(check, combinations):
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    import keras

    random = np.random.default_rng(1)
    for alpha, size in combinations:
        keras.backend.clear_session()
        images = random.uniform(-1, 1, (2, *size, 3))
        for kind, model in keras_models(keras, alpha, size):
            what = f"keras {kind}, alpha {alpha}, {size[0]}x{size[1]}"
            randomize_keras(random, model.variables)
            theirs = model.predict(images, verbose=0).astype(np.float64)
            files = [check.path(name) for name in ("k.weights.h5", "k.keras", "k.h5", "old.weights.h5")]
            model.save_weights(files[0])
            model.save(files[1])
            model.save(files[2])
            model.save_weights(files[3])
            strip_names(files[3])
            exact = functools.cache(
                functools.partial(keras_exact, keras, (kind, alpha, size), check.path("k.h5"), images)
            )
            for file in files:
                how = ["keras-applications"] if file == files[3] and kind != "nested" else []
                ours, said = check.logits(file, images, alpha, *how)
                check.compare(f"{what}, {os.path.basename(file)}", ours, theirs, said, exact)
            keras_back(check, keras, model, (kind, alpha, size), files[1], images, theirs)
        print(f"keras alpha {alpha} {size[0]}x{size[1]}: {check.failed} wrong, largest {check.worst:.3g}", flush=True)


def keras_back(check, keras, model, which, file, images, theirs):
    kind, alpha, size = which
    what = f"to keras {kind}, alpha {alpha}, {size[0]}x{size[1]}"
    out = check.path("back.h5")
    status, said = check.run("keras", file, out, f"{size[0]}x{size[1]}")
    if status != 0:
        check.tell(what, False, said)
        return
    layers = keras.layers
    if kind == "nested":
        part = keras.applications.MobileNetV2(
            weights=None, alpha=alpha, input_shape=(*size, 3), include_top=False, pooling="avg"
        )
        hidden = layers.Dense(16, activation="relu")(part.output)
        again = keras.Model(part.input, layers.Dense(CLASSES)(hidden))
    else:
        again = keras.applications.MobileNetV2(
            weights=None, alpha=alpha, classes=CLASSES, input_shape=(*size, 3), classifier_activation=None
        )
    again.load_weights(out)
    check.compare(what, again.predict(images, verbose=0).astype(np.float64), theirs)
    part = keras.applications.MobileNetV2(weights=None, alpha=alpha, input_shape=(*size, 3), include_top=False)
    part.load_weights(out, by_name=True)
    original = model.layers[0] if kind == "nested" else model
    same = np.array_equal(part.get_layer("Conv_1").get_weights()[0], original.get_layer("Conv_1").get_weights()[0])
    check.tell(f"{what}, without the top", same, "other weights")
    check.refused(f"keras {kind} as safetensors", "safetensors", file, check.path("no.safetensors"))


# --- PyTorch ----------------------------------------------------------------------------------------------------------


def randomize_torch(torch, random, model):
    state = model.state_dict()
    for name, value in state.items():
        leaf = name.rsplit(".", 1)[-1]
        if leaf == "num_batches_tracked":
            continue
        shape = tuple(value.shape)
        leaf = "gamma" if leaf == "weight" and len(shape) == 1 else leaf
        numbers = drawn(random, leaf, shape, np.prod(shape[1:]) if len(shape) > 1 else 1)
        state[name] = torch.tensor(numbers, dtype=torch.float32)
    model.load_state_dict(state)
    model.eval()


def torch_models(combinations):
    import timm
    import torchvision

    for alpha, size in combinations:
        yield f"torchvision, {alpha}", alpha, size, torchvision.models.MobileNetV2(CLASSES, width_mult=alpha)
    names = {0.35: "035", 0.5: "050", 0.75: "075", 1.0: "100", 1.1: "110d", 1.2: "120d", 1.4: "140"}
    sizes = [(96, 96), (160, 160), (75, 75)]
    for (alpha, name), size in zip(names.items(), itertools.cycle(sizes)):
        model = timm.create_model(f"mobilenetv2_{name}", pretrained=False, num_classes=CLASSES)
        yield f"timm mobilenetv2_{name}", alpha, size, model
    yield "timm, without a head", 1.0, (96, 96), timm.create_model("mobilenetv2_100", pretrained=False, num_classes=0)


def torch_logits(torch, model, images):
    with torch.no_grad():
        return model(torch.tensor(images.transpose(0, 3, 1, 2), dtype=torch.float32)).double().numpy()


def torch_exact(torch, model, images):
    twin = copy.deepcopy(model).double()
    with torch.no_grad():
        return twin(torch.tensor(images.transpose(0, 3, 1, 2), dtype=torch.float32).double()).numpy()


def check_torch(check, combinations):
    import torch
    import torchvision
    from safetensors import safe_open
    from safetensors.torch import load_file, save_file

    torch.set_num_threads(2)
    random = np.random.default_rng(2)
    for what, alpha, size, model in torch_models(combinations):
        randomize_torch(torch, random, model)
        images = random.uniform(-2, 2, (2, *size, 3))
        file, out = check.path("t.safetensors"), check.path("back.safetensors")
        save_file(model.state_dict(), file)
        if "without a head" in what:
            status, said = check.run("logits", file, "96x96", os.devnull, os.devnull)
            check.tell(what, status == 0 and "classes 0" in said, said)
            continue
        what = f"{what}, {size[0]}x{size[1]}"
        theirs = torch_logits(torch, model, images)
        ours, said = check.logits(file, images, alpha)
        check.compare(what, ours, theirs, said, lambda m=model, i=images: torch_exact(torch, m, i))

        status, said = check.run("safetensors", file, out)
        if status != 0:
            check.tell(f"{what}, back", False, said)
            continue
        with safe_open(out, "pt") as opened:
            expression = opened.metadata()["torchvision"]
        again = eval(expression, {"torchvision": torchvision, "torch": torch, "functools": functools})
        again.load_state_dict(load_file(out), strict=True)
        again.eval()
        check.compare(f"{what}, back", torch_logits(torch, again, images), theirs, expression)
        check.refused(f"{what} to keras", "keras", file, check.path("no.h5"), "224x224")
        print(f"{what}: {check.failed} wrong, largest {check.worst:.3g}", flush=True)
    torch.save(model.state_dict(), check.path("t.pth"))
    check.refused("a pickle", "safetensors", check.path("t.pth"), out)


def main():
    parser = argparse.ArgumentParser(description="Compare what frameworks and Lockstep compute.")
    parser.add_argument("exchange")
    parser.add_argument("folder")
    parser.add_argument("--quick", action="store_true", help="two widths and sizes")
    parser.add_argument("--only", choices=["keras", "torch"])
    args = parser.parse_args()

    check = Check(args.exchange, args.folder)
    combinations = QUICK if args.quick else list(itertools.product(ALPHAS, SIZES))
    if args.only != "keras":
        check_torch(check, combinations)
    if args.only != "torch":
        check_keras(check, combinations)
    print(
        f"{check.passed} passed, {check.failed} failed; largest difference {check.worst:.3g} of the largest logit; "
        f"{check.rounded} compared with float64"
    )
    return 1 if check.failed else 0


if __name__ == "__main__":
    sys.exit(main())
