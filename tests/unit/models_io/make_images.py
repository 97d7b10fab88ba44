#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws small pictures and records what Pillow makes of them, as CLIP's preprocessor does it.

    pip install pillow numpy safetensors
    tests/unit/models_io/make_images.py

writes images/<name> beside this file, and images/expected.safetensors: `<name>` [28, 28, 3], the picture with its
shorter edge scaled to 28 (bicubic) and cut to 28 x 28.
"""
import io
import pathlib

import numpy as np
from PIL import Image
from safetensors.numpy import save_file

OUT = pathlib.Path(__file__).parent / "images"
EDGE = 28


def picture(width, height):
    y, x = np.mgrid[0:height, 0:width]
    wave = 127 + 60 * np.sin(x / 3.0) + 60 * np.cos(y / 2.0)
    rgb = np.stack([x * 255 // width, y * 255 // height, wave.astype(int)], axis=-1)
    rgb[height // 3: height // 2, width // 4: width // 2] = (255, 0, 0)
    return Image.fromarray(rgb.clip(0, 255).astype(np.uint8))


def files():
    wide, tall = picture(61, 40), picture(31, 47)
    alpha = tall.copy()
    alpha.putalpha(Image.fromarray((np.arange(31 * 47).reshape(47, 31) % 256).astype(np.uint8)))
    yield "rgb.png", wide, {}
    yield "small.png", picture(9, 7), {}
    yield "rgba.png", alpha, {}
    yield "grey.png", tall.convert("L"), {}
    yield "grey_alpha.png", alpha.convert("LA"), {}
    yield "palette.png", wide.quantize(16), {}
    yield "bits.png", wide.convert("1"), {}
    yield "full.jpg", wide, {"quality": 92, "subsampling": 0}
    yield "halved.jpg", wide, {"quality": 85, "subsampling": 2}
    yield "progressive.jpg", tall, {"quality": 90, "progressive": True}
    yield "grey.jpg", tall.convert("L"), {"quality": 90}


def preprocess(image):
    image = image.convert("RGB")
    short = min(image.size)
    image = image.resize([EDGE * s // short for s in image.size], Image.Resampling.BICUBIC)
    pixels = np.asarray(image)
    top, left = [(n - EDGE) // 2 for n in pixels.shape[:2]]
    return np.ascontiguousarray(pixels[top:top + EDGE, left:left + EDGE])


def main():
    OUT.mkdir(exist_ok=True)
    expected = {}
    for name, image, options in files():
        data = io.BytesIO()
        image.save(data, format="PNG" if name.endswith("png") else "JPEG", **options)
        (OUT / name).write_bytes(data.getvalue())
        expected[name] = preprocess(Image.open(data))
    cmyk = io.BytesIO()
    picture(8, 8).convert("CMYK").save(cmyk, format="JPEG")
    (OUT / "cmyk.jpg").write_bytes(cmyk.getvalue())
    save_file(expected, OUT / "expected.safetensors")


if __name__ == "__main__":
    main()
