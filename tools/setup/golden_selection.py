#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes tests/golden/selection from larger corpora: golden_selection.py CORPUS... (folders with cases.json and tensors.safetensors).

Of every overload that the catalogue names, the two cases with the smallest tensors, so that the result fits a repository.
"""
import json
import pathlib
import re
import struct
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
CASES_EACH = 2
MOST_BYTES = 4096  # of a case's tensors, but one case of each operator may have
MOST_BYTES_OF_ONE = 65536


def catalogue_names():
    names = set()
    for path in (ROOT / "ops").glob("*.yaml"):
        for key, listed in re.findall(r"^\s+(aten|gems): \[([^\]]*)\]", path.read_text(encoding="utf-8"), re.M):
            names.update((key, name.strip()) for name in listed.split(","))
    return names


def overload(op):
    space, _, name = op.partition("::")
    return space, name.removesuffix(".default")


def read_tensors(path):
    data = path.read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8:8 + length])
    header.pop("__metadata__", None)
    base = 8 + length
    return {k: (v["dtype"], v["shape"], data[base + v["data_offsets"][0]:base + v["data_offsets"][1]])
            for k, v in header.items()}


def write_tensors(path, tensors):
    header, offset = {}, 0
    for key, (dtype, shape, data) in tensors.items():
        header[key] = {"dtype": dtype, "shape": shape, "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(d for _, _, d in tensors.values()))


def keys_of(value):
    """Names of all tensors in a case, at any depth."""
    if isinstance(value, dict):
        if isinstance(value.get("tensor"), str):
            yield value["tensor"]
        for v in value.values():
            yield from keys_of(v)
    elif isinstance(value, list):
        for v in value:
            yield from keys_of(v)


def select(cases, tensors, wanted):
    by_op = {}
    for case in cases:
        if overload(case["op"]) in wanted:
            size = sum(len(tensors[k][2]) for k in keys_of(case))
            by_op.setdefault(case["op"], []).append((size, case["id"], case))
    for found in by_op.values():
        found.sort(key=lambda x: x[:2])
        for i, (size, _, case) in enumerate(found[:CASES_EACH]):
            if size <= (MOST_BYTES_OF_ONE if i == 0 else MOST_BYTES):
                yield case


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    wanted = catalogue_names()
    chosen, kept = [], {}
    for folder in map(pathlib.Path, sys.argv[1:]):
        tensors = read_tensors(folder / "tensors.safetensors")
        for case in select(json.loads((folder / "cases.json").read_text(encoding="utf-8")), tensors, wanted):
            chosen.append(case)
            kept.update((k, tensors[k]) for k in keys_of(case))
    chosen.sort(key=lambda c: c["id"])
    target = ROOT / "tests/golden/selection"
    with open(target / "cases.json", "w", encoding="utf-8") as f:
        f.write("[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in chosen) + "\n]\n")
    write_tensors(target / "tensors.safetensors", dict(sorted(kept.items())))
    print(f"{len(chosen)} cases of {len({c['op'] for c in chosen})} overloads")


if __name__ == "__main__":
    main()
