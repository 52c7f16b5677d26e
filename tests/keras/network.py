"""The article's own MobileNetV2 in Keras, and what the scripts beside it share."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import h5py
import numpy as np
import tensorflow as tf

L2 = 0.001

# output channels, stride of each bottleneck after the first
BLOCKS = [
    (24, 2), (24, 1),
    (32, 2), (32, 1), (32, 1),
    (64, 2), (64, 1), (64, 1), (64, 1),
    (96, 1), (96, 1), (96, 1),
    (160, 2), (160, 1), (160, 1),
    (320, 1),
]  # fmt: skip


def scaled(channels, alpha):
    """Keras' rule for channels of a wider or narrower network: multiples of 8, at least 90 % of what was asked for."""
    wanted = channels * alpha
    out = max(8, int(wanted + 4) // 8 * 8)
    return out + 8 if out < 0.9 * wanted else out


class Network:
    """The article's MobileNetV2: with batch normalization, with L2 regularizers, or with both."""

    def __init__(self, batch_norm, l2, alpha=1):
        self.batch_norm = batch_norm
        self.alpha = alpha
        self.regularizer = tf.keras.regularizers.l2(L2) if l2 else None

    def norm(self, net):
        return tf.keras.layers.BatchNormalization()(net) if self.batch_norm else net

    def conv(self, net, channels, size=1, strides=1):
        net = tf.keras.layers.Conv2D(
            channels, size, strides, use_bias=False, padding="same", kernel_regularizer=self.regularizer
        )(net)
        return self.norm(net)

    def depthwise(self, net, strides=1, padding="same"):
        net = tf.keras.layers.DepthwiseConv2D(
            3, strides=strides, use_bias=False, padding=padding, depthwise_regularizer=self.regularizer
        )(net)
        return self.relu6(self.norm(net))

    @staticmethod
    def relu6(net):
        return tf.keras.layers.ReLU(max_value=6)(net)

    def bottleneck(self, net, channels, strides):
        start = net
        net = self.relu6(self.conv(net, net.shape[-1] * 6))
        if strides == 2:
            net = tf.keras.layers.ZeroPadding2D(padding=((0, 1), (0, 1)))(net)
        net = self.depthwise(net, strides, "valid" if strides == 2 else "same")
        net = self.conv(net, channels)
        return tf.keras.layers.Add()([net, start]) if strides == 1 and start.shape[-1] == channels else net

    def model(self, shape, classes):
        start = tf.keras.layers.Input(shape=shape)
        net = self.relu6(self.conv(start, scaled(32, self.alpha), 3, 2))
        net = self.depthwise(net)
        net = self.conv(net, scaled(16, self.alpha))
        for channels, strides in BLOCKS:
            net = self.bottleneck(net, scaled(channels, self.alpha), strides)
        net = self.relu6(self.conv(net, scaled(1280, max(1, self.alpha))))
        net = tf.keras.layers.GlobalAveragePooling2D()(net)
        net = tf.keras.layers.Dense(classes, kernel_regularizer=self.regularizer, bias_regularizer=self.regularizer)(
            net
        )
        return tf.keras.Model(inputs=[start], outputs=[net])


def variables(model):
    """All variables in Lockstep's order: Keras lists a layer's trainable ones first, which is the order of creation."""
    return [value for layer in model.layers for value in layer.get_weights()]


def stored_variables(path):
    """All variables of a checkpoint, in table order."""
    with h5py.File(path, "r") as file:
        return [file[name][...] for name in file["lockstep/tensors"].asstr()[...]]


def network_of(path):
    """The network of a checkpoint, and the name of its experiment."""
    with h5py.File(path, "r") as file:
        group = file["lockstep"]
        experiment = group["experiment"].asstr()[0]
        return Network(int(group.attrs["batch_norm"]) == 1, "l2" in experiment), experiment


def dumped(path):
    """Images and logits of a file that `lockstep eval --dump` wrote."""
    with h5py.File(path, "r") as file:
        return file["images"][...].astype(np.float32), file["logits"][...].astype(np.float64)


def validation_labels(path, count):
    """Labels of the first validation samples of a packed data set, in the order of `lockstep eval`."""
    with h5py.File(path, "r") as file:
        return file["labels"][...][file["split"][...] == 1][:count]


def versions():
    keras_version = getattr(tf.keras, "__version__", "2")
    return f"TensorFlow {tf.__version__}, Keras {keras_version}, h5py {h5py.__version__}"
