#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes docs/performance.md from the JSON of one fg-bench run: performance_page.py bench.json > docs/performance.md."""
import json
import sys


def time_text(ns):
    for unit, scale in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if ns >= scale:
            return f"{ns / scale:.3g} {unit}"
    return f"{ns:.3g} ns"


def main():
    report = json.load(open(sys.argv[1], encoding="utf-8"))
    machine = report.get("machine", {})
    print("# Performance\n")
    print("One run of `fg-bench --plugin libfg_cpu.so --dtype f32 --json` (filtered to the cases below); every result was verified before it was timed. Written by")
    print("`tools/setup/performance_page.py` from that run's JSON; nothing here is typed by hand.\n")
    print("Machine: " + ", ".join(
        f"{k} {v:.4g}" if isinstance(v, float) else f"{k} {v}" for k, v in machine.items()) + ".\n")
    roof = report.get("roofline", {})
    print("Measured in the same process: " + ", ".join(
        f"{k} {v:.4g}" for k, v in roof.items() if isinstance(v, (int, float))) + ".\n")
    print("## Limits\n\n| What | Measured | Limit | |\n|---|---:|---:|---|")
    for limit in report.get("limits", {}).values():
        if limit["value"] is None:  # left out of this run by its filter
            continue
        sense = "≤" if limit["sense"] == "at_most" else "≥"
        print(f"| {limit['text']} | {limit['value']:.4g} {limit['unit']} | {sense} {limit['limit']:g} {limit['unit']} | "
              f"{'met' if limit['met'] else 'missed'} |")
    print("\n## Operators\n\n| Case | p50 | GB/s | TFLOP/s | of the roofline |\n|---|---:|---:|---:|---:|")
    for case in report.get("cases", []):
        if case.get("state") != "timed":
            continue
        scaled = " (scaled to memory)" if case.get("scaled_by", 1.0) != 1.0 else ""
        share = f"{case['percent_of_roofline']:.0f} %" if "percent_of_roofline" in case else ""
        if share and case.get("in_cache"):
            share += " (cached)"
        flops = f"{case['tflops']:.3g}" if "tflops" in case else ""
        print(f"| `{case['name']}`{scaled} | {time_text(case['p50_ns'])} | {case.get('gbps', 0):.3g} | {flops} | {share} |")
    print("\n## Peers in the same run\n\n| Case | Peer | p50 | ours is … times as fast |\n|---|---|---:|---:|")
    ours = {c["name"]: c["p50_ns"] for c in report.get("cases", []) if c.get("state") == "timed"}
    for peer in report.get("peers", []):
        if peer["case"] in ours:
            print(f"| `{peer['case']}` | {peer['peer']} | {time_text(peer['p50_ns'])} | {peer['p50_ns'] / ours[peer['case']]:.2f} |")


if __name__ == "__main__":
    main()
