#!/usr/bin/env python3
"""compare_exports.py DUMP.h5 FILE...: exported networks beside what `lockstep eval --dump` saw, on the same pictures.

DUMP.h5 has the inputs and the logits of Lockstep's own network. Prints, for each file, how often the likeliest class is the
same on all pictures, on those that Lockstep is sure of (its two likeliest classes are at least 0.05 apart), and how far
the probabilities are apart. Ends with status 1 where fewer than 99 % of the sure ones agree (98 % of an int8 file).
"""
import sys

import h5py
import numpy as np


def softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def run_onnx(path, images):
    import onnxruntime
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(None, {"input": np.ascontiguousarray(images.transpose(0, 3, 1, 2))})[0]


def run_tflite(path, images):
    from ai_edge_litert.interpreter import Interpreter
    interpreter = Interpreter(path)
    interpreter.allocate_tensors()
    source, to = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    out = []
    for image in images:
        value = image[None]
        if source["dtype"] == np.int8:
            scale, zero = source["quantization"]
            value = np.clip(np.round(value / scale + zero), -128, 127).astype(np.int8)
        interpreter.set_tensor(source["index"], value)
        interpreter.invoke()
        got = interpreter.get_tensor(to["index"])[0]
        if to["dtype"] == np.int8:
            scale, zero = to["quantization"]
            got = (got.astype(np.float32) - zero) * scale
        out.append(got)
    return np.array(out)


def main():
    with h5py.File(sys.argv[1]) as f:
        images, logits = f["images"][:].astype(np.float32), f["logits"][:]
    own = softmax(logits.astype(np.float64))
    ranked = np.sort(own, axis=1)
    sure = ranked[:, -1] - ranked[:, -2] > 0.05
    good = True
    for path in sys.argv[2:]:
        got = run_onnx(path, images) if path.endswith(".onnx") else run_tflite(path, images)
        same = got.argmax(axis=1) == own.argmax(axis=1)
        least = 0.98 if "int8" in path else 0.99
        print(f"{path}: the same class on {same.mean():.4f} of {len(same)} pictures, {same[sure].mean():.4f} of the "
              f"{sure.sum()} sure ones; probabilities at most {np.abs(got - own).max():.2g} apart")
        good &= bool(same[sure].mean() >= least)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
