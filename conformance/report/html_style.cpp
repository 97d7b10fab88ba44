// SPDX-License-Identifier: Apache-2.0
//
// Looks and behaviour of the page.  Without the script it shows everything; the script filters.

#include "conformance/report/html_parts.hpp"

namespace fg::conformance::html {

std::string_view style() {
  return R"css(
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --line: #d0d7de; --paper: #fff; --raised: #f6f8fa;
  --good: #116329; --good-bg: #dafbe1; --bad: #a40e26; --bad-bg: #ffd9d6; --worst: #fff; --worst-bg: #a40e26; --warn: #7d4e00; --warn-bg: #fff3c4;
  --bar: #0969da; --h0: #eaeef2; --h1: #8fb8e8; --h2: #f5c84b; --h3: #ee8a2b; --h4: #d3402b; --h5: #7d0f1c; --h6: #8b3fd1; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9aa4b0; --line: #30363d; --paper: #0d1117; --raised: #161b22;
  --good: #56d364; --good-bg: #12261a; --bad: #ff9a92; --bad-bg: #3d1518; --worst: #fff; --worst-bg: #b3202f; --warn: #e3b341; --warn-bg: #2e2410;
  --bar: #58a6ff; --h0: #21262d; --h1: #2f5f96; --h2: #d9ab2f; --h3: #e07b28; --h4: #e5534b; --h5: #ffb3ad; --h6: #bc8cff; } }
* { box-sizing: border-box }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 1180px; margin: 0 auto; padding: 1.2em 1em 3em }
h1 { font-size: 1.5em; margin: 0 0 .3em; overflow-wrap: anywhere } h2 { font-size: 1.2em; margin: 2em 0 .5em; border-bottom: 1px solid var(--line); padding-bottom: .2em }
p { margin: .5em 0; overflow-wrap: anywhere } code, pre { font: .88em/1.45 ui-monospace, monospace; overflow-wrap: anywhere }
.note { color: var(--soft); font-size: .9em } .legend { color: var(--soft); font-size: .9em } .legend span { display: inline-block; margin-right: 1em }
.pass { color: var(--good) } .fail { color: var(--bad) } .warn { color: var(--warn) } .neutral { color: var(--soft) }
b.severe, td.severe, li.severe { color: var(--worst); background: var(--worst-bg) } b.severe { padding: 0 .3em; border-radius: 3px }
.verdict { display: inline-block; font-size: 1.25em; font-weight: 700; padding: .15em .7em; border-radius: 6px; margin: .2em 0 }
.verdict.pass, li.pass, td.pass { background: var(--good-bg) } .verdict.fail, li.fail, td.fail { background: var(--bad-bg) }
li.warn, td.warn { background: var(--warn-bg) } li.neutral { background: var(--raised) }
.totals { list-style: none; display: flex; flex-wrap: wrap; gap: .5em; padding: 0; margin: 1em 0 } .totals li { padding: .2em .7em; border-radius: 6px }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 480px), 1fr)); gap: .3em 1.5em; margin: .5em 0 }
dl div { display: flex; gap: .8em; min-width: 0 } dt { color: var(--soft); flex: 0 0 7em } dd { margin: 0; min-width: 0; overflow-wrap: anywhere }
.scroll { overflow: auto; max-width: 100%; max-height: 80vh; border: 1px solid var(--line); border-radius: 6px }
table { border-collapse: collapse; font-variant-numeric: tabular-nums } th, td { padding: 2px 9px; text-align: right; white-space: nowrap }
.scroll table { width: 100% } .scroll tr > * { border-bottom: 1px solid var(--line) } th[scope=row] { text-align: left; font-weight: 500 }
thead th { position: sticky; top: 0; background: var(--raised); z-index: 1 } thead th:first-child { text-align: left; z-index: 2 }
.scroll tr > :first-child { position: sticky; left: 0; background: var(--raised); max-width: min(18em, 40vw); overflow: hidden; text-overflow: ellipsis } td.id, th.id { text-align: left } td.id { font-size: .9em; color: var(--soft) }
.controls label { display: inline-block; margin-right: 1.2em } input[type=search] { font: inherit; color: inherit; background: var(--raised); border: 1px solid var(--line); border-radius: 5px; padding: .15em .5em; max-width: 100% }
.failure { border: 1px solid var(--line); border-radius: 6px; margin: .5em 0; padding: .3em .8em; background: var(--raised) } summary { cursor: pointer; overflow-wrap: anywhere }
.numbers-and-map { display: flex; flex-wrap: wrap; gap: .5em 2em } .numbers-and-map > div { flex: 1 1 300px; min-width: 0 } .numbers td { text-align: left; white-space: normal; overflow-wrap: anywhere }
.numbers { margin: .3em 0 } .numbers th { color: var(--soft); padding-left: 0; vertical-align: top }
figure { margin: 0 } figcaption { color: var(--soft); font-size: .85em } .map { flex: 0 1 300px; min-width: 0 } .map svg { width: min(100%, calc(var(--columns) * 12px)); min-width: 12px; max-height: 320px; display: block; border: 1px solid var(--line) }
.reproduce { white-space: pre-wrap; background: var(--paper); border: 1px solid var(--line); border-radius: 5px; padding: .4em .7em; margin: .5em 0 }
.key { width: .9em; height: .9em; vertical-align: -.1em; border: 1px solid var(--line) } path { stroke-width: 1.02; fill: none; shape-rendering: crispEdges }
.h0 { stroke: var(--h0) } .h1 { stroke: var(--h1) } .h2 { stroke: var(--h2) } .h3 { stroke: var(--h3) } .h4 { stroke: var(--h4) } .h5 { stroke: var(--h5) } .h6 { stroke: var(--h6) }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 230px), 1fr)); gap: 1em } .histogram svg { width: 100%; height: auto; display: block }
.histogram text { font-size: 10px; fill: var(--soft) } .bar { fill: var(--bar) } .axis { stroke: var(--line) }
.columns { columns: 240px; padding-left: 1.2em } .columns li { break-inside: avoid; overflow-wrap: anywhere } [hidden] { display: none }
@media print { .scroll { max-height: none } .controls { display: none } }
)css";
}

std::string_view script() {
  return R"js(
(() => {
  const by = (id) => document.getElementById(id);
  const filter = (rows, text, keep) => {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const name = row.dataset.name.toLowerCase();
      row.hidden = !(keep(row) && words.every((word) => name.includes(word)));
      shown += row.hidden ? 0 : 1;
    }
    return shown;
  };
  const name = by("operator-filter"), failed = by("failed-only");
  const rows = document.querySelectorAll("#matrix tbody tr");
  const matrix = () => filter(rows, name.value, (row) => !failed.checked || row.dataset.failed !== "0");
  for (const input of [name, failed]) input.addEventListener("input", matrix);
  const search = by("failure-filter"), cases = document.querySelectorAll(".failure");
  if (search) search.addEventListener("input", () => {
    by("failure-count").textContent = filter(cases, search.value, () => true) + " of " + cases.length + " shown";
  });
  // For the page's test: how far it reaches beyond the window.
  const root = document.documentElement;
  root.dataset.width = root.clientWidth;
  root.dataset.overflow = root.scrollWidth - root.clientWidth;
})();
)js";
}

std::string_view script_hash() { return "sha256-3zpb4iaaS49jRdZOxTXsHADGMFmOuEbqIrfciik06Zg="; }

}  // namespace fg::conformance::html
