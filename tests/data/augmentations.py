#!/usr/bin/env python3
"""augmentations.py OUT.h5 [--large]: what torchvision's operations make of pictures that formulas give.

Needs torch, torchvision, pillow and h5py. --large: all bins of both policies on larger pictures, for a comparison by
hand. Prints how often and how far the same operations of PIL differ from those on tensors.
"""
import sys

import h5py
import numpy as np
import torch
from PIL import Image
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as F

LARGE = "--large" in sys.argv
BINS = 31
SIZES = [(250, 187), (224, 224)] if LARGE else [(31, 23), (24, 24), (15, 26)]  # width, height
LISTS = {"trivial": v2.TrivialAugmentWide._AUGMENTATION_SPACE, "rand": v2.RandAugment._AUGMENTATION_SPACE}
KINDS = list(LISTS["trivial"]) + ["Invert"]
PLACE = (250, 187)  # the size that magnitudes are written for
AREA = (5, 3, 9, 14)  # a part of a picture: x, y, width, height


def picture(width, height):
    """[height][width][3]: slopes, waves and a pattern, with all values in some channel."""
    y, x = np.mgrid[0:height, 0:width]
    red = 255 * x // (width - 1)
    green = (127 + 90 * np.sin(x / 5) + 37 * np.cos(y / 3)).astype(int)
    blue = (7 * x + 13 * y + x * y // 3) % 256
    return np.stack([red, green, blue], -1).astype(np.uint8)


PICTURES = [picture(*s) for s in SIZES]
PICTURES += [np.full((5, 4, 3), (9, 9, 200), np.uint8), picture(2, 7), picture(4, 2)]


def bins(kind, policy, width, height):
    found = LISTS[policy].get(kind, (lambda *_: None, False))[0](BINS, height, width)
    return [0.0] if found is None else [float(v) for v in found]


def steps(kind, width, height):
    """Magnitudes with signs: all, or some of each policy."""
    found = []
    for policy in LISTS:
        if kind in LISTS[policy] or LARGE:
            some = bins(kind, policy, width, height)
            some = some if LARGE or len(some) == 1 else some[4::15] if policy == "trivial" else some[9:10]
            signed = LISTS[policy].get(kind, (None, False))[1]
            found += [sign * v for v in some for sign in ((1, -1) if signed else (1,))]
    return sorted(set(found)) or [0.0]


def apply(image, kind, magnitude):
    return v2.TrivialAugmentWide()._apply_image_or_video_transform(image, kind, magnitude, "nearest", {"others": None})


def cases():
    """name, picture, magnitude and part, size of the result, operation."""
    for number, p in enumerate(PICTURES):
        height, width = p.shape[:2]
        for kind in KINDS:
            for m in steps(kind, width, height):
                yield kind, number, [m, 0, 0, 0], p.shape, lambda i, k=kind, m=m: apply(i, k, m)
        for turns in (-0.5, -0.17, 0.03, 0.11, 0.4):
            yield "hue", number, [turns, 0, 0, 0], p.shape, lambda i, t=turns: F.adjust_hue(i, t)
        for mode in ("bilinear", "bicubic", "nearest-exact") if number < len(SIZES) else ():
            for size in ((7, 5), (16, 22), (6, 40)):
                x, y, w, h = AREA
                yield (mode, number, AREA, (*size, 3), lambda i, m=mode, s=size:
                       F.resized_crop(i, y, x, h, w, s, m if isinstance(i, torch.Tensor) else m.split("-")[0]))
    for degrees in (90.0, -90.0, 180.0, 45.0, -135.0, 0.0):
        yield "Rotate", 1, [degrees, 0, 0, 0], PICTURES[1].shape, lambda i, d=degrees: apply(i, "Rotate", d)


def on_tensor(p, operation):
    return operation(torch.from_numpy(p).permute(2, 0, 1)).permute(1, 2, 0).numpy()


def on_pil(p, operation):
    return np.asarray(operation(Image.fromarray(p)))


def main():
    names, numbers, outputs, apart = [], [], [], {}
    for name, number, values, shape, operation in cases():
        out = on_tensor(PICTURES[number], operation)
        assert out.shape == tuple(shape), (name, out.shape)
        names.append(name)
        numbers.append([number, *values, out.shape[1], out.shape[0]])
        outputs.append(out.reshape(-1))
        try:
            away = np.abs(out.astype(int) - on_pil(PICTURES[number], operation))
        except (TypeError, ValueError):
            continue
        most, differing, total = apart.get(name, (0, 0, 0))
        apart[name] = (max(most, away.max()), differing + (away > 0).sum(), total + away.size)
    magnitudes = np.zeros((len(LISTS), len(KINDS), BINS))
    for i, policy in enumerate(LISTS):
        for j, kind in enumerate(KINDS):
            magnitudes[i, j] = bins(kind, policy, *PLACE)
    with h5py.File(sys.argv[1], "w") as f:
        f.create_dataset("names", data=names, dtype=h5py.string_dtype())
        f.create_dataset("numbers", data=np.array(numbers, float))
        f.create_dataset("sizes", data=np.array([p.shape[1::-1] for p in PICTURES], np.int32))
        f.create_dataset("pictures", data=np.concatenate([p.reshape(-1) for p in PICTURES]), compression=9)
        f.create_dataset("outputs", data=np.concatenate(outputs), compression=9)
        f.create_dataset("magnitudes", data=magnitudes)
    print(f"{len(names)} cases; PIL and tensors differ:")
    for name, (most, differing, total) in apart.items():
        print(f"  {name:14} {100 * differing / total:6.2f} % of values, by at most {most}")


if len(sys.argv) < 2:
    sys.exit(__doc__)
main()
