#!/usr/bin/env python3
"""arrays.py OUT.h5 BLOCK.h5: pictures and labels as people keep them with h5py, in chunks of parts of pictures, packed by deflate,
with names of classes of any length; and the same in chunks of whole pictures, as they are, behind a block of 512 bytes that is
not HDF5's, as MATLAB writes it, with labels of real numbers. Picture i has the value (37 i + 11 place) % 256 at each place. Needs h5py."""
import sys

import h5py
import numpy as np

COUNT, HEIGHT, WIDTH = 20, 6, 5
place = np.arange(HEIGHT * WIDTH * 3).reshape(HEIGHT, WIDTH, 3)
images = np.stack([(37 * i + 11 * place) % 256 for i in range(COUNT)]).astype(np.uint8)

with h5py.File(sys.argv[1], "w") as f:
    f.create_dataset("images", data=images, chunks=(7, 4, WIDTH, 3), compression="gzip", shuffle=True)
    f["labels"] = (np.arange(COUNT) % 3).astype(np.int16)
    f["split"] = (np.arange(COUNT) % 5 == 4).astype(np.int64)
    f.create_dataset("class_names", data=["ant", "größe", "a longer name"], dtype=h5py.string_dtype())

with h5py.File(sys.argv[2], "w", userblock_size=512) as f:
    f.create_dataset("images", data=images, chunks=(3, HEIGHT, WIDTH, 3))
    f["labels"] = (np.arange(COUNT) % 3).astype(np.float64).reshape(1, COUNT)
