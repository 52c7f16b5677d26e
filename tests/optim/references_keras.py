#!/usr/bin/env python3
"""references_keras.py OUT.h5: what Keras' optimizers make of 30 updates. Needs tensorflow and h5py."""
import numpy as np
import tensorflow as tf

from references import L2, LAMBDA, NUMBERS, RATE, STEPS, data, decaying, split, wave, write

WIDE = np.float64(RATE)  # from a number of Python's, Keras computes schedules in float32
KERAS_RATES = {
    "constant": ([], lambda: RATE),
    "step": (["rate.schedule=step", "rate.every=7", "rate.factor=0.5", "rate.unit=steps"],
             lambda: tf.keras.optimizers.schedules.ExponentialDecay(WIDE, 7, 0.5, staircase=True)),
    "exponential": (["rate.schedule=exponential", "rate.every=7", "rate.factor=0.5", "rate.unit=steps"],
                    lambda: tf.keras.optimizers.schedules.ExponentialDecay(WIDE, 7, 0.5)),
    "cosine": (["rate.schedule=cosine", "rate.length=24", "rate.floor=0.125", "rate.unit=steps"],
               lambda: tf.keras.optimizers.schedules.CosineDecay(WIDE, 24, alpha=0.125)),
    "warm_up": (["rate.schedule=cosine", "rate.length=20", "rate.warm_up=6", "rate.warm_up_from=0.25",
                 "rate.unit=steps"],
                lambda: tf.keras.optimizers.schedules.CosineDecay(0.25 * WIDE, 20, warmup_target=WIDE, warmup_steps=6)),
    "polynomial": (["rate.schedule=polynomial", "rate.length=24", "rate.floor=0.25", "rate.power=1.5",
                    "rate.unit=steps"],
                   lambda: tf.keras.optimizers.schedules.PolynomialDecay(WIDE, 24, 0.25 * WIDE, power=1.5)),
}
BETA_1, BETA_2, EPSILON = 0.875, 1 - 2.0**-10, 2.0**-10  # float32 has them: Keras rounds to that first
BETAS = [f"optimizer.beta_1={BETA_1}", f"optimizer.beta_2={BETA_2}", f"optimizer.epsilon={EPSILON}"]
KERAS = {
    "sgd": ([], lambda r, d: tf.keras.optimizers.SGD(r, weight_decay=d)),
    "momentum": (["train.momentum=0.75"], lambda r, d: tf.keras.optimizers.SGD(r, 0.75, weight_decay=d)),
    "nesterov": (["train.momentum=0.75", "train.nesterov=true"],
                 lambda r, d: tf.keras.optimizers.SGD(r, 0.75, nesterov=True, weight_decay=d)),
    "rmsprop": (["train.optimizer=rmsprop", "optimizer.rho=0.75", f"optimizer.epsilon={EPSILON}"],
                lambda r, d: tf.keras.optimizers.RMSprop(r, rho=0.75, epsilon=EPSILON, weight_decay=d)),
    "rmsprop_momentum": (["train.optimizer=rmsprop", "optimizer.rho=0.75", "train.momentum=0.5",
                          f"optimizer.epsilon={EPSILON}"],
                         lambda r, d: tf.keras.optimizers.RMSprop(r, 0.75, 0.5, epsilon=EPSILON, weight_decay=d)),
    "adam": (["train.optimizer=adam"] + BETAS,
             lambda r, d: tf.keras.optimizers.Adam(r, BETA_1, BETA_2, epsilon=EPSILON)),
    "adamw": (["train.optimizer=adamw"] + BETAS,
              lambda r, d: tf.keras.optimizers.AdamW(r, d or 0.0, BETA_1, BETA_2, epsilon=EPSILON)),
}


def keras_run(make, rate, l2=0.0, decoupled=None):
    variables = [tf.Variable(v, dtype=tf.float64, name=f"v{i}") for i, v in enumerate(split(wave(NUMBERS, 0)))]
    optimizer = make(rate(), decoupled)
    if decoupled is not None:
        optimizer.exclude_from_weight_decay([variables[i] for i in range(5) if i not in decaying("bias")])
    optimizer.build(variables)
    for step in range(STEPS):
        a, y = (tf.constant(v) for v in data(step))
        with tf.GradientTape() as tape:
            flat = tf.concat([tf.reshape(v, [-1]) for v in variables], 0)
            loss = tf.reduce_sum((tf.tanh(tf.linalg.matvec(a, flat)) - y)**2)
            loss += l2 * sum(tf.reduce_sum(variables[i]**2) for i in decaying("bias"))
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
    return np.concatenate([v.numpy().reshape(-1) for v in variables])


def keras_cases():
    for name, (keys, make) in KERAS.items():
        for rate_name, (rate_keys, rate) in KERAS_RATES.items():
            for decay in ("none", "l2", "decoupled"):
                if (name, decay) in (("adam", "decoupled"), ("adamw", "l2")):
                    continue
                l2, decoupled = (L2 if decay == "l2" else 0.0), (LAMBDA if decay == "decoupled" else None)
                more = {"none": [], "l2": [f"l2.c={L2}"], "decoupled": [f"decay.decoupled={LAMBDA}"]}[decay]
                yield (f"keras {name} {rate_name} {decay}", keys + rate_keys + more,
                       keras_run(make, rate, l2, decoupled))


tf.keras.backend.set_floatx("float64")
write(keras_cases())
