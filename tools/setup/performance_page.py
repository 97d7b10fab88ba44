#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes docs/performance.md from fg-bench's JSON: performance_page.py bench.json [limits.json] > docs/performance.md.

The second document is a short run of the cases that the limits speak of, when the first is too long to be quiet throughout.
"""
import json
import sys


def time_text(ns):
    for unit, scale in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if ns >= scale:
            return f"{ns / scale:.3g} {unit}"
    return f"{ns:.3g} ns"


def members(table):
    return ", ".join(f"{k} {v:.4g}" if isinstance(v, float) else f"{k} {v}" for k, v in table.items())


def head(report):
    print("# Performance\n")
    beside = ", beside its peers ([bench/peers](../bench/peers/README.md)), case by case in turns" if report.get("ratios") else ""
    print(f"One run of `fg-bench --plugin libfg_cpu.so --json`{beside}. Every result was verified")
    print("before it was timed; times are medians. Written by `tools/setup/performance_page.py` from that run's JSON; nothing here is typed by hand. `fg-bench html` draws the")
    print("same document with every case.\n")
    print("Machine: " + members(report.get("machine", {})) + ".\n")
    print("Measured in the same process: " + members(report.get("roofline", {})) + ".\n")


def limits(report, alone):
    print("## Limits\n")
    if alone:
        print(f"A run of these cases alone ({report['seconds']:.0f} s), its bandwidths measured again beside each: " + members(report["roofline"]) + " at its beginning.\n")
    print("| What | Measured | Limit | |\n|---|---:|---:|---|")
    for limit in report.get("limits", {}).values():
        if limit["value"] is None:  # left out of this run by its filter
            continue
        sense = "≤" if limit["sense"] == "at_most" else "≥"
        print(f"| {limit['text']} | {limit['value']:.4g} {limit['unit']} | {sense} {limit['limit']:g} {limit['unit']} | "
              f"{'met' if limit['met'] else 'missed'} |")


def peers(report):
    """How the peers of the same run compare, by operator; the slowest of ours first."""
    for peer in report.get("ratios", []):
        print(f"\n## {peer['peer']}: its time over ours\n\nGeometric mean of {peer['cases']} cases: **{peer['geomean']:.2f}**.\n")
        print("| Operator | Cases | Geometric mean | Least | in |\n|---|---:|---:|---:|---|")
        for o in peer["operators"]:
            print(f"| {o['op']} | {o['cases']} | {o['geomean']:.2f} | {o['least']:.2f} | `{o['least_case']}` |")
    for note in report.get("peer_notes", []):
        print(f"\nNote: {note}.")


def largest_cases(report):
    """One case an operator and dtype: the one with the most bytes."""
    largest = {}
    for case in report.get("cases", []):
        key = tuple(case["name"].split("/")[:2])
        if case.get("state") == "timed" and case["bytes"] > largest.get(key, {"bytes": -1})["bytes"]:
            largest[key] = case
    return largest.values()


def cases(report):
    print("\n## The largest case of each operator\n\n| Case | p50 | GB/s | TFLOP/s | of the roofline |\n|---|---:|---:|---:|---:|")
    for case in largest_cases(report):
        scaled = f" (a length divided by {case['scaled_by']:g})" if case.get("scaled_by", 1.0) != 1.0 else ""
        share = f"{case['percent_of_roofline']:.0f} %" if "percent_of_roofline" in case else ""
        flops = f"{case['tflops']:.3g}" if "tflops" in case else ""
        print(f"| `{case['name']}`{scaled} | {time_text(case['p50_ns'])} | {case.get('gbps', 0):.3g} | {flops} | {share} |")


def main():
    documents = []
    for path in sys.argv[1:3]:
        with open(path, encoding="utf-8") as f:
            documents.append(json.load(f))
    report = documents[0]
    head(report)
    limits(documents[-1], len(documents) > 1)
    peers(report)
    cases(report)


if __name__ == "__main__":
    main()
