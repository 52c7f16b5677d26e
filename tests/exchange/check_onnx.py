"""check_onnx.py FOLDER FILES: each ONNX file in the list FILES, as random_onnx prints it, in other programs.

Checked of each: onnx.checker with full_check; versions; metadata; shapes with any number of samples; what ONNX Runtime
and OpenVINO answer to 5 pictures at once and to one, against what Lockstep answers.
"""

import json
import os
import sys

import numpy as np
import onnx
import onnxruntime
import openvino

SAMPLES = 5
# Of the largest logit; of 1 for probabilities. Other programs add in another order. Of most networks 1e-5 is left of
# that; in the one of 150 layers it grows to 8e-5, and float64 differs as much from each. A wrong padding or epsilon makes
# more than 1e-2.
TOLERANCE = {"logits": 1e-4, "probabilities": 1e-4}

failures = []


def expect(good, path, what):
    if not good:
        failures.append(f"{os.path.basename(path)}: {what}")


def softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def check_file(path, height, width, classes, output):
    onnx.checker.check_model(path, full_check=True)
    model = onnx.load(path)
    expect(model.ir_version == 7, path, f"IR version {model.ir_version}")
    expect([(o.domain, o.version) for o in model.opset_import] == [("", 13)], path, "another opset")
    expect((model.producer_name, model.producer_version) == ("lockstep", "0.0"), path, "another producer")
    has = {p.key: p.value for p in model.metadata_props}
    expect(json.loads(has["classes"]) == [f'class "{i}"' for i in range(classes)], path, "other classes")
    expect((int(has["height"]), int(has["width"])) == (height, width), path, "another size")
    expect(json.loads(has["mean"]) == [0.485, 0.456, 0.406], path, "another mean")
    expect(json.loads(has["deviation"]) == [0.229, 0.224, 0.225], path, "another deviation")
    rest = [has[k] for k in ("program", "network", "layout", "colours", "scaling", "output")]
    known = ["lockstep 0.0", "MobileNetV2", "NCHW", "RGB", "(pixel / 255 - mean) / deviation", output]
    expect(rest == known, path, f"other metadata: {rest}")
    kinds = {n.op_type for n in model.graph.node}
    expect(("BatchNormalization" in kinds) == ("-kept" in path), path, "BatchNorm is not where it should be")
    inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    expect(len(inferred.graph.value_info) >= len(model.graph.node) - 1, path, "shapes cannot be inferred")


def in_onnxruntime(path, batches):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    read, given = session.get_inputs(), session.get_outputs()
    expect([i.name for i in read] == ["input"] and read[0].shape[0] == "N", path, "another input")
    return given[0].name, [session.run(None, {"input": b})[0] for b in batches]


core = openvino.Core()


def in_openvino(path, batches):
    # Not bf16, which it chooses by itself on some CPUs.
    compiled = core.compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1})
    return compiled.output(0).any_name, [next(iter(compiled(b).values())) for b in batches]


def main():
    folder, files = sys.argv[1:]
    most = {}
    print(f"onnx {onnx.__version__}, onnxruntime {onnxruntime.__version__}, openvino {openvino.__version__}")
    print(f"{'largest difference, relative to the largest answer':60}  onnxruntime  openvino")
    for line in open(files):
        path, name, height, width, classes, output = line.split()
        height, width, classes = int(height), int(width), int(classes)
        x = np.fromfile(f"{folder}/{name}.input", "<f4").reshape(SAMPLES, 3, height, width)
        logits = np.fromfile(f"{folder}/{name}.logits").reshape(SAMPLES, classes)
        wanted = softmax(logits) if output == "probabilities" else logits
        largest = np.abs(wanted).max() if output == "logits" else 1
        expect(np.isfinite(logits).all() and logits.std(axis=0).max() > 1e-3 * largest, path, "answers do not differ")
        check_file(path, height, width, classes, output)
        differences = []
        for run in (in_onnxruntime, in_openvino):
            given, (all_of_them, one) = run(path, (x, x[2:3]))
            expect(given == output, path, f"the output is called {given}")
            expect(all_of_them.shape == (SAMPLES, classes) and one.shape == (1, classes), path, "another shape")
            difference = max(np.abs(all_of_them - wanted).max(), np.abs(one - wanted[2:3]).max()) / largest
            expect(difference <= TOLERANCE[output], path, f"{run.__name__} differs by {difference:.2g}")
            differences.append(difference)
            key = (run.__name__, output)
            most[key] = max(most.get(key, 0), difference)
        print(f"{os.path.basename(path):60}  {differences[0]:11.2g}  {differences[1]:8.2g}", flush=True)
    for (run, output), difference in most.items():
        print(f"most {run}, {output}: {difference:.2g}")
    for failure in failures:
        print(f"FAILED: {failure}", file=sys.stderr)
    print(f"{len(failures)} failed")
    return len(failures) > 0


sys.exit(main())
