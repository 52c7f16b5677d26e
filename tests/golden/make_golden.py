"""make_golden.py OUT.h5 ALPHA [SEED]: reference results of the article's MobileNetV2 of another width, for `lockstep verify`.

BatchNorm and L2, 64x64, three updates in a row from non-trivial gammas, betas and moving statistics, in float64 and in
float32, by tf.keras on a CPU. The layout is that of the other files here. To keep the file small, large kernels have
two values only, and of variables of more than 16 elements 16 are kept, beside sums over all of them.
"""

import os
import sys

os.environ.setdefault("TF_DETERMINISTIC_OPS", "1")
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "keras"))

import h5py
import numpy as np
import tensorflow as tf
from network import L2, Network

SIZE, BATCH, CLASSES, STEPS, RATE, KEPT = 64, 8, 10, 3, 2.0**-14, 16
# Of layers with variables: their leaves, and their roles.
KINDS = {
    tf.keras.layers.DepthwiseConv2D: (["kernel"], ["depthwise_kernel"]),
    tf.keras.layers.Conv2D: (["kernel"], ["conv_kernel"]),
    tf.keras.layers.BatchNormalization: (
        ["gamma", "beta", "moving_mean", "moving_variance"],
        ["gamma", "beta", "moving_mean", "moving_var"],
    ),
    tf.keras.layers.Dense: (["kernel", "bias"], ["dense_kernel", "dense_bias"]),
}


def build(alpha, dtype):
    """A network whose layers are called as in a fresh process."""
    tf.keras.backend.clear_session()
    tf.keras.backend.set_floatx(dtype)
    return Network(True, True, alpha).model((SIZE, SIZE, 3), CLASSES)


def variables(model):
    """(name, role, tensorflow's variable) of all variables in order of creation."""
    out = []
    for layer in model.layers:
        leaves, roles = KINDS.get(type(layer), ([], []))
        for leaf, role, value in zip(leaves, roles, layer.weights):
            out.append((f"{len(out):03d}_{layer.name}_{leaf}", role, value))
    return out


def start_value(rng, role, shape):
    """Exact in float32, and few different ones."""
    size = int(np.prod(shape))
    if role.endswith("kernel"):
        fan = shape[0] if role == "dense_kernel" else shape[0] * shape[1] * (1 if role.startswith("d") else shape[2])
        spread = np.sqrt(1.0 / fan)
        if size > 4096:  # an odd power of two: all but one byte of such a float32 are 0
            step = 2.0 ** (2 * np.round((np.log2(spread) - 1) / 2) + 1)
            return rng.choice([-1.0, 1.0], shape) * step
        step = 2.0 ** np.round(np.log2(spread / 8))
        return rng.integers(-12, 13, shape) * step
    low, high = {"gamma": (24, 41), "beta": (-8, 9), "moving_mean": (-8, 9), "moving_var": (16, 65)}.get(role, (-8, 9))
    return rng.integers(low, high, shape) / 32.0


def step(model, images, labels):
    """Cross-entropy, penalty, right answers and both gradients; updates the moving statistics."""
    with tf.GradientTape(persistent=True) as tape:
        logits = model(images, training=True)
        ce = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits))
        penalty = tf.add_n(model.losses)
        total = ce + penalty
    trained = model.trainable_variables
    right = int(np.sum(np.argmax(logits.numpy(), 1) == labels))
    losses = [float(total), float(ce), float(penalty), right]
    return logits.numpy(), losses, tape.gradient(ce, trained), tape.gradient(total, trained)


def by_variable(model, gradients):
    found = {id(v): g for v, g in zip(model.trainable_variables, gradients)}
    return [None if id(v) not in found else np.asarray(found[id(v)]) for _, _, v in variables(model)]


def values(model):
    return [np.asarray(v) for _, _, v in variables(model)]


def compute(alpha, dtype, start, batches):
    """Everything that is expected: name -> array, or list of arrays by variable."""
    out = {}
    model = build(alpha, dtype)

    def restart():
        for (_, _, v), value in zip(variables(model), start):
            v.assign(value.astype(dtype))

    restart()
    x, y = batches[0]
    x = x.astype(dtype)
    out["logits_infer"] = model(x, training=False).numpy()
    out["logits_train"], _, ce, total = step(model, x, y)
    out["grad_ce"], out["grad_total"] = by_variable(model, ce), by_variable(model, total)
    restart()
    losses = []
    for k, (x, y) in enumerate(batches):
        _, row, _, gradients = step(model, x.astype(dtype), y)
        losses.append(row)
        for v, g in zip(model.trainable_variables, gradients):
            v.assign(v - np.asarray(RATE, dtype) * g)
        if k == 0:
            out["weights_1"] = values(model)
    out["weights_5"] = values(model)  # after the last
    out["losses"] = np.array(losses)
    out["logits_infer_5"] = model(batches[0][0].astype(dtype), training=False).numpy()
    return out


def stats(value, reference):
    """Sum, norm, largest magnitude, position checksum, deviation from the reference."""
    if value is None:
        return [np.nan] * 5
    v = value.astype(np.float64).ravel()
    places = (np.arange(v.size, dtype=np.uint64) * 2654435761 % 2**32).astype(np.float64) / 2.0**32 - 0.5
    return [v.sum(), np.sqrt((v * v).sum()), np.abs(v).max(), (v * places).sum(),
            np.linalg.norm(v - reference.astype(np.float64).ravel())]  # fmt: skip


def write(path, alpha, named, start, batches, results):
    pack = {"compression": "gzip", "compression_opts": 9, "shuffle": True}
    rng = np.random.default_rng(5)
    with h5py.File(path, "w", libver=("v108", "v110")) as f:  # its headers are smaller than those of the oldest
        f.attrs.update({
            "experiment": np.bytes_("bn_l2"), "variant": np.bytes_("affine"), "learning_rate": RATE,
            "l2_c": float(np.float32(L2)), "bn_momentum": 0.99, "bn_epsilon": 0.001, "alpha": float(alpha),
        })  # fmt: skip
        for name, value in {"height": SIZE, "width": SIZE, "channels": 3, "batch": BATCH, "classes": CLASSES,
                            "n_vars": len(named), "n_steps": STEPS, "format_version": 1}.items():  # fmt: skip
            f.attrs[name] = np.int32(value)
        f["var_names"] = np.array([np.bytes_(name) for name, _ in named])
        places = {}
        for (name, _), value in zip(named, start):
            f.create_dataset(f"init/{name}", data=value.astype(np.float32), **(pack | {"chunks": value.shape} if value.size > 1000 else {}))
            if value.size > KEPT:
                places[name] = np.sort(rng.choice(value.size, KEPT, replace=False)).astype(np.int32)
                f[f"sample_index/{name}"] = places[name]
        for k, (x, y) in enumerate(batches):
            f.create_dataset(f"batch{k}/x", data=x.astype(np.float32), **pack, chunks=x.shape)
            f[f"batch{k}/y"] = y
        for group, result in results.items():
            for what, value in result.items():
                if not isinstance(value, list):
                    f[f"{group}/{what}"] = value
                    continue
                exact = results["expect_f64"][what]
                f[f"{group}/stats_{what}"] = np.array([stats(v, e) for v, e in zip(value, exact)])
                for (name, _), v in zip(named, value):
                    if v is not None and group == "expect_f64":  # of float32, its distance in the table is enough
                        f[f"{group}/{what}/{name}"] = v.ravel()[places[name]] if name in places else v


def main():
    path, alpha = sys.argv[1], float(sys.argv[2])
    rng = np.random.default_rng(round(alpha * 100) + int(sys.argv[3] if len(sys.argv) > 3 else 0))
    named = [(name, role, tuple(v.shape)) for name, role, v in variables(build(alpha, "float32"))]
    start = [start_value(rng, role, shape) for _, role, shape in named]
    batches = [(rng.integers(-4, 5, (BATCH, SIZE, SIZE, 3)) / 4.0, rng.integers(0, CLASSES, BATCH).astype(np.int32))
               for _ in range(STEPS)]  # fmt: skip
    results = {"expect_f64": compute(alpha, "float64", start, batches),
               "expect_f32": compute(alpha, "float32", start, batches)}  # fmt: skip
    write(path, alpha, [(name, role) for name, role, _ in named], start, batches, results)


main()
