"""Damaged files of Keras: each a kind of damage, what was done, and the file's bytes."""

import io
import random
import struct
import zipfile

import h5py
import numpy as np

from damage_hdf5 import data_sets, edited, hdf5_edits


def read_bytes(path):
    with open(path, "rb") as file:
        return file.read()


# --- Names in the two layouts ----------------------------------------------------------------------------------------


def name_edits(file):
    """Names of layers as Keras 3 keeps them."""
    named = []
    file.visititems(lambda n, item: named.append(n) if "name" in item.attrs else None)
    convolutions = [n for n in named if "/conv2d" in n]
    norms = [n for n in named if "/batch_normalization" in n]
    for name in [convolutions[0], norms[0], next(n for n in named if "/dense" in n)]:
        for value in [
            "",
            "x",
            "Conv1",
            "block_1_expand",
            "a/b",
            "\u00e9",
            "x" * 3000,
            7,
            ["a", "b"],
            np.zeros(4),
            b"\xff",
        ]:
            value = np.bytes_(value) if isinstance(value, bytes) else value
            yield "names", f"{name}: {str(value)[:20]!r}", lambda f, n=name, v=value: f[n].attrs.__setitem__("name", v)
        yield "names", f"{name}: none", lambda f, n=name: f[n].attrs.__delitem__("name")

    def none(f):
        for n in named:
            del f[n].attrs["name"]

    def exchanged(f, a, b):
        f[a].attrs["name"], f[b].attrs["name"] = f[b].attrs["name"], f[a].attrs["name"]

    yield "names", "none at all", none
    shapes = {}
    for n in norms:
        shape = file[n + "/0"].shape
        if shape in shapes:
            a, b = n, shapes[shape]
            yield "names", f"{a} and {b} exchanged", lambda f, a=a, b=b: exchanged(f, a, b)
            break
        shapes[shape] = n
    yield "names", "of two alike", lambda f: f[norms[1]].attrs.__setitem__("name", f[norms[0]].attrs["name"])


def legacy_edits(file):
    """Lists of names, and the description of the model, in the older layout."""
    root = "model_weights"
    layers = [n.decode() if isinstance(n, bytes) else n for n in file[root].attrs["layer_names"]]

    def listed(value):
        return lambda f: f[root].attrs.__setitem__("layer_names", value)

    wrong = {
        "one less": layers[:-1],
        "one more": layers + ["more"],
        "one twice": layers + layers[1:2],
        "reversed": layers[::-1],
        "none": np.zeros(0, "S4"),
        "numbers": np.arange(4),
        "a text": "Conv1",
        "with a path": layers[:1] + ["../x"] + layers[2:],
        "with an empty one": layers[:1] + [""] + layers[2:],
        "of nothing": h5py.Empty("S4"),
    }
    for what, value in wrong.items():
        if isinstance(value, list):
            value = np.array([v.encode() for v in value])
        yield "lists of names", f"layer_names {what}", listed(value)
    yield "lists of names", "no layer_names", lambda f: f[root].attrs.__delitem__("layer_names")
    for layer in ["Conv1", "bn_Conv1", "predictions"]:
        names = [n if isinstance(n, bytes) else n.encode() for n in file[root][layer].attrs["weight_names"]]
        wrong = {
            "one less": names[:-1],
            "reversed": names[::-1],
            "one twice": names + names[:1],
            "one more": names + [b"x:0"],
            "empty": [b""] * len(names),
            "another": [n + b"x" for n in names],
        }
        for what, value in wrong.items():
            yield (
                "lists of names",
                f"{layer}: weight_names {what}",
                lambda f, n=layer, v=value: f[root][n].attrs.__setitem__(
                    "weight_names", np.array(v) if v else np.zeros(0, "S4")
                ),
            )
        yield (
            "lists of names",
            f"{layer}: no weight_names",
            lambda f, n=layer: f[root][n].attrs.__delitem__("weight_names"),
        )
    config = file.attrs["model_config"]
    for kind, what, text in config_edits(config):
        if b"\0" in text:  # no text of HDF5's
            continue
        value = np.bytes_(text) if len(text) < 60000 else text.decode("latin1")
        yield kind, what, lambda f, v=value: f.attrs.__setitem__("model_config", v)
    yield "description", "none", lambda f: f.attrs.__delitem__("model_config")
    yield "description", "a number", lambda f: f.attrs.__setitem__("model_config", 7)
    yield "description", "two texts", lambda f: f.attrs.__setitem__("model_config", ["a", "b"])
    for name in ["keras_version", "backend"]:
        yield "description", f"no {name}", lambda f, n=name: f.attrs.__delitem__(n) if n in f.attrs else None


# --- The description, and archives -----------------------------------------------------------------------------------


def config_edits(config):
    """Descriptions of the model that are no good."""
    text = config.encode() if isinstance(config, str) else bytes(config)
    for what, value in {
        "empty": b"",
        "no object": b"[]",
        "an empty object": b"{}",
        "null": b"null",
        "cut": text[: len(text) // 2],
        "a brace less": text[:-1],
        "something behind": text + b"x",
        "spaces behind": text + b"  \n",
        "spaces before": b"  " + text,
        "a BOM before": b"\xef\xbb\xbf" + text,
        "a zero behind": text + b"\0",
        "not UTF-8": text.replace(b'"Conv1"', b'"Conv\xff"', 1),
        "NaN": text.replace(b'"epsilon": 0.001', b'"epsilon": NaN', 1),
        "deep": b'{"class_name":"Functional","config":' + b"[" * 3000 + b"]" * 3000 + b"}",
        "another class": text.replace(b'"Functional"', b'"Other"', 1),
        "a layer of another class": text.replace(b'"DepthwiseConv2D"', b'"Mystery"', 1),
        "other epsilons": text.replace(b'"epsilon": 0.001', b'"epsilon": 0.5'),
        "one other epsilon": text.replace(b'"epsilon": 0.001', b'"epsilon": 0.5', 1),
        "a negative epsilon": text.replace(b'"epsilon": 0.001', b'"epsilon": -1'),
        "a text as epsilon": text.replace(b'"epsilon": 0.001', b'"epsilon": "x"', 1),
        "other filters": text.replace(b'"filters": 16', b'"filters": 17', 1),
        "other units": text.replace(b'"units": 7', b'"units": 8', 1),
        "another activation": text.replace(b'"softmax"', b'"tanh"', 1),
        "another name": text.replace(b'"block_1_expand"', b'"block_1_other"'),
        "another size": text.replace(b"96, 96, 3", b"160, 160, 3"),
        "a size of 0": text.replace(b"96, 96, 3", b"0, 0, 3"),
        "a negative size": text.replace(b"96, 96, 3", b"-96, -96, 3"),
        "four channels": text.replace(b"96, 96, 3", b"96, 96, 4"),
        "a huge size": text.replace(b"96, 96, 3", b"1000000000000, 96, 3"),
    }.items():
        yield "description", what, value


def zipped(members, method=zipfile.ZIP_STORED, comment=b""):
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", method) as archive:
        archive.comment = comment
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return memory.getvalue()


def with_field(original, signature, number, offset, form, value):
    """Change a field of the record with this signature, counted from 0."""
    at = -1
    for _ in range(number + 1):
        at = original.index(signature, at + 1)
    data = bytearray(original)
    struct.pack_into(form, data, at + offset, value)
    return bytes(data)


LOCAL, CENTRAL, END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
FIELDS = {
    LOCAL: [
        ("version", 4, "<H"),
        ("flags", 6, "<H"),
        ("method", 8, "<H"),
        ("sum", 14, "<I"),
        ("packed size", 18, "<I"),
        ("size", 22, "<I"),
        ("name's length", 26, "<H"),
        ("extra length", 28, "<H"),
    ],
    CENTRAL: [
        ("version", 6, "<H"),
        ("flags", 8, "<H"),
        ("method", 10, "<H"),
        ("sum", 16, "<I"),
        ("packed size", 20, "<I"),
        ("size", 24, "<I"),
        ("name's length", 28, "<H"),
        ("extra length", 30, "<H"),
        ("comment's length", 32, "<H"),
        ("disk", 34, "<H"),
        ("attributes", 38, "<I"),
        ("place", 42, "<I"),
    ],
    END: [
        ("disk", 4, "<H"),
        ("first disk", 6, "<H"),
        ("members here", 8, "<H"),
        ("members", 10, "<H"),
        ("size", 12, "<I"),
        ("place", 16, "<I"),
        ("comment's length", 20, "<H"),
    ],
}


def field_edits(original):
    for signature, fields in FIELDS.items():
        for number in range(1 if signature == END else 3):
            for field, offset, form in fields:
                for value in [0, 8, 0xFFFF if form == "<H" else 0xFFFFFFFF]:
                    changed = with_field(original, signature, number, offset, form, value)
                    if changed != original:
                        what = {LOCAL: "local", CENTRAL: "central", END: "end"}[signature]
                        yield "records of the zip", f"{what} {number}: {field} {value}", changed


def archive_edits(parts, original):
    weights, config = parts["model.weights.h5"], parts["config.json"]
    rest = [(n, d) for n, d in parts.items() if n != "model.weights.h5"]
    with h5py.File(io.BytesIO(weights), "r") as file:
        name = next(n for n, s in data_sets(file).items() if s.ndim == 4)
    other = edited(weights, lambda f: f[name].__setitem__(Ellipsis, 0.25))
    for method in ["ZIP_DEFLATED", "ZIP_BZIP2", "ZIP_LZMA"]:
        yield "archive", method, zipped(parts.items(), getattr(zipfile, method))
    yield "archive", "a comment", zipped(parts.items(), comment=b"x" * 1000)
    yield "archive", "other order", zipped(reversed(parts.items()))
    yield "archive", "weights twice, the same", zipped([*parts.items(), ("model.weights.h5", weights)])
    yield "archive", "weights twice, others last", zipped([*parts.items(), ("model.weights.h5", other)])
    yield "archive", "weights twice, others first", zipped([("model.weights.h5", other), *parts.items()])
    yield "archive", "description twice", zipped([("config.json", b"{}"), *parts.items()])
    yield "archive", "a folder as weights", zipped([*rest, ("model.weights.h5/", b"")])
    for new in [
        "MODEL.WEIGHTS.H5",
        "./model.weights.h5",
        "/model.weights.h5",
        "a/model.weights.h5",
        "model.weights.h5 ",
        "model.weights.h5\0x",
    ]:
        yield "archive", f"weights are {new!r}", zipped([*rest, (new, weights)])
    yield "archive", "no weights", zipped(rest)
    yield "archive", "no config.json", zipped([("model.weights.h5", weights)])
    yield "archive", "no metadata.json", zipped([("model.weights.h5", weights), ("config.json", config)])
    yield (
        "archive",
        "metadata.json is damaged",
        zipped([("metadata.json", b"{"), ("model.weights.h5", weights), ("config.json", config)]),
    )
    yield "archive", "empty weights", zipped([*rest, ("model.weights.h5", b"")])
    yield "archive", "empty", zipped([])
    yield "archive", "many members", zipped([*((f"x{i}", b"") for i in range(3000)), *parts.items()])
    yield "archive", "a member with a strange name", zipped([("../../x", b"x"), *parts.items()])
    yield "archive", "a link as weights", linked(rest)
    yield (
        "bombs",
        "zeros behind the weights",
        zipped([*rest, ("model.weights.h5", weights + b"\0" * (300 << 20))], zipfile.ZIP_DEFLATED),
    )
    yield "bombs", "zeros as weights", zipped([*rest, ("model.weights.h5", b"\0" * (300 << 20))], zipfile.ZIP_DEFLATED)
    yield (
        "bombs",
        "spaces behind the description",
        zipped([("model.weights.h5", weights), ("config.json", config + b" " * (200 << 20))], zipfile.ZIP_DEFLATED),
    )
    yield "bombs", "another member", zipped([*parts.items(), ("assets/x", b"\0" * (300 << 20))], zipfile.ZIP_DEFLATED)
    yield "archive", "data before it", b"x" * 100 + original
    yield "archive", "data behind it", original + b"x" * 100
    yield "archive", "another one behind it", original + zipped([("a", b"b")])


def linked(rest):
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        for name, data in rest:
            archive.writestr(zipfile.ZipInfo(name), data)
        link = zipfile.ZipInfo("model.weights.h5")
        link.create_system = 3
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    return memory.getvalue()


def archive_flips(original, draw, count):
    with zipfile.ZipFile(io.BytesIO(original)) as archive:
        central = archive.start_dir
        headers = [i.header_offset for i in archive.infolist()]
    places = [p for h in headers for p in range(h, h + 46)] + list(range(central, len(original)))
    for i in range(count):
        data = bytearray(original)
        at = draw.choice(places)
        data[at] = draw.randrange(256) if i % 2 else data[at] ^ 1 << draw.randrange(8)
        yield "bytes of the zip", f"changed [{at}]", bytes(data)
    for _ in range(count // 8):
        data = bytearray(original)
        at = draw.randrange(central)
        data[at] ^= 1 << draw.randrange(8)
        yield "bytes of members", f"changed [{at}], sums as before", bytes(data)


def damage_archive(path, seed):
    draw = random.Random(seed)
    original = read_bytes(path)
    with zipfile.ZipFile(path) as archive:
        parts = {n: archive.read(n) for n in archive.namelist()}
    yield "none", "as it was written", original
    for n in [0, 1, 4, 30, 100, len(original) // 2, len(original) - 100, len(original) - 22, len(original) - 1]:
        yield "truncated", f"{n} of {len(original)} bytes", original[:n]
    yield from archive_edits(parts, original)
    yield from field_edits(original)
    yield from archive_flips(original, draw, 60)
    for kind, what, text in config_edits(parts["config.json"]):
        yield kind, what, zipped({**parts, "config.json": text}.items())
    weights = hdf5_edits(parts["model.weights.h5"], seed + 1, lambda f: [], 20)
    for i, (kind, what, data) in enumerate(weights):
        if i % 8 == 1:
            yield kind, f"weights in it: {what}", zipped({**parts, "model.weights.h5": data}.items())


def damage_weights(path, seed):
    yield from hdf5_edits(read_bytes(path), seed, name_edits, 120)


def damage_legacy(path, seed):
    yield from hdf5_edits(read_bytes(path), seed, legacy_edits, 100)
