"""Damaged HDF5 files: each a kind of damage, what was done, and the file's bytes."""

import io
import random

import h5py
import numpy as np

# --- Bytes of an HDF5 file -------------------------------------------------------------------------------------------


def data_sets(file):
    found = {}

    def note(name, item):
        if isinstance(item, h5py.Dataset):
            found[name] = item

    file.visititems(note)
    return found


def data_ranges(original):
    """Where numbers lie."""
    with h5py.File(io.BytesIO(original), "r") as file:
        sets = data_sets(file).values()
        return sorted((s.id.get_offset(), s.id.get_storage_size()) for s in sets if s.id.get_offset() is not None)


def structure(original):
    """Places of bytes that are no numbers and not 0, as the rest of a file is mostly room that nothing uses."""
    used = np.frombuffer(original, np.uint8) != 0
    for begin, size in data_ranges(original):
        used[begin : begin + size] = False
    return np.flatnonzero(used)


def flips(original, draw, count):
    places = structure(original)
    for i in range(count):
        data = bytearray(original)
        at = []
        for _ in range(draw.choice([1, 1, 1, 2, 8, 32])):
            at.append(int(places[draw.randrange(len(places))]))
            data[at[-1]] = draw.randrange(256) if i % 2 else data[at[-1]] ^ 1 << draw.randrange(8)
        yield "bytes of the structure", f"changed {at}", bytes(data)
    for i in range(count // 2):
        data = bytearray(original)
        at = int(places[draw.randrange(min(len(places), 400) if i % 2 else len(places))])
        size = draw.choice([4, 8, 64, 512, 4096])
        data[at : at + size] = (b"\xff" if i % 5 == 4 else b"\0") * len(data[at : at + size])
        yield "blocks of the structure", f"{size} bytes at {at} set", bytes(data)
    ranges = data_ranges(original)
    for _ in range(count // 5):
        data = bytearray(original)
        begin, size = ranges[draw.randrange(len(ranges))]
        at = begin + draw.randrange(size)
        data[at] ^= 1 << draw.randrange(8)
        yield "bytes of the data", f"changed [{at}]", bytes(data)
    for at in range(0, 96, 3):
        data = bytearray(original)
        data[at] ^= 0xFF if at % 2 == 0 else 1 << at % 8
        yield "superblock", f"byte {at} changed", bytes(data)


def cuts(original, draw):
    n = len(original)
    for at in [0, 1, 8, 16, 96, 512, 2048, n // 2, n - 4096, n - 512, n - 8, n - 1] + [
        draw.randrange(n) for _ in range(12)
    ]:
        yield "truncated", f"{at} of {n} bytes", original[:at]
    for tail in [b"\0", b"abcd" * 1000, original]:
        yield "appended", f"{len(tail)} bytes behind the end", original + tail
    for size in [512, 1024, 100]:
        yield "appended", f"{size} bytes before the start", b"\0" * size + original


# --- The structure of an HDF5 file -----------------------------------------------------------------------------------


def edited(original, edit, **options):
    """The file after an edit through HDF5."""
    memory = io.BytesIO(original)
    with h5py.File(memory, "r+", **options) as file:
        edit(file)
    return memory.getvalue()


def replace(file, name, values, **options):
    del file[name]
    return file.create_dataset(name, data=values, **options)


def replace_empty(file, name, dtype):
    del file[name]
    file[name] = h5py.Empty(dtype)


def replace_unwritten(file, name, shape, dtype, **options):
    del file[name]
    return file.create_dataset(name, shape=shape, dtype=dtype, **options)


def replace_external(file, name):
    shape, dtype = file[name].shape, file[name].dtype
    del file[name]
    file.create_dataset(name, shape=shape, dtype=dtype, external=[("/dev/zero", 0, h5py.h5f.UNLIMITED)])


def replace_virtual(file, name):
    values = file[name][()]
    del file[name]
    file["elsewhere"] = values
    layout = h5py.VirtualLayout(shape=values.shape, dtype=values.dtype)
    layout[...] = h5py.VirtualSource(".", "elsewhere", shape=values.shape)
    file.create_virtual_dataset(name, layout)


def replace_compact(file, name):
    values = file[name][()]
    del file[name]
    creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    creation.set_layout(h5py.h5d.COMPACT)
    links = h5py.h5p.create(h5py.h5p.LINK_CREATE)
    links.set_create_intermediate_group(True)
    space = h5py.h5s.create_simple(values.shape)
    made = h5py.h5d.create(file.id, name.encode(), h5py.h5t.NATIVE_FLOAT, space, creation, links)
    made.write(space, space, np.ascontiguousarray(values))


def replace_link(file, name, link):
    del file[name]
    file[name] = link


def move(file, name, to):
    file.move(name, to)


def set_edits(name, values):
    """What may be wrong with one data set."""

    def as_type(dtype):
        return lambda f: replace(f, name, values.astype(dtype))

    def as_shape(shape):
        return lambda f: replace(f, name, np.resize(values, shape))

    def filtered(**options):
        return lambda f: replace(f, name, values, **options)

    shape = values.shape
    chunk = tuple(max(1, n // 2) for n in shape)
    yield "removed", "removed", lambda f: f.__delitem__(name)
    yield "renamed", "renamed", lambda f: move(f, name, name + "x")
    for dtype in ["<f8", ">f4", ">f8", "<f2", "<i4", "i1", "u1", "<u8", "?", "S8", "<c8"]:
        yield "type", f"as {dtype}", as_type(dtype)
    yield "type", "as texts", lambda f: replace(f, name, ["x"] * values.size)
    yield "type", "as structures", lambda f: replace(f, name, np.zeros(shape, [("a", "<f4")]))
    yield "type", "as lists", lambda f: replace_unwritten(f, name, shape, h5py.vlen_dtype(np.float32))
    yield "type", "as references", lambda f: replace_unwritten(f, name, shape, h5py.ref_dtype)
    yield "type", "as an enumeration", lambda f: replace_unwritten(f, name, shape, h5py.enum_dtype({"a": 1}))
    yield "type", "as arrays", lambda f: replace_unwritten(f, name, shape, np.dtype(("<f4", (2,))))
    for wrong in [
        shape[::-1],
        (values.size,),
        shape + (1,),
        (1,) + shape,
        shape[:-1] + (shape[-1] + 1,),
        shape + (1,) * 12,
        (0,),
        shape[:-1] + (0,),
    ]:
        if wrong != shape:
            yield "shape", f"{wrong}", as_shape(wrong)
    yield "shape", "()", lambda f: replace(f, name, values.flat[0])
    yield "shape", "of nothing", lambda f: replace_empty(f, name, "<f4")
    yield "shape", "huge", lambda f: replace_unwritten(f, name, (2**40, 2**20), "<f4")
    yield (
        "shape",
        "huge, in chunks",
        lambda f: replace_unwritten(f, name, (2**30,), "<f4", chunks=(1024,), compression="gzip"),
    )
    yield "shape", "a large fill", lambda f: replace_unwritten(f, name, (2**22,), "<f4", fillvalue=1.0)
    yield "storage", "never written", lambda f: replace_unwritten(f, name, shape, "<f4")
    yield "storage", "never written, filled", lambda f: replace_unwritten(f, name, shape, "<f4", fillvalue=0.5)
    yield "storage", "in chunks", filtered(chunks=chunk)
    yield "storage", "in one chunk", filtered(chunks=shape)
    yield "storage", "that grows", filtered(chunks=chunk, maxshape=(None,) * len(shape))
    yield "storage", "compact", lambda f: replace_compact(f, name)
    yield "filtered", "gzip", filtered(chunks=chunk, compression="gzip")
    yield "filtered", "gzip and shuffle", filtered(chunks=chunk, compression="gzip", shuffle=True)
    yield "filtered", "lzf", filtered(chunks=chunk, compression="lzf")
    yield "filtered", "shuffle", filtered(chunks=chunk, shuffle=True)
    yield "filtered", "fletcher32", filtered(chunks=chunk, fletcher32=True)
    yield "filtered", "scaleoffset", filtered(chunks=chunk, scaleoffset=3)
    yield "elsewhere", "in an external file", lambda f: replace_external(f, name)
    yield "elsewhere", "virtual", lambda f: replace_virtual(f, name)
    yield "links", "a soft link to itself", lambda f: replace_link(f, name, h5py.SoftLink("/" + name))
    yield "links", "a soft link to nothing", lambda f: replace_link(f, name, h5py.SoftLink("/nothing"))
    yield "links", "an external link", lambda f: replace_link(f, name, h5py.ExternalLink("/dev/zero", "/x"))
    yield "links", "a group", lambda f: (f.__delitem__(name), f.create_group(name))

    def soft(f):
        move(f, name, "elsewhere")
        f[name] = h5py.SoftLink("/elsewhere")

    def hard(f):
        f["elsewhere"] = f[name]

    yield "links", "a soft link to where it is now", soft
    yield "links", "a second name", hard
    for what, value in {"NaN": np.nan, "infinity": np.inf, "-1": -1, "1e300": 1e300, "1e-45": 1e-45}.items():
        changed = values.astype(np.float64 if value == 1e300 else np.float32)
        changed.flat[values.size // 2] = value
        yield "numbers", f"{what} in it", lambda f, changed=changed: replace(f, name, changed)


def group_edits(name):
    """What may be wrong with one group."""
    yield "removed", "removed", lambda f: f.__delitem__(name)
    yield "renamed", "renamed", lambda f: move(f, name, name + "x")
    yield "removed", "emptied", lambda f: (f.__delitem__(name), f.create_group(name))
    yield "links", "a data set", lambda f: replace(f, name, np.zeros(3))
    yield "links", "a soft link to itself", lambda f: replace_link(f, name, h5py.SoftLink("/" + name))
    yield "links", "an external link", lambda f: replace_link(f, name, h5py.ExternalLink("/nothing.h5", "/"))
    yield "links", "a type", lambda f: (f.__delitem__(name), f.__setitem__(name, np.dtype("<f4")))

    def within(f):
        f[name]["again"] = f[name]

    def root_within(f):
        f[name]["layers"] = f["/"]

    def soft(f):
        move(f, name, "elsewhere")
        f[name] = h5py.SoftLink("/elsewhere")

    yield "links", "itself in it", within
    yield "links", "the root in it", root_within
    yield "links", "a soft link to where it is now", soft


def layout_edits(file):
    """One data set of each rank, and the groups they are in."""
    sets = data_sets(file)
    seen = set()
    for name, item in sets.items():
        if item.ndim not in seen and item.size > 4:
            seen.add(item.ndim)
            values = item[()]
            for kind, how, edit in set_edits(name, values):
                yield kind, f"{name}: {how}", edit
    parts = next(n for n in sets if sets[n].ndim == 4).split("/")
    groups = ["/".join(parts[: i + 1]) for i in range(len(parts) - 1)]
    dense = next(n for n in sets if sets[n].ndim == 2).split("/")
    groups += ["/".join(dense[: i + 1]) for i in range(len(dense) - 1)]
    for name in dict.fromkeys(groups):
        for kind, how, edit in group_edits(name):
            yield kind, f"{name}: {how}", edit
    yield from more_edits(file, "/".join(parts[:-1]))


def more_edits(file, layer):
    """Layers too many, and two with each other's weights."""
    inner = layer.split("/")[0]
    yield "added", "a data set beside all", lambda f: f.__setitem__("more", np.zeros(3, "f4"))
    yield "added", "a layer without weights", lambda f: f.create_group(f"{inner}/something/vars")
    yield "added", "a layer with weights", lambda f: f.__setitem__(f"{inner}/something/vars/0", np.zeros(3, "f4"))
    yield "added", "a variable more", lambda f: f.__setitem__(f"{layer}/7", np.zeros(3, "f4"))
    yield "added", "a thousand groups", lambda f: [f.create_group(f"{inner}/g{i}/vars") for i in range(1000)] and None
    yield "added", "a hundred groups in each other", lambda f: f.create_group(inner + "/layers" * 100) and None
    alike = {}
    for name, item in data_sets(file).items():
        if item.ndim == 4 and alike.setdefault(item.shape, name) != name:
            other = alike[item.shape]

            def exchange(f, a=name, b=other):
                values = f[a][()], f[b][()]
                f[a][...], f[b][...] = values[1], values[0]

            yield "numbers", f"{name} and {other} exchanged", exchange
            break


def hdf5_edits(original, seed, more, flip_count):
    draw = random.Random(seed)
    yield "none", "as it was written", original
    yield from cuts(original, draw)
    with h5py.File(io.BytesIO(original), "r") as file:
        edits = list(layout_edits(file)) + list(more(file))
        for kind, what, edit in edits:
            yield kind, what, edited(original, edit)
        yield "storage", "the newest format", newest(file)
    yield from flips(original, draw, flip_count)


def newest(file):
    memory = io.BytesIO()
    with h5py.File(memory, "w", libver="latest") as to:
        for name in file:
            file.copy(name, to)
        for name, value in file.attrs.items():
            to.attrs[name] = value
    return memory.getvalue()
