"""compare_tflite.py FOLDER CLASSES HEIGHT WIDTH [--random]: what other programs compute with make_tflite's files.

float.tflite must give Lockstep's logits to 1e-5 of the largest in each program. The files of 8 bits must give the same
class for 98 of 100 pictures for which Lockstep is sure: its class is ahead of the next by 0.05 of probability. With
--random, for networks of random weights, which enlarge every rounding error, logits must be right to 1e-4, and those
of 8 bits must be 6 dB above their errors. Prints a line of figures for each file and program.
"""

import argparse
import os
import sys
import zipfile

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
import numpy as np

parser = argparse.ArgumentParser()
parser.add_argument("folder")
parser.add_argument("classes", type=int)
parser.add_argument("height", type=int)
parser.add_argument("width", type=int)
parser.add_argument("--random", action="store_true")
parser.add_argument("--programs", default="litert,reference,tensorflow,openvino")
options = parser.parse_args()
shape = (-1, options.height, options.width, 3)
images = np.fromfile(os.path.join(options.folder, "images.f32"), "<f4").reshape(shape)
logits = np.fromfile(os.path.join(options.folder, "logits.f32"), "<f4").reshape(len(images), options.classes)
failed = 0


def check(good, text):
    global failed
    failed += not good
    print(("" if good else "WRONG: ") + text)


def interpreter(program, path):
    if program == "tensorflow":
        import tensorflow as tf

        return tf.lite.Interpreter(path)
    from ai_edge_litert import interpreter as litert

    kind = litert.OpResolverType
    plain = program == "reference"
    return litert.Interpreter(path, experimental_op_resolver_type=kind.BUILTIN_REF if plain else kind.AUTO)


def run_interpreter(program, path, inputs):
    net = interpreter(program, path)
    net.allocate_tensors()
    to, back = net.get_input_details()[0], net.get_output_details()[0]
    assert list(to["shape"]) == [1, options.height, options.width, 3], to["shape"]
    assert list(back["shape"]) == [1, options.classes], back["shape"]
    out = []
    for image in inputs:
        image = image[None]
        if to["dtype"] == np.int8:
            scale, zero = to["quantization"]
            image = np.clip(np.round(image / scale + zero), -128, 127).astype(np.int8)
        net.set_tensor(to["index"], image)
        net.invoke()
        got = net.get_tensor(back["index"])[0]
        if back["dtype"] == np.int8:
            scale, zero = back["quantization"]
            got = (got.astype(np.float32) - zero) * scale
        out.append(got)
    return np.array(out)


def run_openvino(path, inputs):
    import openvino

    net = openvino.Core().compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return np.array([net(image[None])[0][0] for image in inputs])


def run(program, name, inputs=images):
    path = os.path.join(options.folder, name)
    return run_openvino(path, inputs) if program == "openvino" else run_interpreter(program, path, inputs)


def softmax(z):
    e = np.exp(z - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def noise(got, wanted):
    """Signal to noise, dB, of what distinguishes the classes."""
    wanted = wanted - wanted.mean(1, keepdims=True)
    got = got - got.mean(1, keepdims=True)
    return 10 * np.log10((wanted**2).sum() / max(((got - wanted) ** 2).sum(), 1e-30))


def check_float(program):
    got = run(program, "float.tflite")
    error = np.abs(got - logits).max() / np.abs(logits).max()
    check(error < (1e-4 if options.random else 1e-5), f"float.tflite {program}: largest error {error:.1e} of the largest logit")


def check_class(program, name, inputs=images, wanted=logits):
    got = run(program, name, inputs)
    by = np.sort(softmax(wanted), axis=1)
    sure = by[:, -1] - by[:, -2] > 0.05
    same = got.argmax(1) == wanted.argmax(1)
    good = same[sure].sum() >= np.floor(0.98 * sure.sum())
    text = f"{name} {program}: same class {same.sum()} of {len(same)}, {same[sure].sum()} of {sure.sum()} that are sure"
    if name == "softmax.tflite":
        # a probability of 8 bits is a multiple of 1/256, and 1 is 255 of them
        mean = np.abs(got - softmax(wanted)).mean()
        text += f"; mean error {mean:.4f}"
        good = (options.random and mean < 0.1) or good
    else:
        above = noise(got, wanted)
        text += f"; {above:.1f} dB"
        good = above > 6 if options.random else good
    check(good, text)


def check_labels():
    with zipfile.ZipFile(os.path.join(options.folder, "int8.tflite")) as archive:
        names = archive.read("labels.txt").decode().splitlines()
    check(len(names) == options.classes, f"labels.txt has {len(names)} lines")


check_labels()
few = slice(0, 8)  # the reference kernels are slow
for program in options.programs.split(","):
    if program != "reference":
        check_float(program)
    if program == "openvino":
        continue
    for name in ("int8.tflite", "ends.tflite", "softmax.tflite"):
        if program == "reference":
            if options.random:
                check_class(program, name, images[few], logits[few])
        else:
            check_class(program, name)
sys.exit(failed > 0)
