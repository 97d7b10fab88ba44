#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the suite against every seeded bug and every legal variant; says which were found and how.

    kill.py BUILD_DIR [--tier quick|standard] [--all-cases] [NAME...]

Without a tier a bug that quick misses meets standard.  Exits 1 when a bug survives, the plugin without a bug fails or a legal variant is rejected.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
TABLE = ROOT / "conformance/mutants/faults.hpp"
OWN_LIBRARY = {"constructor_prints", "extra_export"}  # what the loader sees in the file
LEFT_TO_CONTROLLER = {"flooder", "forker"}  # right results; it is the suite that must stand them
LIMIT_S = 180


def rows(array):
    """Tuples of strings of one table of faults.hpp."""
    text = re.search(array + r"\[\] = \{(.*?)\n\};", TABLE.read_text(), flags=re.S)[1]
    text = re.sub(r"//.*", "", text)
    for entry in re.findall(r"\{(.*?)\}", text, flags=re.S):
        yield tuple(re.findall(r'"(.*?)"', entry))


def targets():
    """Name, family, filters, library and what must come of it."""
    for name, family, _, filters in rows("kFaults"):
        yield (name, family, filters, "mutant_" + name if name in OWN_LIBRARY else "mutant",
               {"passed"} if family == "none" else {"passed", "killed"} if name in LEFT_TO_CONTROLLER else {"killed"})
    for name, _, filters, rejected in rows("kLegalVariants"):
        yield "legal_" + name, "legal", filters, "legal_" + name, {"killed"} if rejected else {"passed"}


def run(build, name, family, filters, library, tier, options):
    command = [build / "bin/fg-conformance", "--plugin", build / f"lib/fg/mutants/libfg_{library}.so", "--tier",
               tier, "--quiet"]
    if family not in ("none", "legal"):
        command += ["--fail-fast", "1"]
    if not options.all_cases:
        for pattern in filters.split():
            command += ["-f", pattern]
    with tempfile.TemporaryDirectory() as cache:
        environment = dict(os.environ, XDG_CACHE_HOME=cache)
        if family != "legal":
            environment["FG_MUTANT_FAULT"] = name
        try:
            done = subprocess.run(command, env=environment, capture_output=True, timeout=options.limit)
        except subprocess.TimeoutExpired:
            return "killed", "HANG"
    text = done.stdout.decode(errors="replace")
    if done.returncode == 0:
        return "passed", text.strip().splitlines()[-1][:100]
    if done.returncode == 5:
        return "passed", "no case"
    if done.returncode < 0:
        return "killed", f"CRASH signal {-done.returncode}"
    if done.returncode == 3:
        return "killed", "REFUSED " + done.stderr.decode(errors="replace").strip()[-110:]
    failure = re.search(r"^([A-Z_]+) ((?:op|view|robust|[a-z]+)\.\S+)", text, flags=re.M)
    return "killed", (failure[0] if failure else f"exit {done.returncode}: " + done.stderr.decode()[-100:])[:150]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("names", nargs="*", help="faults, families or legal_<variant>")
    parser.add_argument("--tier", choices=("quick", "standard"))
    parser.add_argument("--limit", type=float, default=LIMIT_S, help="seconds for one of them")
    parser.add_argument("--all-cases", action="store_true", help="not only where the bug can show")
    options = parser.parse_intermixed_args()
    build = options.build.resolve()
    wrong = total = 0
    for name, family, filters, library, expected in targets():
        if options.names and name not in options.names and family not in options.names:
            continue
        start = time.monotonic()
        for tier in [options.tier] if options.tier else ["quick", "standard"]:
            outcome, how = run(build, name, family, filters, library, tier, options)
            if outcome in expected:
                break
        total += 1
        wrong += outcome not in expected
        mark = " " if outcome in expected else "!"
        print(f"{mark} {family:10} {name:24} {outcome:7} {tier:8} {time.monotonic() - start:6.1f} s  {how}", flush=True)
    print(f"{total - wrong} of {total} as expected")
    return 1 if wrong or not total else 0


if __name__ == "__main__":
    sys.exit(main())
