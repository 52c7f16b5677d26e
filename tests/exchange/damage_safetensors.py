"""Damaged safetensors files: each a kind of damage, what was done, and the file's bytes."""

import copy
import json
import random
import struct

TYPES = "F64 F32 F16 BF16 I64 I32 I16 I8 U64 U8 BOOL F8_E4M3 F8_E5M2 F4 C64 f32".split()
HUGE = [[2**32, 2**32], [2**62], [2**63, 2], [2**64 - 1], [2**64], [2**64, 0], [10**30], [2**53 + 1]]


class File:
    """A valid file in parts: its tensors by name, its notes, and its data."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.bytes = file.read()
        self.length = struct.unpack("<Q", self.bytes[:8])[0]
        self.text = self.bytes[8 : 8 + self.length].decode()
        self.header = json.loads(self.text)
        self.data = self.bytes[8 + self.length :]
        self.names = [name for name in self.header if name != "__metadata__"]

    def pack(self, header, data=None):
        """header: text, bytes or what becomes JSON."""
        if isinstance(header, dict):
            header = json.dumps(header, separators=(",", ":"))
        if isinstance(header, str):
            header = header.encode()
        return struct.pack("<Q", len(header)) + header + (self.data if data is None else data)

    def with_entry(self, name, **changes):
        header = copy.deepcopy(self.header)
        header[name].update(changes)
        return self.pack(header)

    def with_text(self, name, old, new):
        """Replace a part of a tensor's entry as it is written."""
        begin = self.text.index(json.dumps(name) + ":")
        end = self.text.index("}", begin) + 1
        entry = self.text[begin:end]
        assert old in entry, (name, old)
        return self.pack(self.text[:begin] + entry.replace(old, new, 1) + self.text[end:])

    def entry_text(self, name):
        begin = self.text.index(json.dumps(name) + ":")
        return self.text[begin : self.text.index("}", begin) + 1]


def lengths(f):
    n = f.length
    for value in [0, 1, 2, n - 8, n - 1, n + 1, n + 8, len(f.bytes) - 8, len(f.bytes), 10**8 + 1, 2**31, 2**32 + n]:
        yield "length", f"header length {value}", struct.pack("<Q", value) + f.bytes[8:]
    for value in [2**63, 2**64 - 1, 2**63 + n]:
        yield "length", f"header length {value}", struct.pack("<Q", value) + f.bytes[8:]


def cuts(f, draw):
    places = [0, 1, 7, 8, 9, 10, 100, 7 + f.length, 8 + f.length, 9 + f.length, len(f.bytes) - 4, len(f.bytes) - 1]
    places += [draw.randrange(10, 8 + f.length) for _ in range(6)]
    places += [draw.randrange(8 + f.length, len(f.bytes)) for _ in range(8)]
    for n in places:
        yield "truncated", f"{n} of {len(f.bytes)} bytes", f.bytes[:n]
    for tail in [b"\0", b"abcd", b"\0" * 4096, f.bytes]:
        yield "appended", f"{len(tail)} bytes behind the end", f.bytes + tail


def places(f, name):
    """data_offsets that are wrong."""
    begin, end = f.header[name]["data_offsets"]
    size = len(f.data)
    wrong = {
        "before": [begin - 4, end - 4],
        "behind": [begin + 4, end + 4],
        "longer": [begin, end + 4],
        "shorter": [begin, end - 4],
        "reversed": [end, begin],
        "beyond": [size, size + end - begin],
        "far beyond": [2**62, 2**62 + end - begin],
        "wrapped": [2**64 - 4, end - begin - 4],
        "negative": [-4, end - begin - 4],
        "halves": [begin + 0.5, end + 0.5],
        "texts": [str(begin), str(end)],
        "one": [begin],
        "three": [begin, end, end],
        "none": None,
        "an object": {"0": begin, "1": end},
        "nested": [[begin], [end]],
    }
    for what, value in wrong.items():
        yield "offsets", f"{name}: {what}", f.with_entry(name, data_offsets=value)
    for form in ["{}.0", "{}e0", "-{}", "0{}", "+{}", "{}.", "0x{}", "{}00000000000000000000"]:
        for old in (begin, end):
            if form == "{}00000000000000000000" and old == 0:
                continue
            text = json.dumps(f.header[name]["data_offsets"], separators=(",", ":"))
            new = text.replace(str(old), form.format(old), 1)
            yield "offsets", f"{name}: {new}", f.with_text(name, text, new)


def shapes(f, name):
    shape = f.header[name]["shape"]
    count = 1
    for n in shape:
        count *= n
    wrong = [shape[::-1], [count], shape + [1], [1] + shape, [], [0], [0] + shape, shape[:-1], [n + 1 for n in shape]]
    wrong += [[-n for n in shape], [n + 0.5 for n in shape], [str(n) for n in shape], [shape], None, count, {}]
    wrong += [shape + [1] * 8, [1] * 100 + shape] + HUGE
    for value in wrong:
        if value != shape:
            yield "shape", f"{name}: {str(value)[:60]}", f.with_entry(name, shape=value)
    if shape:
        text = json.dumps(shape, separators=(",", ":"))
        for form in ["{}.0", "{}e0", "{}E+0", "-{}", "0{}"]:
            new = "[" + form.format(shape[0]) + text[1 + len(str(shape[0])) :]
            yield "shape", f"{name}: {new}", f.with_text(name, text, new)


def fields(f, name):
    for value in TYPES + [None, 32, ["F32"], ""]:
        if value != f.header[name]["dtype"]:
            yield "dtype", f"{name}: {value}", f.with_entry(name, dtype=value)
    for key in ["dtype", "shape", "data_offsets"]:
        header = copy.deepcopy(f.header)
        del header[name][key]
        yield "fields", f"{name}: no {key}", f.pack(header)
        value = json.dumps({key: f.header[name][key]}, separators=(",", ":"))[1:-1]
        yield "fields", f"{name}: {key} twice", f.with_text(name, value, value + "," + value)
    yield "fields", f"{name}: one more", f.with_entry(name, quantized=True)
    for value in [None, 1, [], "F32", {}]:
        header = dict(f.header)
        header[name] = value
        yield "fields", f"{name}: is {value}", f.pack(header)
    entry = f.entry_text(name)
    yield "duplicate", f"{name}: twice", f.pack(f.text.replace(entry, entry + "," + entry, 1))
    other = f.with_entry(name, data_offsets=[0, 4])[8:]
    begin = other.decode("latin1").index(json.dumps(name) + ":")
    changed = other[begin : other.index(b"}", begin) + 1].decode()
    yield "duplicate", f"{name}: elsewhere, then right", f.pack(f.text.replace(entry, changed + "," + entry, 1))
    yield "duplicate", f"{name}: right, then elsewhere", f.pack(f.text.replace(entry, entry + "," + changed, 1))


def names(f, name):
    def renamed(new):
        return f.pack(f.text.replace(json.dumps(name) + ":", new + ":", 1))

    quoted = json.dumps(name)[1:-1]
    wrong = {
        "a zero behind": f'"{quoted}\\u0000"',
        "a zero within": f'"{quoted[:4]}\\u0000{quoted[4:]}"',
        "empty": '""',
        "a newline": json.dumps(quoted + "\n"),
        "a bell and colours": json.dumps(quoted + "\a\x1b[31m"),
        "long": json.dumps(quoted + "x" * 300),
        "very long": json.dumps("x" * 100000),
        "other case": json.dumps(quoted.upper()),
        "space behind": json.dumps(quoted + " "),
        "prefixed": json.dumps("module." + quoted),
        "escaped": f'"\\u00{ord(quoted[0]):02x}{quoted[1:]}"',
        "half a pair": f'"{quoted}\\ud800"',
        "unknown escape": f'"\\x{quoted}"',
        "not quoted": quoted,
        "single quotes": f"'{quoted}'",
        "a number": "1",
    }
    for what, new in wrong.items():
        yield "name", f"{name}: {what}", renamed(new)
    for what, new in {"not UTF-8": b"\xff", "overlong": b"\xc0\x80", "surrogate": b"\xed\xa0\x80"}.items():
        text = f.text.encode().replace(quoted.encode(), quoted.encode() + new, 1)
        yield "name", f"{name}: {what}", f.pack(text)
    for what, new in {"raw zero": b"\0", "raw newline": b"\n"}.items():
        yield "name", f"{name}: {what}", f.pack(f.text.encode().replace(quoted.encode(), quoted.encode() + new, 1))


def tensors(f):
    """Tensors removed, added, moved."""
    for name in f.names[:2] + f.names[-2:]:
        header = {k: v for k, v in f.header.items() if k != name}
        yield "tensors", f"no {name}", f.pack(header)
        begin, end = f.header[name]["data_offsets"]
        closed = copy.deepcopy(header)
        for key in f.names:
            if key != name and f.header[key]["data_offsets"][0] >= end:
                closed[key]["data_offsets"] = [n - (end - begin) for n in f.header[key]["data_offsets"]]
        yield "tensors", f"no {name}, nor its data", f.pack(closed, f.data[:begin] + f.data[end:])
    size = len(f.data)
    for name, shape in {
        "extra": [0],
        "extra.num_batches_tracked": [0],
        "features.99.weight": [3],
        "classifier.9.bias": [3],
    }.items():
        n = 4 * shape[0]
        header = dict(f.header)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [size, size + n]}
        yield "tensors", f"and {name} {shape}", f.pack(header, f.data + b"\0" * n)
    yield "tensors", "none", f.pack({}, b"")
    yield "tensors", "none, with data", f.pack({})
    yield "tensors", "in reversed order", f.pack(dict(reversed(f.header.items())))
    yield (
        "tensors",
        "all with a prefix",
        f.pack({("module." + k if k in f.names else k): v for k, v in f.header.items()}),
    )
    same = {}
    for name in f.names:
        entry = f.header[name]
        key = (tuple(entry["shape"]), entry["dtype"])
        if key in same and entry["shape"]:
            header = copy.deepcopy(f.header)
            header[name]["data_offsets"], header[same[key]]["data_offsets"] = (
                f.header[same[key]]["data_offsets"],
                entry["data_offsets"],
            )
            yield "tensors", f"{name} and {same[key]} exchanged", f.pack(header)
            break
        same[key] = name


def converted(f):
    """All numbers in another type, as they may well be."""
    import numpy as np

    for dtype, kind in {"F64": np.float64, "F16": np.float16, "BF16": None, "I32": np.int32}.items():
        header = copy.deepcopy(f.header)
        parts = []
        at = 0
        for name in sorted(f.names, key=lambda name: f.header[name]["data_offsets"]):
            entry = header[name]
            begin, end = entry["data_offsets"]
            part = f.data[begin:end]
            if entry["dtype"] == "F32":
                values = np.frombuffer(part, np.float32)
                part = values.astype(kind).tobytes() if kind else values.view(np.uint16)[1::2].tobytes()
                entry["dtype"] = dtype
            entry["data_offsets"] = [at, at + len(part)]
            at += len(part)
            parts.append(part)
        yield "converted", f"all as {dtype}", f.pack(header, b"".join(parts))


def notes(f):
    nested = "[" * 100 + "]" * 100
    wrong = {
        "a number": "1",
        "null": "null",
        "an array": "[]",
        "a text": '"pt"',
        "empty": "{}",
        "of a number": '{"a":1}',
        "of a number, with a newline": '{"a\\nb\\u001b":1}',
        "of null": '{"a":null}',
        "of a boolean": '{"a":true}',
        "of an object": '{"a":{"b":"c"}}',
        "of an array": '{"a":["b"]}',
        "a key twice": '{"a":"b","a":"c"}',
        "nested": f'{{"a":{nested}}}',
        "deeply nested": '{"a":' + "[" * 100000 + "]" * 100000 + "}",
        "a zero": '{"a\\u0000b":"c\\u0000d"}',
        "half a pair": '{"a":"\\ud83d"}',
        "a wrong pair": '{"a":"\\ud83d\\u0041"}',
        "a pair": '{"a":"\\ud83d\\ude00"}',
        "long": '{"a":"' + "x" * 100000 + '"}',
        "a long key": '{"' + "x" * 5000 + '":"a"}',
        "many": "{" + ",".join(f'"{i}":"x"' for i in range(20000)) + "}",
        "a trailing comma": '{"a":"b",}',
    }
    old = '"__metadata__":' + json.dumps(f.header["__metadata__"], separators=(",", ":"))
    assert old in f.text
    for what, new in wrong.items():
        yield "notes", f"__metadata__: {what}", f.pack(f.text.replace(old, '"__metadata__":' + new))
    yield "notes", "__metadata__ twice", f.pack(f.text.replace(old, old + "," + old))
    yield "notes", "no __metadata__", f.pack({k: v for k, v in f.header.items() if k in f.names})
    yield (
        "notes",
        "a tensor in __metadata__",
        f.pack(f.text.replace(old, '"__metadata__":' + json.dumps(f.header[f.names[0]]))),
    )


def spaces(f):
    text = f.text.rstrip()
    wrong = {
        "spaces before": "    " + text,
        "a newline before": "\n" + text,
        "a BOM before": "\ufeff" + text,
        "spaces behind": text + " " * 64,
        "tabs and newlines behind": text + "\t\r\n",
        "zeros behind": text + "\0\0\0\0",
        "a form feed behind": text + "\f",
        "a word behind": text + " x",
        "an object behind": text + "{}",
        "a brace less": text[:-1],
        "a brace more": text + "}",
        "an array": "[" + text + "]",
        "with a comment": "/**/" + text,
        "with a comment in it": text[0] + "/**/" + text[1:],
        "a trailing comma": text[:-1] + ",}",
        "no comma": text.replace("},", "} ", 1),
        "two commas": text.replace("},", "},,", 1),
        "no colon": text.replace(":", " ", 1),
        "with lines": json.dumps(f.header, indent=2),
        "with no-break spaces": text.replace(":", ":\u00a0", 1),
        "not a word": text.replace('"dtype"', "dtype", 1),
        "NaN": text[:-1] + ',"x":NaN}',
        "in UTF-16": text.encode("utf-16"),
    }
    for what, new in wrong.items():
        yield "space and marks", what, f.pack(new)


def flips(f, draw, count):
    for i in range(count):
        data = bytearray(f.bytes)
        at = []
        for _ in range(draw.choice([1, 1, 1, 2, 8])):
            at.append(draw.randrange(8, 8 + f.length))
            data[at[-1]] = draw.randrange(256) if i % 2 else data[at[-1]] ^ 1 << draw.randrange(8)
        yield "bytes of the header", f"changed {at}", bytes(data)
    for _ in range(count // 10):
        data = bytearray(f.bytes)
        at = draw.randrange(8 + f.length, len(data))
        data[at] ^= 1 << draw.randrange(8)
        yield "bytes of the data", f"changed {at}", bytes(data)


def damage(path, seed):
    f = File(path)
    draw = random.Random(seed)
    yield "none", "as it was written", f.bytes
    yield from lengths(f)
    yield from cuts(f, draw)
    first = f.names[0]
    counter = next(n for n in f.names if n.endswith("num_batches_tracked"))
    norm = next(n for n in f.names if n.endswith("running_var"))
    last = next(n for n in f.names if n.startswith("classifier") and n.endswith("weight"))
    convolution = next(n for n in f.names if len(f.header[n]["shape"]) == 4)
    for name in dict.fromkeys([first, convolution, norm, last, counter]):
        yield from places(f, name)
        yield from shapes(f, name)
        yield from fields(f, name)
        yield from names(f, name)
    yield from tensors(f)
    yield from converted(f)
    yield from notes(f)
    yield from spaces(f)
    yield from flips(f, draw, 150)
