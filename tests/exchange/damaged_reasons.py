"""Where Lockstep and the program that a file belongs to come to different verdicts, and why."""

import re

# what Lockstep says of files that theirs takes, and why it does not take them
REFUSED = [
    (r"holds a number that is not finite|holds a negative variance", "a network of such numbers computes nothing"),
    (r"holds neither float32 nor float64", "weights of Keras are of these types; others are converted without a word"),
    (r"holds no numbers of float64, float32", "weights are of these types; others are converted without a word"),
    (r"is compressed or filtered", "Keras writes no such file; the line says how to undo it"),
    (r"claims more data than the file holds", "numbers that were never written are damage, not zeros"),
    (
        r"the zip file is damaged",
        "its records or sums are wrong; Python looks at the central ones, and reads without sums where they are wrong",
    ),
    (r"have different epsilons", "Lockstep has one for all layers"),
    (r"is in it twice", "which of the two is meant is not known"),
    (r"more than 1000 files in it", "Keras puts three into it"),
    (r"Keras' description of the model in it is damaged", "JSON has neither a mark of the order of bytes nor NaN"),
    (r"in it is too large", "no description of a network needs that much"),
    (
        r"holds no strings|is not one string|has no last layer that",
        "layers are found by the names that the file gives them",
    ),
    (r"is not quite keras.applications' MobileNetV2", "layers are found by the names that the file gives them"),
    (r"FILE: there is no model.weights.h5 in it", "it is marked as a folder, a link or the like"),
    (r"FILE: cut short: ", "behind an HDF5 file lies a part of what might be the seal of a checkpoint"),
    (r"FILE: is no file of weights that can be read", "what is before the start is no part of a file of weights"),
    (
        r"tensor .* is there twice|lies over another one, or behind a gap",
        "which of two tensors of a name is meant is not known",
    ),
    (r"__metadata__ in the header is no object", "the format says that it is one"),
    (r"the header does not give its type, shape and place as it should", "what else is said of a tensor may matter"),
]

# format, kind of damage and what was done; what theirs says, which does not take the file; and why Lockstep does. The
# numbers are those of the file before it was damaged, which is looked at.
TAKEN = [
    (r"^torchvision|^timm", r'Unexpected key.*"module\.', "DataParallel puts this before all names"),
    (
        r"num_batches_tracked",
        r"num_batches_tracked|key\(s\)",
        "PyTorch's counters are passed over, whatever they are called in full and hold",
    ),
    (r"half a pair|a wrong pair", r"surrogate|unexpected end of hex escape", "such a character is read as U+FFFD"),
    (
        r"^keras, (records|bytes) of the zip",
        r"",
        "what the archive's records say twice is right once, and so are the sums",
    ),
    (r"^h5, description", r"No model config found", "weights without a description are read as well"),
    (r"^(h5|keras), description", r"could not be loaded", "shapes are those of the weights, whatever is said of them"),
    (
        r"^(h5|keras), (description|bytes|blocks)",
        r"^(?!.*Unable to )",
        "of the description only what concerns the network is looked at",
    ),
    (r"h5|keras", r"SoftLink|ExternalLink", "a link that nothing needs is not followed"),
]

# the same of files from which both take numbers that differ
DIFFERENT = [
    (
        r"^weights.h5, names, .* exchanged",
        "layers have names and groups numbers that say otherwise; names are believed",
    ),
]


def of_refused(ours):
    """The reason of what Lockstep says; "": there is none."""
    return next((why for said, why in REFUSED if re.search(said, ours)), "")


def of_taken(format_name, kind, what, theirs):
    where = f"{format_name}, {kind}, {what}"
    return next((why for at, said, why in TAKEN if re.search(at, where) and re.search(said, theirs)), "")


def of_difference(format_name, kind, what):
    return next((why for at, why in DIFFERENT if re.search(at, f"{format_name}, {kind}, {what}")), "")
