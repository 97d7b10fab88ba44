#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times every operator on the CPU plugin, on lavapipe and on PoCL, one after the other, at about a million elements.

    bench/software_devices.py measure --into times.json                    all operators: half an hour at most
    bench/software_devices.py measure --into times.json --seconds 50       as many as that lets, a next call goes on
    bench/software_devices.py measure --into times.json --only 'sort*'     these again
    bench/software_devices.py table times.json --page docs/reference/software-devices.md

Each operator is timed by one of fg-bench's cases: f32 where it has that dtype, with a largest tensor nearest to 2^20 elements.
"""
import argparse
import fnmatch
import glob
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ELEMENTS = 1 << 20
MAX_BYTES = (17e6, 9e6)  # scales cases to four and to two f32 tensors of [1024, 1024]
PREFERRED = {"outer": "outer/f32/self=1024,vec2=1024",  # what comes out is larger than what goes in
             "linspace": "linspace/f32/start=0,end=1,steps=4096"}  # 2^24 take minutes to verify
LIMIT = 20
# Letters of the page's reasons, the first that matches; "?" where none does.
ATOMICS = "index_add index_reduce scatter_add scatter_reduce embedding_dense_backward put"
GROUPS = ("sort topk* grouped_topk topk_softmax masked_select masked_scatter nonzero cum* logcumsumexp randperm multinomial "
          "group_norm* layer_norm* rms_norm* fused_add_rms_norm skip_layer_norm weight_norm *softmax* cross_entropy* nll_loss* *mv dot vdot "
          "logsumexp var* std* arg* max_dim min_dim scaled_dot_product_attention fused_experts")
PLACES = ("addr cat *stack constant_pad_nd apply_rotary_pos_emb gather scatter index_* kron tril* triu* take roll flip diag* "
          "repeat* tile slice_* select_* embedding eye arange linspace logspace moe_sum swiglu reglu geglu d*glu glu_backward")
PRODUCTS = "mm addmm bmm baddbmm addbmm linear fused_experts scaled_dot_product_attention"
LAUNCHES = "index diag linspace outer"
INNER_LOOPS = "sin cos tan sinc fmod remainder floor_divide lgamma"
REASONS = {"lavapipe": [("P", PRODUCTS), ("A", ATOMICS), ("L", LAUNCHES),
                        ("B", INNER_LOOPS + " *pow* atan2 atanh acos hypot"), ("M", "*mv dot vdot index_put"), ("G", GROUPS), ("I", PLACES), ("M", "*")],
           "pocl": [("F", INNER_LOOPS), ("A", ATOMICS), ("L", LAUNCHES), ("G", GROUPS), ("W", PLACES + " rand* normal_ uniform_ *dropout bernoulli* exponential_")]}
BEGIN, END = "<!-- begin: bench/software_devices.py table -->", "<!-- end -->"
DEVICES = {
    "cpu": {},
    "lavapipe": {"VK_ICD_FILENAMES": ":".join(glob.glob("/usr/share/vulkan/icd.d/lvp_icd.*.json"))},
    "pocl": {"OCL_ICD_VENDORS": "/etc/OpenCL/vendors/pocl.icd"},
}
PLUGINS = {"cpu": "libfg_cpu.so", "lavapipe": "libfg_vulkan.so", "pocl": "libfg_opencl.so"}


def shapes(case):
    for a in case["args"]:
        yield from ([a["tensor"]["shape"]] if "tensor" in a else [t["shape"] for t in a.get("tensors", [])])
        if "value" in a and a["name"] in ("size", "input_sizes"):
            yield a["value"]
        elif "value" in a and a["name"] in ("n", "end", "steps", "row"):
            yield [a["value"]] * (2 if a["name"] == "row" or case["op"] == "eye" else 1)


def distance(case):
    """From a million elements, by factors; [1024, 1024] itself first."""
    largest = max(shapes(case), key=math.prod, default=[1])
    return abs(math.log2(max(math.prod(largest), 1) / ELEMENTS)), largest != [1024, 1024]


def list_cases(bench, max_bytes):
    return json.loads(subprocess.run([bench, "--list", "--json", "--max-bytes", str(max_bytes), "--dtype", "f32", "i64"],
                                     check=True, capture_output=True, text=True).stdout)["cases"]


def cases_of(bench):
    """Of each operator: a case's name and the bytes that it is scaled down to."""
    by_op = {}
    for max_bytes in MAX_BYTES:
        for case in list_cases(bench, max_bytes):
            by_op.setdefault(case["op"], []).append((case, max_bytes))
    best = {}
    for op, cases in by_op.items():
        case, max_bytes = min(cases, key=lambda c: (c[0]["name"] != PREFERRED.get(op), c[0]["dtype"] != "f32", distance(c[0])))
        best[op] = case["name"], max_bytes
    return best


def run_bench(bench, device, names, max_bytes, seconds):
    """Results by name; a device that ends the process is said in place of a time."""
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        dtypes = sorted({n.split("/")[1] for n in names})
        command = [bench, "--plugin", PLUGINS[device], "--no-peers", "--min-time", str(seconds), "--max-bytes", str(max_bytes),
                   "-q", "-o", out.name, "--dtype", *dtypes]
        for n in names:
            command += ["-f", n]
        done = subprocess.run(command, env=os.environ | DEVICES[device], capture_output=True, text=True)
        if done.returncode not in (0, 1):
            return {n: {"name": n, "state": "failed", "reason": done.stderr.strip()[-200:]} for n in names}
        return {c["name"]: c for c in json.load(open(out.name))["cases"]}


def matches(op, patterns):
    return any(fnmatch.fnmatch(op, p) for p in patterns)


def measure(o):
    begun = time.monotonic()
    into = pathlib.Path(o.into)
    results = json.loads(into.read_text()) if into.exists() else {}
    wanted = {op: case for op, case in cases_of(o.bench).items()
              if matches(op, o.only or ["*"]) and not matches(op, o.skip) and (o.only or op not in results)}
    for at_once, max_bytes in batches(wanted, o.at_once):
        if o.seconds and time.monotonic() - begun > o.seconds:
            print("some operators are left: call again", file=sys.stderr)
            return 3
        for device in DEVICES:
            for name, case in run_bench(o.bench, device, list(at_once), max_bytes, o.min_time).items():
                results.setdefault(at_once[name], {})[device] = case
        into.write_text(json.dumps(results, indent=1))
    return 0


def batches(wanted, size):
    """Operators by case, at most `size` at once, all scaled alike."""
    for max_bytes in MAX_BYTES:
        names = [(name, op) for op, (name, scaled) in wanted.items() if scaled == max_bytes]
        for i in range(0, len(names), size):
            yield dict(names[i:i + size]), max_bytes


def time_of(result):
    return result["p50_ns"] / 1e3 if result.get("state") == "timed" else None


def microseconds(us):
    return "–" if us is None else f"{us:.1f}" if us < 100 else f"{us:.0f}"


def ratio(result, cpu):
    us = time_of(result)
    return None if us is None or not cpu else us / cpu


def reason(op, device):
    return next((letter for letter, ops in REASONS[device] if matches(op, ops.split())), "?")


def cell(op, device, result, cpu):
    r = ratio(result, cpu)
    if r is None:
        return result.get("state", "–")
    text = f"{microseconds(time_of(result))} ({r:.1f})"
    return f"**{text}** {reason(op, device)}" if r > LIMIT else text


def table(o):
    results = json.loads(pathlib.Path(o.times).read_text())
    rows, above = [], {d: 0 for d in DEVICES}
    for op, by_device in sorted(results.items()):
        cpu = time_of(by_device["cpu"])
        for d in DEVICES:
            above[d] += (ratio(by_device[d], cpu) or 0) > LIMIT
        dtype = by_device["cpu"]["name"].split("/")[1]
        rows.append(f"| `{op}` | {dtype} {by_device['cpu']['shapes']} | {microseconds(cpu)} | "
                    f"{cell(op, 'lavapipe', by_device['lavapipe'], cpu)} | {cell(op, 'pocl', by_device['pocl'], cpu)} |")
    left = sorted(set(cases_of(o.bench)) - set(results))
    notes = [f"Not measured yet: {' '.join(left)}.", ""] if left else []
    text = "\n".join([*notes, f"{len(rows)} operators; above {LIMIT} times: {above['lavapipe']} on lavapipe, {above['pocl']} on PoCL.", "",
                      "| operator | case | CPU plugin, µs | lavapipe, µs (times) | PoCL, µs (times) |", "|---|---|---|---|---|", *rows])
    missing = [row for row in rows if "** ?" in row]
    for row in missing:
        print("no reason: " + row, file=sys.stderr)
    if not o.page:
        print(text)
        return 1 if missing else 0
    page = pathlib.Path(o.page)
    old = page.read_text()
    before, rest = old.split(BEGIN)
    page.write_text(before + BEGIN + "\n" + text + "\n" + END + rest.split(END, 1)[1])
    return 1 if missing else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    m = commands.add_parser("measure")
    m.add_argument("--into", required=True)
    m.add_argument("--only", nargs="*", help="globs of operators; default: those that the file lacks")
    m.add_argument("--skip", nargs="*", default=[], help="globs of operators")
    m.add_argument("--seconds", type=float, help="begin nothing after this many")
    m.add_argument("--min-time", type=float, default=0.01, help="seconds spent on a case")
    m.add_argument("--at-once", type=int, default=24, help="operators that one process times")
    m.set_defaults(run=measure)
    t = commands.add_parser("table")
    for command in (m, t):
        command.add_argument("--bench", default="build/release/bin/fg-bench")
    t.add_argument("times")
    t.add_argument("--page", help="write it between this page's markers")
    t.set_defaults(run=table)
    o = parser.parse_args()
    return o.run(o)


if __name__ == "__main__":
    sys.exit(main())
