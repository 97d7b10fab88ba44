#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""PyTorch as a peer of fg-bench: times the calls it is asked for, on the CPU or (--device cuda) a GPU.

In turns with fg-bench, case by case:   fg-bench --peer-command 'python3 bench/peers/pytorch.py'
On its own, into a document of fg-bench's form:
    fg-bench --list --json > cases.json; python3 bench/peers/pytorch.py cases.json > pytorch.json

The lines that go in and out: bench/peers/README.md.
"""
import argparse
import json
import math
import os
import sys
import time

import torch
import torch.nn.functional as F

DTYPES = {"f64": torch.float64, "f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16, "i64": torch.int64,
          "i32": torch.int32, "i16": torch.int16, "i8": torch.int8, "u8": torch.uint8, "bool": torch.bool}
MIN_SAMPLES = 5
BATCH_NS = 100e3
DEVICE_BATCH_NS = 5e6  # of a device that runs behind the host: waiting for it costs little then
MAX_NS = 10e9


class LeftOut(Exception):
    """PyTorch has no such call."""


def make_tensor(spec):
    shape, dtype = spec["shape"], DTYPES[spec["dtype"]]
    if "below" in spec:
        t = torch.randint(0, max(spec["below"], 1), shape, dtype=torch.int64).to(dtype)
    elif dtype == torch.bool:
        t = torch.randint(0, 2, shape, dtype=torch.uint8).to(torch.bool)
    elif dtype.is_floating_point:
        t = torch.rand(shape, dtype=torch.float32).mul_(2).sub_(1).to(dtype)
    else:
        t = torch.randint(-9 if dtype.is_signed else 0, 10, shape, dtype=torch.int64).to(dtype)
    return t.transpose(-2, -1).contiguous().transpose(-2, -1) if spec.get("column_major") else t


def make_value(value):
    return float(value["float"]) if isinstance(value, dict) else value


def make_arguments(case):
    arguments = {}
    for a in case["args"]:
        if "tensor" in a:
            arguments[a["name"]] = make_tensor(a["tensor"])
        elif "tensors" in a:
            arguments[a["name"]] = [make_tensor(t) for t in a["tensors"]]
        elif "dtype" in a:
            arguments[a["name"]] = DTYPES[a["dtype"]]
        else:
            arguments[a["name"]] = make_value(a["value"])
    if case["op"] in ("bernoulli_tensor", "multinomial"):
        arguments["self"].abs_()  # probabilities, weights
    return arguments


def rotary(a):
    """apply_rotary_pos_emb as models write it: halves rotated, positions in order."""
    q, k = a["q"], a["k"]
    n = q.shape[1]
    cos, sin = a["cos"][:n].to(q.dtype), a["sin"][:n].to(q.dtype)
    cos, sin = (torch.cat((x, x), -1)[None, :, None, :] for x in (cos, sin))

    def turned(x):
        half = x.shape[-1] // 2
        return torch.cat((-x[..., half:], x[..., :half]), -1)

    return lambda: (q * cos + turned(q) * sin, k * cos + turned(k) * sin)


def fused_add_rms_norm(a):
    def call():
        r = a["input"] + a["residual"]
        return F.rms_norm(r, a["normalized_shape"], a.get("weight"), a.get("eps", 1e-5)), r
    return call


def equal(a):
    """Of equal tensors, or the first difference would end the call."""
    other = a["self"].clone()
    return lambda: torch.equal(a["self"], other)


def pairs(function):
    """An operator of two halves: function(x) * y."""
    return lambda a: lambda: function(a["x"], a) * a["y"]


# Operators that PyTorch writes as a function of torch.nn.functional, or as several calls.
SPECIAL = {
    "apply_rotary_pos_emb": rotary,
    "cross_entropy_loss": lambda a: lambda: F.cross_entropy(**{k: v for k, v in a.items()}),
    "equal": equal,
    "embedding": lambda a: lambda: F.embedding(a["indices"], a["weight"]),
    "fused_add_rms_norm": fused_add_rms_norm,
    "gelu_and_mul": pairs(lambda x, a: F.gelu(x, approximate=a.get("approximate", "none"))),
    "layer_norm": lambda a: lambda: torch.native_layer_norm(
        a["input"], a["normalized_shape"], a.get("weight"), a.get("bias"), a.get("eps", 1e-5)),
    "linear": lambda a: lambda: F.linear(a["input"], a["weight"], a.get("bias")),
    "rms_norm": lambda a: lambda: F.rms_norm(a["input"], a["normalized_shape"], a.get("weight"), a.get("eps", 1e-6)),
    "scaled_dot_product_attention": lambda a: lambda: F.scaled_dot_product_attention(**a),
    "silu_and_mul": pairs(lambda x, a: F.silu(x)),
    "skip_layer_norm": lambda a: lambda: F.layer_norm(
        a["input"] + a["residual"], a["normalized_shape"], a.get("weight"), a.get("bias"), a.get("eps", 1e-5)),
    "softmax": lambda a: lambda: torch.softmax(a["self"], a["dim"]),
    "to": lambda a: lambda: a["self"].to(a["dtype"], copy=True),
}


def overload(name):
    base, _, which = name.partition(".")
    packet = getattr(torch.ops.aten, base, None)
    return getattr(packet, which or "default", None) if packet is not None else None


def prepared(function, arguments):
    """The call, when the overload takes these arguments and runs."""
    schema = {a.name: a for a in function._schema.arguments}
    if any(name not in schema for name in arguments):
        return None
    if any(name not in arguments and not a.has_default_value() for name, a in schema.items()):
        return None
    keywords = dict(arguments)
    try:
        function(**keywords)
    except (RuntimeError, TypeError, ValueError, NotImplementedError, IndexError):
        return None
    return keywords


def with_out(base, result, keywords):
    """The same call into tensors that exist, when there is an overload for it: fg-bench does so too."""
    results = result if isinstance(result, (tuple, list)) else (result,)
    packet = getattr(torch.ops.aten, base)
    for which in packet.overloads():
        function = getattr(packet, which)
        outs = [a.name for a in function._schema.arguments if a.is_out]
        if len(outs) != len(results) or not outs:
            continue
        given = dict(keywords, **{name: r.clone() for name, r in zip(outs, results)})
        if prepared(function, given) is not None:
            return lambda: function(**given)
    return None


def find_call(case):
    arguments = make_arguments(case)
    if case["op"] in SPECIAL:
        call = SPECIAL[case["op"]](arguments)
        call()
        return call
    for name in case["aten"]:
        function = overload(name)
        if function is None or any(a.is_out and a.kwarg_only for a in function._schema.arguments):
            continue
        in_place = name.split(".")[0].endswith("_")
        if in_place and not case["op"].endswith("_"):
            continue
        keywords = prepared(function, arguments)
        if keywords is None:
            continue
        if not in_place:
            call = with_out(name.split(".")[0], function(**keywords), keywords)
            if call is not None:
                return call
        return lambda: function(**keywords)
    raise LeftOut("no overload of " + ", ".join(case["aten"]) + " takes these arguments")


def wait():
    if torch.get_default_device().type == "cuda":
        torch.cuda.synchronize()


def run_batch(call, n):
    start = time.perf_counter_ns()
    for _ in range(n):
        call()
    wait()
    return time.perf_counter_ns() - start


def quantile(values, q):
    return sorted(values)[int(q * (len(values) - 1) + 0.5)]


def measure(call, seconds):
    """As fg-bench does: batches long enough for the clock, until the time is spent."""
    call()
    wait()
    n = 1
    batch_ns = BATCH_NS if torch.get_default_device().type == "cpu" else DEVICE_BATCH_NS
    while (spent := run_batch(call, n)) < batch_ns / 2:
        n *= 2
    n = max(1, math.ceil(batch_ns / (spent / n)))
    times, total = [], 0
    while total < seconds * 1e9 or len(times) < MIN_SAMPLES:
        if total > MAX_NS and len(times) >= 3:
            break
        t = run_batch(call, n)
        total += t
        times.append(t / n)
    return {"p20_ns": quantile(times, 0.2), "p50_ns": quantile(times, 0.5), "p80_ns": quantile(times, 0.8),
            "samples": len(times), "calls": len(times) * n}


def answer(case, seconds):
    try:
        with torch.inference_mode():
            return measure(find_call(case), seconds)
    except (LeftOut, RuntimeError, TypeError, ValueError, KeyError, AttributeError, NotImplementedError,
            IndexError) as e:
        return {"left_out": f"{type(e).__name__}: {e}"}


def name_of_peer():
    name = "pytorch " + torch.__version__.split("+")[0]
    return name if torch.get_default_device().type == "cpu" else name + " on " + torch.cuda.get_device_name()


def serve():
    """One question a line, one answer a line, until the input ends."""
    seconds = 0.2
    for line in sys.stdin:
        question = json.loads(line)
        if "hello" in question:
            seconds = question["hello"]["seconds"]
            torch.set_num_threads(question["hello"]["threads"])
            reply = {"peer": name_of_peer()}
        else:
            reply = answer(question, seconds)
        print(json.dumps(reply), flush=True)


def run_document(path, seconds, threads):
    if threads:
        torch.set_num_threads(threads)
    with open(path, encoding="utf-8") as f:
        cases = json.load(f)["cases"]
    results = []
    for i, case in enumerate(cases):
        print(f"{i + 1}/{len(cases)}  {case['name']}", file=sys.stderr)
        times = answer(case, seconds)
        state = {"state": "not served", "reason": times["left_out"]} if "left_out" in times else {"state": "timed"}
        results.append({"name": case["name"], "scaled_by": case["scaled_by"], **state, **times})
    json.dump({"tool": {"name": "pytorch.py", "format": 1}, "plugin": name_of_peer(), "cases": results}, sys.stdout,
              indent=1)
    print()


def keep_memory():
    """Starts this program again with an allocator that keeps large blocks: fg's does, and where PyTorch has no form with
    given outputs every call would otherwise pay for new pages."""
    wanted = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(1 << 40), "MALLOC_TOP_PAD_": str(1 << 26)}
    if "MALLOC_MMAP_MAX_" not in os.environ:
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **wanted})


def main():
    keep_memory()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="?", help="document of fg-bench --list --json; without it questions come on stdin")
    parser.add_argument("--min-time", type=float, default=0.2, help="seconds spent on a case (default 0.2)")
    parser.add_argument("--threads", type=int, default=0, help="0: PyTorch's own choice")
    parser.add_argument("--device", default="cpu", help="PyTorch's name of the device (default cpu)")
    options = parser.parse_args()
    torch.set_default_device(options.device)
    if options.cases:
        run_document(options.cases, options.min_time, options.threads)
    else:
        serve()


if __name__ == "__main__":
    main()
