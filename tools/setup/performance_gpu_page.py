#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes docs/performance-gpu.md from fg-bench's JSON of plugins on one GPU: performance_gpu_page.py a.json b.json > docs/performance-gpu.md."""
import json
import sys

from performance_page import time_text


def column(report):
    """By case: the time, the share of the measured copy bandwidth, PyTorch's time over ours."""
    peers = {p["case"]: p["p50_ns"] for p in report["peers"]}
    copy = report["roofline"]["copy_gbps"]
    cells = {}
    for case in report["cases"]:
        if case.get("state") != "timed":
            continue
        ratio = f"{peers[case['name']] / case['p50_ns']:.2f}" if case["name"] in peers else ""
        cells[case["name"]] = f"{time_text(case['p50_ns'])} | {case['gbps'] / copy:.2f} | {ratio}"
    return cells


def main():
    reports = []
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as f:
            reports.append(json.load(f))
    print("# Performance on a GPU\n")
    print("Runs of `fg-bench --plugin libfg_<plugin>.so --no-peers --peer-command 'python3 bench/peers/pytorch.py --device cuda'`, filtered to these cases, one after the other on one machine.")
    print("Every result was verified before it was timed; times are medians. Written by `tools/setup/performance_gpu_page.py`; nothing here is typed by hand.\n")
    for r in reports:
        peer = next((p["peer"] for p in r["peers"]), "no peer")
        print(f"* {r['plugin']}: {r['device']['name']}, driver {r['device']['driver']}; the plugin's own copy of a large buffer reaches {r['roofline']['copy_gbps']:.0f} GB/s; beside {peer}")
    print("\nOf the copy: bytes a second over that copy's. Small cases stay in the GPU's cache or are bound by the launch.\n")
    print("| Case | " + " | ".join(f"{r['plugin']}: time | of the copy | PyTorch's time over ours" for r in reports) + " |")
    print("|---|" + "---:|---:|---:|" * len(reports))
    columns = [column(r) for r in reports]
    for name in sorted(set().union(*columns)):
        print(f"| `{name}` | " + " | ".join(c.get(name, " | | ") for c in columns) + " |")


if __name__ == "__main__":
    main()
