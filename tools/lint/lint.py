#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that hold the house together: folder arrows, file sizes, first lines, include guards, links.

Prints one line per finding, `file:line: what is wrong`, and exits 1 when there is any.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCE = {".c", ".h", ".cpp", ".hpp"}
MAX_LINES = 500

# folder -> folders whose headers it may include (besides its own and the system's).
ARROWS = {
    "include/fg/abi": ["include/fg/abi"],
    "include/fg/sdk": ["include/fg/abi", "include/fg/sdk"],
    "include/fg": ["include/fg", "gen"],
    "core": ["include/fg", "core", "gen"],
    "plugins": ["include/fg/abi", "include/fg/sdk", "plugins", "gen/abi"],
    "conformance/reference": ["conformance/reference"],
    "conformance": ["include/fg", "core", "conformance", "gen"],
    "bench": ["include/fg", "core", "conformance", "bench", "gen"],
    "tools": ["include/fg", "core", "tools", "gen"],
    "examples": ["include/fg", "examples", "gen"],
    "examples/models/tool": ["include/fg", "examples", "bench", "gen"],
}
# Generated headers, by the folder they count as.
GENERATED = {"fg/abi/ops.h": "gen/abi", "fg/ops.h": "gen", "fg/ops.hpp": "gen"}


def tracked():
    out = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return [pathlib.PurePosixPath(p) for p in out.decode().split("\0") if p and (ROOT / p).is_file()]


def home_of(path):
    """The longest folder of ARROWS that holds `path`, or None."""
    homes = [h for h in ARROWS if str(path).startswith(h + "/")]
    return max(homes, key=len, default=None)


def target_of(include):
    """Repository path that an #include names, or None for the system's and third parties'."""
    if include in GENERATED:
        return GENERATED[include] + "/"
    if (ROOT / "include" / include).is_file():
        return "include/" + include
    if (ROOT / include).is_file():
        return include
    return None


def without_raw_strings(lines):
    """The lines, those inside of raw strings blank: text that a generator writes includes nothing itself."""
    text = re.sub(r'R"(\w*)\((.*?)\)\1"', lambda m: "\n" * m[0].count("\n"), "\n".join(lines), flags=re.S)
    return text.split("\n")


def check_arrows(path, lines):
    home = home_of(path)
    if home is None:
        return
    for number, line in enumerate(without_raw_strings(lines), 1):
        match = re.match(r'\s*#\s*include\s+["<]([^">]+)[">]', line)
        if not match:
            continue
        target = target_of(match[1])
        if target is None:
            if home == "conformance/reference" and "/" in match[1] and not (ROOT / path.parent / match[1]).is_file():
                yield number, f"conformance/reference may include the standard library alone, not {match[1]}"
            continue
        if home == "plugins" and target.startswith("plugins/"):
            mine, other = path.parts[1], target.split("/")[1]
            if other not in (mine, "gpu"):
                yield number, f"plugin {mine} includes {match[1]} of another plugin"
        if not any(target.startswith(allowed + "/") for allowed in ARROWS[home]):
            yield number, f"{home} may not include {match[1]} (allowed: {', '.join(ARROWS[home])})"


def check_shape(path, lines):
    if len(lines) > MAX_LINES:
        yield len(lines), f"{len(lines)} lines, the limit is {MAX_LINES}: split by noun"
    if not lines or "SPDX-License-Identifier: Apache-2.0" not in lines[0]:
        yield 1, "first line must be the SPDX line"
    if path.suffix in {".h", ".hpp"} and not str(path).startswith("examples/vendor_plugin/"):  # a project of its own
        relative = str(path).removeprefix("include/")
        guard = re.sub(r"[^A-Z0-9]", "_", relative.upper()) + "_"
        if not guard.startswith("FG_"):
            guard = "FG_" + guard
        text = "\n".join(lines)
        if f"#ifndef {guard}" not in text and "#pragma once" not in text and not path.name.endswith("-inl.hpp"):
            yield 1, f"include guard must be {guard}"


WORDS = [
    (re.compile(r"\b(TODO|FIXME|XXX)\b"), "open promises belong in the tracker"),
    (re.compile(r"/(work|tmp/fg)/|\.\./shared/(?!golden)"), "path of one machine"),
]


def check_words(path, lines):
    for number, line in enumerate(lines, 1):
        for pattern, why in WORDS:
            if pattern.search(line):
                yield number, f"{why}: {line.strip()[:80]}"


LINK = re.compile(r"\[[^\]]*\]\(\s*<?([^)>\s]+)")


def anchors_of(path):
    """Anchors of a page's headings, as the usual renderers make them."""
    text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.S | re.M)
    for heading in re.findall(r"^#+\s+(.*?)\s*$", text, flags=re.M):
        yield re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def check_links(path, lines):
    fenced = False
    for number, line in enumerate(lines, 1):
        fenced ^= line.lstrip().startswith("```")
        if fenced:
            continue
        for link in LINK.findall(re.sub(r"`[^`]*`", "", line)):
            if re.match(r"[a-z][a-z0-9+.-]*:", link):
                continue
            name, _, anchor = link.partition("#")
            target = (ROOT / path.parent / name) if name else ROOT / path
            if not target.exists():
                yield number, f"dead link: {link}"
            elif anchor and target.suffix == ".md" and anchor not in anchors_of(target):
                yield number, f"no heading for #{anchor}: {link}"


def checks_for(path):
    if path.suffix in SOURCE:
        return (check_arrows, check_shape, check_words)
    return (check_links,) if path.suffix == ".md" else ()


def main():
    findings = 0
    for path in tracked():
        lines = (ROOT / path).read_text(encoding="utf-8").splitlines() if checks_for(path) else []
        for check in checks_for(path):
            for number, text in check(path, lines):
                print(f"{path}:{number}: {text}")
                findings += 1
    if findings:
        print(f"lint: {findings} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
