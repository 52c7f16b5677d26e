"""For check_pictures: pictures made and read by Pillow, and what Lockstep reads of them.

A file either gives Pillow's pixels, within what its kind may differ by, or an error of one line. A file that is cut gives
the whole file's pixels or an error. Nothing may end the decoder.
"""

import io
import os
import random
import re
import struct
import subprocess
import sys
import tarfile
import warnings
import zlib

import numpy as np
import pillow_heif
from PIL import Image, ImageCms, ImageFile

pillow_heif.register_heif_opener()
warnings.simplefilter("ignore")
Image.MAX_IMAGE_PIXELS = None

WIDTH, HEIGHT = 61, 47
BACKGROUNDS = {1: 255, 2: 0, 3: 128}


class Decoder:
    """A process that decodes; a new one for the next file where one ended."""

    def __init__(self, program, background=0):
        self.arguments = [program, str(background)]
        self.process = None

    def __call__(self, path):
        """(pixels, orientation, note), or the reason as a text; None where the process ended."""
        if self.process is None:
            env = dict(os.environ, UBSAN_OPTIONS="print_stacktrace=1")
            self.process = subprocess.Popen(
                self.arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env
            )
        self.process.stdin.write(os.fsencode(path) + b"\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline().decode(errors="replace")
        if line.startswith("error "):
            return line.split(" ", 2)[2].rstrip("\n")
        if not line.startswith("ok "):
            self.crash = self.process.communicate()[1].decode(errors="replace")
            self.process = None
            return None
        _, width, height, orientation, note = line.rstrip("\n").split(" ", 4)
        size = int(width) * int(height) * 3
        pixels = np.frombuffer(self.process.stdout.read(size), np.uint8).reshape(int(height), int(width), 3)
        return pixels, int(orientation), note

    def close(self):
        """What the process had to say, which should be nothing."""
        if self.process is None:
            return ""
        said = self.process.communicate()[1].decode(errors="replace")
        self.process = None
        return said


def to_rgb(picture):
    """8-bit colours without alpha, as they are stored."""
    if picture.mode.startswith("I;16") or (picture.mode == "I" and picture.format == "PNG"):
        gray = np.asarray(picture, np.float64)
        return np.repeat(np.floor(gray / 257 + 0.5).astype(np.uint8)[:, :, None], 3, 2)
    if picture.mode == "LAB":
        to = ImageCms.buildTransform(ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), "LAB", "RGB")
        return np.asarray(ImageCms.applyTransform(picture, to))
    if picture.mode in ("RGBA", "LA"):
        samples = np.asarray(picture)[:, :, :-1]
        return np.repeat(samples, 3, 2) if samples.shape[2] == 1 else samples
    return np.asarray(picture.convert("RGB"))


def reference(path):
    """Pillow's pixels, or None where it refuses the file."""
    try:
        with Image.open(path) as picture:
            picture.load()
            return to_rgb(picture)
    except Exception:  # noqa: BLE001, it has many
        return None


def turned_as_pillow(path, got):
    """Of TIFF alone Pillow turns pictures by itself."""
    with Image.open(path) as picture:
        if picture.format != "TIFF" or got[1] == 1:
            return got
    pixels = Image.frombytes("RGB", got[0].shape[1::-1], got[0].tobytes())
    how = [Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.ROTATE_180, Image.Transpose.FLIP_TOP_BOTTOM,
           Image.Transpose.TRANSPOSE, Image.Transpose.ROTATE_270, Image.Transpose.TRANSVERSE, Image.Transpose.ROTATE_90]
    return np.asarray(pixels.transpose(how[got[1] - 2])), 1, got[2]


def painted(mode="RGB", seed=1):
    """Slopes, edges and some noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    planes = [(3 * x + 2 * y) % 256, (255 - 4 * x) % 256, (x * y // 8) % 256, np.where(x > y, 220, 40)]
    samples = np.stack(planes, 2) + rng.integers(-6, 7, (HEIGHT, WIDTH, 4))
    samples = np.clip(samples, 0, 255).astype(np.uint8)
    bands = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4, "CMYK": 4}
    if mode in bands:
        of = [0, 3] if mode == "LA" else list(range(bands[mode]))
        return Image.frombytes(mode, (WIDTH, HEIGHT), samples[:, :, of].tobytes())
    picture = Image.frombytes("RGB", (WIDTH, HEIGHT), samples[:, :, :3].tobytes())
    if mode == "I;16":
        return Image.fromarray(samples[:, :, 0].astype(np.uint16) * 251 + x.astype(np.uint16))
    if mode == "F":
        return Image.fromarray(samples[:, :, 0].astype(np.float32) / 255)
    if mode == "LAB":
        to = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB")
        return ImageCms.applyTransform(picture, to)
    return picture.convert(mode)


def png(depth, colour, rows, palette=b"", alpha=b""):
    """A PNG of any colour type, without interlacing, of raw rows."""

    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, depth, colour, 0, 0, 0)
    parts = [chunk(b"IHDR", head)]
    parts += [chunk(b"PLTE", palette)] if palette else []
    parts += [chunk(b"tRNS", alpha)] if alpha else []
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def bmp(bits, rows, header=40, compression=0, masks=(), palette=b"", upside=False, colours=0):
    """A BMP of any kind. Rows are from the top, each filled up already."""
    data = b"".join(rows if upside or compression in (1, 2) else rows[::-1])
    if header == 12:
        info = struct.pack("<IHHHH", 12, WIDTH, HEIGHT, 1, bits)
    else:
        info = struct.pack("<IiiHHIIiiII", header, WIDTH, -HEIGHT if upside else HEIGHT, 1, bits, compression, len(data),
                           2835, 2835, colours, 0)
        packed = b"".join(struct.pack("<I", m) for m in masks)
        info += packed.ljust(header - 40, b"\0") if header > 40 else packed
    offset = 14 + len(info) + len(palette)
    return b"BM" + struct.pack("<IHHI", offset + len(data), 0, 0, offset) + info + palette + data


def runs(rows, bits):
    """Rows of indices as runs, some of them pixel by pixel."""
    out = []
    for y, row in enumerate(rows):
        line = bytearray()
        x = 0
        while x < len(row):
            n = 1
            while x + n < len(row) and row[x + n] == row[x] and n < 255:
                n += 1
            if n > 1 or len(row) - x < 3 or y % 2:
                line += bytes((n, row[x] if bits == 8 else row[x] << 4 | row[x]))
                x += n
                continue
            n = min(len(row) - x, 7)
            each = bytes(row[x : x + n])
            if bits == 4:
                each += b"\0" * (n % 2)
                each = bytes(a << 4 | b for a, b in zip(each[::2], each[1::2]))
            line += bytes((0, n)) + each + b"\0" * (len(each) % 2)
            x += n
        out.append(bytes(line) + b"\0\0")
    return out[::-1] + [b"\0\1"]


class Zoo:
    """Files, and what is wanted of each: how far pixels may be apart (most, mean), or a pattern of a reason."""

    def __init__(self, folder):
        self.folder = folder
        self.files = []

    def add(self, kind, name, content, apart=(0, 0), refused=None, expected=None, note=None):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as f:
            f.write(content)
        self.files.append((kind, path, apart, refused, expected, note))

    def save(self, kind, name, picture, apart=(0, 0), refused=None, expected=None, note=None, **options):
        to = io.BytesIO()
        try:
            picture.save(to, **options)
        except (OSError, KeyError) as error:
            print(f"  {name}: this Pillow does not make it: {error}")
            return
        self.add(kind, name, to.getvalue(), apart, refused, expected, note)


def make_jpegs(zoo):
    for quality in (30, 75, 95):
        for sampling in ("4:4:4", "4:2:2", "4:2:0"):
            for progressive in (False, True):
                name = f"j_{quality}_{sampling.replace(':', '')}_{progressive}.jpg"
                zoo.save("JPEG, colour", name, painted(), format="JPEG", quality=quality, subsampling=sampling,
                         progressive=progressive)
    for mode, kind in (("L", "JPEG, gray"), ("CMYK", "JPEG, CMYK")):
        for progressive in (False, True):
            zoo.save(kind, f"j_{mode}_{progressive}.jpg", painted(mode), (1, 0.6), format="JPEG", quality=85,
                     progressive=progressive)
    exif = Image.Exif()
    for value in range(1, 9):
        exif[0x0112] = value
        zoo.save("JPEG, colour", f"j_turned_{value}.jpg", painted(), format="JPEG", exif=exif)


def make_pngs(zoo):
    for mode in ("1", "L", "LA", "RGB", "RGBA", "P", "I;16"):
        zoo.save("PNG", f"p_{mode.replace(';', '')}.png", painted(mode), (1, 0.5), format="PNG")
    rng = random.Random(1)
    for depth, colour, samples in ((16, 2, 3), (16, 4, 2), (16, 6, 4), (8, 4, 2), (8, 6, 4), (2, 0, 1), (4, 0, 1)):
        bytes_a_row = (WIDTH * samples * depth + 7) // 8
        rows = [rng.randbytes(bytes_a_row) for _ in range(HEIGHT)]
        zoo.add("PNG, 16 bit" if depth == 16 else "PNG", f"p_{depth}_{colour}.png", png(depth, colour, rows),
                (1, 0.6) if depth == 16 else (0, 0))
    rows = [rng.randbytes(WIDTH) for _ in range(HEIGHT)]
    zoo.add("PNG", "p_palette_alpha.png", png(8, 3, rows, rng.randbytes(768), rng.randbytes(256)))


def make_bmps(zoo):
    rng = random.Random(2)
    for bits in (1, 4, 8):
        count = 1 << bits
        each = (WIDTH * bits + 31) // 32 * 4
        palette = b"".join(rng.randbytes(3) + b"\0" for _ in range(count))
        old = b"".join(palette[4 * i : 4 * i + 3] for i in range(count))
        rows = [rng.randbytes(each) for _ in range(HEIGHT)]
        zoo.add("BMP", f"b_{bits}.bmp", bmp(bits, rows, palette=palette))
        zoo.add("BMP", f"b_{bits}_os2.bmp", bmp(bits, rows, header=12, palette=old))
        zoo.add("BMP", f"b_{bits}_top.bmp", bmp(bits, rows, palette=palette, upside=True))
        if bits > 1:
            flat = [bytes((x // 5 * (y + 3)) % count if x % 9 else rng.randrange(count) for x in range(WIDTH))
                    for y in range(HEIGHT)]
            zoo.add("BMP, runs", f"b_{bits}_runs.bmp", bmp(bits, runs(flat, bits), compression=3 - bits // 4,
                                                          palette=palette))
    for bits, header, compression, masks, name in (
        (16, 40, 0, (), "555"),
        (16, 40, 3, (0xF800, 0x07E0, 0x001F), "565"),
        (24, 40, 0, (), "plain"),
        (24, 12, 0, (), "os2"),
        (24, 124, 0, (), "v5"),
        (32, 40, 0, (), "plain"),
        (32, 40, 3, (0xFF0000, 0xFF00, 0xFF), "masks"),
        (32, 56, 3, (0xFF0000, 0xFF00, 0xFF, 0xFF000000), "alpha"),
        (32, 108, 3, (0xFF, 0xFF00, 0xFF0000, 0xFF000000), "v4"),
        (32, 124, 3, (0xFF000000, 0xFF0000, 0xFF00, 0xFF), "v5"),
    ):
        rows = [rng.randbytes((WIDTH * bits + 31) // 32 * 4) for _ in range(HEIGHT)]
        zoo.add("BMP", f"b_{bits}_{name}.bmp", bmp(bits, rows, header, compression, masks))
    rows = [rng.randbytes(WIDTH * 4) for _ in range(HEIGHT)]
    zoo.add("BMP", "b_jpeg.bmp", bmp(24, rows, compression=4), refused="unknown kind")


def make_gifs(zoo):
    for interlace in (0, 1):
        zoo.save("GIF", f"g_{interlace}.gif", painted("P"), format="GIF", interlace=interlace)
    zoo.save("GIF", "g_gray.gif", painted("L"), format="GIF")
    zoo.save("GIF", "g_1.gif", painted("1"), format="GIF")
    zoo.save("GIF", "g_clear.gif", painted("P"), format="GIF", transparency=5)
    frames = [painted("P", seed) for seed in (1, 2, 3)]
    zoo.save("GIF, animated", "g_moving.gif", frames[0], note="animation", format="GIF", save_all=True,
             append_images=frames[1:], duration=50, loop=0)
    whole = io.BytesIO()
    painted("P").save(whole, format="GIF", transparency=7)
    larger = bytearray(whole.getvalue())
    larger[6:10] = struct.pack("<HH", WIDTH + 9, HEIGHT + 5)
    zoo.add("GIF", "g_canvas.gif", bytes(larger))
    larger[6:10] = struct.pack("<HH", WIDTH - 9, HEIGHT - 5)
    zoo.add("GIF", "g_small_canvas.gif", bytes(larger))


def make_webps(zoo):
    for mode in ("RGB", "RGBA", "L"):
        zoo.save("WebP, without loss", f"w_{mode}_whole.webp", painted(mode), format="WEBP", lossless=True, exact=True)
        for quality in (10, 80, 100):
            zoo.save("WebP, with loss", f"w_{mode}_{quality}.webp", painted(mode), format="WEBP", quality=quality)
    frames = [painted("RGBA", seed) for seed in (1, 2, 3)]
    zoo.save("WebP, animated", "w_moving.webp", frames[0], note="animation", format="WEBP", save_all=True,
             append_images=frames[1:], duration=50, lossless=True, exact=True)
    exif = Image.Exif()
    exif[0x0112] = 6
    zoo.save("WebP, with loss", "w_turned.webp", painted(), format="WEBP", exif=exif)


def make_tiffs(zoo):
    for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits", "lzma", "zstd"):
        for mode in ("L", "LA", "RGB", "RGBA", "P", "I;16", "CMYK", "1"):
            apart = (1, 0.7) if mode in ("CMYK", "I;16") else (0, 0)
            zoo.save("TIFF", f"t_{mode.replace(';', '')}_{compression}.tif", painted(mode), apart, format="TIFF",
                     compression=compression)
    for compression in ("group3", "group4", "tiff_ccitt"):
        zoo.save("TIFF, fax", f"t_{compression}.tif", painted("1"), format="TIFF", compression=compression)
    zoo.save("TIFF, JPEG inside", "t_jpeg.tif", painted(), (4, 1), format="TIFF", compression="jpeg")
    zoo.save("TIFF, JPEG inside", "t_jpeg_gray.tif", painted("L"), (1, 0.5), format="TIFF", compression="jpeg")
    zoo.save("TIFF", "t_lab.tif", painted("LAB"), refused="colours that are not read", format="TIFF")
    zoo.save("TIFF", "t_float.tif", painted("F"), refused="whole numbers|32-bit", format="TIFF")
    pages = [painted("RGB", seed) for seed in (1, 2, 3)]
    zoo.save("TIFF", "t_pages.tif", pages[0], note="pages", format="TIFF", save_all=True, append_images=pages[1:])
    zoo.save("TIFF", "t_big.tif", painted(), format="TIFF", big_tiff=True)
    for orientation in (1, 6, 8):
        zoo.save("TIFF", f"t_turned_{orientation}.tif", painted(), format="TIFF", tiffinfo={274: orientation})
    make_raw_tiffs(zoo)


def tiff(samples, order="<", bits=8, photometric=2, extra=None, planar=1, tile=None):
    """An unpacked TIFF of samples [height][width][samples], in strips of 10 rows or in tiles."""
    height, width, count = samples.shape
    planes = [samples] if planar == 1 else [samples[:, :, i : i + 1] for i in range(count)]
    kind = np.dtype(order + {8: "u1", 16: "u2", 32: "u4"}[bits])
    pieces = []
    for plane in planes:
        if tile:
            down, across = -(-height // tile) * tile, -(-width // tile) * tile
            whole = np.zeros((down, across, plane.shape[2]), plane.dtype)
            whole[:height, :width] = plane
            pieces += [whole[y : y + tile, x : x + tile] for y in range(0, down, tile) for x in range(0, across, tile)]
        else:
            pieces += [plane[y : y + 10] for y in range(0, height, 10)]
    data = [np.ascontiguousarray(p).astype(kind).tobytes() for p in pieces]
    fields = {256: [width], 257: [height], 258: [bits] * count, 259: [1], 262: [photometric], 277: [count], 284: [planar]}
    fields.update({322: [tile], 323: [tile], 324: None, 325: [len(d) for d in data]} if tile
                  else {273: None, 278: [10], 279: [len(d) for d in data]})
    if extra is not None:
        fields[338] = [extra]
    where = 8
    starts = []
    for d in data:
        starts.append(where)
        where += len(d) + len(d) % 2
    fields[324 if tile else 273] = starts
    body = b"".join(d + b"\0" * (len(d) % 2) for d in data)
    entries, more, after = b"", b"", where + 2 + 12 * len(fields) + 4
    for tag in sorted(fields):
        values = fields[tag]
        packed = b"".join(struct.pack(order + "I", v) for v in values)
        if tag in (258, 259, 262, 277, 284, 338):
            packed = b"".join(struct.pack(order + "H", v) for v in values)
        if len(packed) > 4:
            place = struct.pack(order + "I", after + len(more))
            more += packed
        else:
            place = packed.ljust(4, b"\0")
        short = tag in (258, 259, 262, 277, 284, 338)
        entries += struct.pack(order + "HHI", tag, 3 if short else 4, len(values)) + place
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return mark + struct.pack(order + "I", where) + body + struct.pack(order + "H", len(fields)) + entries + bytes(4) + more


def make_raw_tiffs(zoo):
    """Kinds that Pillow does not write, against the samples that they were made of."""
    rng = np.random.default_rng(3)
    for bits in (8, 16):
        top = (1 << bits) - 1
        for count, photometric, extra in ((3, 2, None), (4, 2, 2), (4, 2, 0), (1, 1, None), (1, 0, None), (2, 1, 2)):
            samples = rng.integers(0, top + 1, (HEIGHT, WIDTH, count)).astype(np.uint32)
            eight = np.floor(samples * 255 / top + 0.5).astype(np.uint8)
            wanted = eight[:, :, :3] if photometric == 2 else np.repeat(eight[:, :, :1], 3, 2)
            wanted = 255 - wanted if photometric == 0 else wanted
            for order in "<>":
                for planar in (1, 2):
                    for tile in (None, 16):
                        name = f"t_raw_{bits}_{count}{photometric}{extra}_{'le' if order == '<' else 'be'}_{planar}_{tile}.tif"
                        content = tiff(samples, order, bits, photometric, extra, planar, tile)
                        zoo.add("TIFF", name, content, (1, 0.01), expected=wanted)


def make_avifs(zoo):
    for mode in ("RGB", "RGBA", "L"):
        for quality in (40, 90, 100):
            for sampling in ("4:4:4", "4:2:0"):
                zoo.save("AVIF", f"a_{mode}_{quality}_{sampling.replace(':', '')}.avif", painted(mode), (12, 1),
                         format="AVIF", quality=quality, subsampling=sampling)
    frames = [painted("RGB", seed) for seed in (1, 2, 3)]
    zoo.save("AVIF, animated", "a_moving.avif", frames[0], (12, 1), note="animation", format="AVIF", save_all=True,
             append_images=frames[1:], duration=50)
    for mode in ("RGB", "RGBA", "L"):
        for quality in (40, 90):
            zoo.save("HEIC", f"h_{mode}_{quality}.heic", painted(mode), (2, 0.2), format="HEIF", quality=quality)
    exif = Image.Exif()
    for value in range(2, 9):  # of even sides: libheif's versions turn the coarser colours of odd ones differently
        exif[0x0112] = value
        zoo.save("HEIC", f"h_turned_{value}.heic", painted().resize((64, 48)), (2, 0.2), format="HEIF", exif=exif.tobytes())


def make_others(zoo):
    zoo.save("others", "o.jp2", painted(), refused="JPEG 2000 files are not read", format="JPEG2000")
    zoo.save("others", "o.ico", painted(), refused="ICO.* files are not read", format="ICO", sizes=[(32, 32)])
    zoo.save("others", "o.ppm", painted(), refused="not a picture", format="PPM")
    zoo.add("others", "o.psd", b"8BPS" + bytes(40), refused="Photoshop files are not read")
    zoo.add("others", "o.jxl", b"\xff\x0a" + bytes(40), refused="JPEG XL files are not read")
    zoo.add("others", "o.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", refused="SVG files are not read")
    zoo.add("others", "o.txt", b"BMX and other words", refused="not a picture")


def make_bombs(zoo):
    """Headers that ask for 400 megapixels."""
    side = 20000
    if "AVIF" in Image.SAVE:
        content = io.BytesIO()
        painted().save(content, format="AVIF")
        zoo.add("bombs", "x.avif", re.sub(rb"(ispe.{4}).{8}", rb"\1" + struct.pack(">II", side, side), content.getvalue(),
                                          flags=re.DOTALL), refused="too large")
    content = bytearray(tiff(np.zeros((HEIGHT, WIDTH, 3), np.uint32)))
    start = struct.unpack("<I", content[4:8])[0] + 2
    for field in (0, 1):  # the first two are width and height
        content[start + 12 * field + 8 : start + 12 * field + 12] = struct.pack("<I", side)
    zoo.add("bombs", "x.tif", bytes(content), refused="too large")
    for field, value in ((26, 16383 | 16383 << 16), (21, None)):
        content = io.BytesIO()
        painted().save(content, format="WEBP", lossless=value is None)
        content = bytearray(content.getvalue())
        if value is None:  # 14 bits each of width and height less 1
            value = struct.unpack("<I", content[21:25])[0] & ~0xFFFFFFF | 16382 | 16382 << 14
        content[field : field + 4] = struct.pack("<I", value)
        zoo.add("bombs", f"x_{field}.webp", bytes(content), refused="too large")


class Check:
    def __init__(self, program):
        self.decoders = {b: Decoder(program, b) for b in (0, *BACKGROUNDS)}
        self.wrong = 0
        self.rows = {}

    def fail(self, path, what):
        self.wrong += 1
        print(f"WRONG: {os.path.basename(path)}: {what}")

    def decode(self, path, background=0):
        """As Decoder; what must never be is said here, and the answer is then a reason."""
        decoder = self.decoders[background]
        got = decoder(path)
        if got is None:
            self.fail(path, "it ends the program\n" + decoder.crash[-3000:])
            return "it ends the program"
        if isinstance(got, str) and (not got.strip() or re.search(r"[\x00-\x1f\x7f]", got)):
            self.fail(path, f"its reason is no line of text: {got!r}")
        return got

    def count(self, kind, most, mean, read):
        row = self.rows.setdefault(kind, [0, 0, 0, 0.0])
        row[0 if read else 1] += 1
        row[2] = max(row[2], most)
        row[3] = max(row[3], mean)

    def compare(self, kind, path, got, wanted, apart):
        pixels = got[0]
        if pixels.shape != wanted.shape:
            self.fail(path, f"{pixels.shape[1]}x{pixels.shape[0]}, not {wanted.shape[1]}x{wanted.shape[0]}")
            return
        far = np.abs(pixels.astype(int) - wanted.astype(int))
        self.count(kind, int(far.max()), float(far.mean()), True)
        if far.max() > apart[0] or far.mean() > max(apart[1], 1e-9):
            self.fail(path, f"apart by {far.max()} at most and {far.mean():.3f} in the mean; {apart} is allowed")

    def one(self, kind, path, apart, refused, expected, note):
        got = self.decode(path)
        if refused is not None:
            if not isinstance(got, str):
                self.fail(path, "read, which should be refused")
            elif "not read by this build" not in got and not re.search(refused, got):
                self.fail(path, f"the reason is: {got}")
            self.count(kind, 0, 0, False)
            return
        if isinstance(got, str) and "not read by this build" in got:
            self.count(kind, 0, 0, False)
            return
        if isinstance(got, str):
            self.fail(path, f"refused: {got}")
            return
        if note is not None and note not in got[2]:
            self.fail(path, f"nothing is said of it but: {got[2]!r}")
        if note is None and got[2] != "":
            self.fail(path, f"said of it: {got[2]}")
        wanted = expected if expected is not None else reference(path)
        if wanted is None:
            self.fail(path, "Pillow does not read it")
            return
        if expected is not None:
            self.compare(kind, path, got, wanted, apart)
            return
        self.orientation(path, got)
        self.compare(kind, path, turned_as_pillow(path, got), wanted, apart)
        self.backgrounds(path, apart)

    def orientation(self, path, got):
        with Image.open(path) as picture:  # loading a TIFF would turn it
            wanted = picture.getexif().get(0x0112, 1)
        if path.endswith(".heic"):
            wanted = 1
        if got[1] != wanted:
            self.fail(path, f"orientation {got[1]}, not {wanted}")

    def backgrounds(self, path, apart):
        """Laid on gray levels, as Pillow composes them."""
        with Image.open(path) as picture:
            picture.load()
            if not picture.has_transparency_data or picture.mode not in ("RGBA", "LA", "P", "PA"):
                return
            rgba = picture.convert("RGBA")
        for background, level in BACKGROUNDS.items():
            below = Image.new("RGBA", rgba.size, (level, level, level, 255))
            wanted = np.asarray(Image.alpha_composite(below, rgba).convert("RGB"))
            got = self.decode(path, background)
            if isinstance(got, str):
                self.fail(path, f"refused on a background: {got}")
            else:
                self.compare("laid on a background", path, got, wanted, (apart[0] + 1, apart[1] + 0.5))

    def cut(self, path, folder):
        """The beginning of a file: the whole picture or a reason."""
        whole = self.decode(path)
        if isinstance(whole, str):
            return
        with open(path, "rb") as f:
            content = f.read()
        part = os.path.join(folder, "part")
        for size in sorted({len(content) * i // 24 for i in range(24)} | {len(content) - i for i in range(1, 9)}):
            with open(part, "wb") as f:
                f.write(content[:size])
            got = self.decode(part)
            if not isinstance(got, str) and not np.array_equal(got[0], whole[0]):
                self.fail(path, f"cut after {size} of {len(content)} bytes it is read, with other pixels: {got[2]!r}")

    def damage(self, path, folder):
        """Any answer will do."""
        with open(path, "rb") as f:
            content = f.read()
        rng = random.Random(os.path.basename(path))
        part = os.path.join(folder, "part")
        for _ in range(12):
            bad = bytearray(content)
            for _ in range(rng.choice((1, 1, 4, 16))):
                bad[int(rng.random() ** 2 * len(bad))] ^= 1 << rng.randrange(8)
            with open(part, "wb") as f:
                f.write(bad)
            self.decode(part)

    def found(self, path, want):
        """A file from elsewhere: want is decode, reject or either."""
        got = self.decode(path)
        wanted = reference(path)
        name = os.path.relpath(path)
        if want == "reject" and not isinstance(got, str):
            self.fail(name, "read, but damaged")
        if isinstance(got, str):
            self.count("files from elsewhere", 0, 0, False)
            if want == "decode":
                self.fail(name, f"refused: {got}")
            elif wanted is not None and want != "reject":
                print(f"  {os.path.basename(path)}: Pillow reads it; refused: {got}")
            return
        if wanted is None:
            print(f"  {os.path.basename(path)}: Pillow refuses it; read, {got[2] or 'without a word'}")
            return
        far = (3, 0.7) if got[2] == "" else (255, 255)  # what is damaged is made up as each library likes
        self.compare("files from elsewhere", path, turned_as_pillow(path, got), wanted, far)


def check_zoo(check, folder):
    archive = os.path.join(os.environ.get("LOCKSTEP_IMAGES", ""), "zoo.tar")
    if not os.environ.get("LOCKSTEP_IMAGES") or not os.path.exists(archive):
        print("SKIPPED: LOCKSTEP_IMAGES does not name a folder with zoo.tar")
        return
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    with open(os.path.join(folder, "zoo", "expected.tsv"), encoding="utf-8") as f:
        lines = [line.rstrip("\n").split("\t") for line in f][1:]
    for line in lines:
        check.found(os.path.join(folder, "zoo", "files", line[0]), line[1])
    print(f"check_pictures: {len(lines)} files of zoo.tar")


def check_folder(check, folder):
    count = 0
    for place, _, names in os.walk(folder):
        for name in sorted(names):
            check.found(os.path.join(place, name), "either")
            count += 1
    print(f"check_pictures: {count} files of {folder}")


def main():
    program, work, more = sys.argv[1], sys.argv[2], sys.argv[3:]
    tables = "--tables" in more
    check = Check(program)
    made = os.path.join(work, "made")
    os.mkdir(made)
    zoo = Zoo(made)
    for make in (make_jpegs, make_pngs, make_bmps, make_gifs, make_webps, make_tiffs, make_avifs, make_others, make_bombs):
        make(zoo)
    for row in zoo.files:
        check.one(*row)
    print(f"check_pictures: {len(zoo.files)} files that were made")
    for _, path, *_ in zoo.files:
        check.cut(path, work)
        check.damage(path, work)
    check_zoo(check, work)
    for folder in more:
        if folder != "--tables":
            check_folder(check, folder)
    for background, decoder in check.decoders.items():
        said = decoder.close()
        if re.sub(r"(Unknown OBU type|Error parsing|Overrun in).*\n", "", said):  # dav1d, whom libavif does not tell whom to tell
            check.fail("decode_pictures", f"on background {background} it says\n{said[-3000:]}")
    if tables:
        for kind, (read, refused, most, mean) in check.rows.items():
            print(f"| {kind} | {read} | {refused} | {most} | {mean:.3f} |")
    print(f"check_pictures: {check.wrong} wrong")
    sys.exit(check.wrong > 0)


ImageFile.LOAD_TRUNCATED_IMAGES = False
main()
