#!/usr/bin/env python3
"""transfer_keras.py weights OUT.weights.h5 | fit PICTURES OUT.tflite [--epochs N]

weights: MobileNetV2 of width 0.35 at 224x224 without its head, as Keras makes it: no others are to be had offline.
fit: what bench/transfer has Lockstep do, in tf.keras: the frozen network, Dense 128 with ReLU, dropout 0.3, Dense, Adam
at 0.001, batches of 16; then an int8 file for TensorFlow Lite, calibrated with 100 pictures. Prints seconds.
"""
import argparse
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras  # noqa: E402
import tensorflow as tf  # noqa: E402

SIDE, ALPHA, BATCH = 224, 0.35, 16


def backbone():
    return keras.applications.MobileNetV2(weights=None, alpha=ALPHA, include_top=False, input_shape=(SIDE, SIDE, 3))


def pictures(folder, part, seed=1):
    return keras.utils.image_dataset_from_directory(folder, image_size=(SIDE, SIDE), batch_size=BATCH, seed=seed,
                                                    validation_split=0.2, subset=part, shuffle=part == "training",
                                                    verbose=False)


def fit(folder, out, epochs):
    started = time.monotonic()
    train, val = pictures(folder, "training"), pictures(folder, "validation")
    classes = len(train.class_names)
    train, val = train.cache().prefetch(2), val.cache().prefetch(2)
    base = backbone()
    base.trainable = False
    inputs = keras.Input((SIDE, SIDE, 3))
    x = base(keras.layers.Rescaling(1 / 127.5, offset=-1)(inputs), training=False)
    x = keras.layers.GlobalAveragePooling2D()(x)
    x = keras.layers.Dense(128, activation="relu")(x)
    x = keras.layers.Dropout(0.3)(x)
    model = keras.Model(inputs, keras.layers.Dense(classes, activation="softmax")(x))
    model.compile(keras.optimizers.Adam(0.001), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(train, validation_data=val, epochs=epochs, verbose=0)
    fitted = time.monotonic()
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([x[i:i + 1]] for x, _ in train.take(7) for i in range(len(x)))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    with open(out, "wb") as file:
        file.write(converter.convert())
    print(f"fit {fitted - started:.1f} convert {time.monotonic() - fitted:.1f}", flush=True)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("what", choices=["weights", "fit"])
    parser.add_argument("files", nargs="+")
    parser.add_argument("--epochs", type=int, default=50)
    args = parser.parse_args()
    if args.what == "weights":
        backbone().save_weights(args.files[0])
    else:
        fit(args.files[0], args.files[1], args.epochs)


if __name__ == "__main__":
    main()
