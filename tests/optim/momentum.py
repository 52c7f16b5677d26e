#!/usr/bin/env python3
"""momentum.py keras|torch: what 20 updates by that framework's SGD make of test_momentum.c's net, in float64.

Prints the numbers of momentum_reference.h: an array for momentum, one for Nesterov's form. Needs tensorflow or torch."""
import math
import sys

SAMPLES, INPUTS, HIDDEN, OUTPUTS, STEPS = 8, 3, 4, 2, 20
RATE, KEEP, DECAY = 0.125, 0.875, 2.0**-10  # float32 has them; Keras rounds to that on the way


def values(count, start):
    return [0.5 * math.sin(start + 1.7 * i) for i in range(count)]


def start():
    """Kernel and bias of both layers, one after another as in C."""
    return [([INPUTS, HIDDEN], values(INPUTS * HIDDEN, 0)), ([HIDDEN], values(HIDDEN, 1)),
            ([HIDDEN, OUTPUTS], values(HIDDEN * OUTPUTS, 2)), ([OUTPUTS], values(OUTPUTS, 3))]


def data():
    return values(SAMPLES * INPUTS, 4), values(SAMPLES * OUTPUTS, 5)


def keras(nesterov):
    import tensorflow as tf
    tf.keras.backend.set_floatx("float64")  # the optimizer's own numbers too
    variables = [tf.Variable(tf.reshape(tf.constant(v, tf.float64), shape)) for shape, v in start()]
    x, y = (tf.reshape(tf.constant(v, tf.float64), (SAMPLES, -1)) for v in data())
    sgd = tf.keras.optimizers.SGD(learning_rate=RATE, momentum=KEEP, nesterov=nesterov)
    for _ in range(STEPS):
        with tf.GradientTape() as tape:
            out = tf.tanh(x @ variables[0] + variables[1]) @ variables[2] + variables[3]
            loss = tf.reduce_mean(tf.reduce_sum((out - y) ** 2, axis=1))
            loss += DECAY * sum(tf.reduce_sum(v**2) for v in variables)
        sgd.apply_gradients(zip(tape.gradient(loss, variables), variables))
    return [float(n) for v in variables for n in v.numpy().reshape(-1)]


def torch(nesterov):
    import torch as t
    variables = [t.tensor(v, dtype=t.float64).reshape(shape).requires_grad_() for shape, v in start()]
    x, y = (t.tensor(v, dtype=t.float64).reshape(SAMPLES, -1) for v in data())
    sgd = t.optim.SGD(variables, lr=RATE, momentum=KEEP, nesterov=nesterov, weight_decay=2 * DECAY)
    for _ in range(STEPS):
        sgd.zero_grad()
        out = t.tanh(x @ variables[0] + variables[1]) @ variables[2] + variables[3]
        ((out - y) ** 2).sum(dim=1).mean().backward()
        sgd.step()
    return [n for v in variables for n in v.detach().reshape(-1).tolist()]


def main():
    if len(sys.argv) != 2 or sys.argv[1] not in ("keras", "torch"):
        sys.exit(__doc__)
    framework = {"keras": keras, "torch": torch}[sys.argv[1]]
    for nesterov in (False, True):
        print(f"static const double {sys.argv[1]}_{'nesterov' if nesterov else 'momentum'}[NUMBERS] = {{")
        for number in framework(nesterov):
            print(f"    {number!r},")
        print("};\n")


main()
