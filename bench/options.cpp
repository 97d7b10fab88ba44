// SPDX-License-Identifier: Apache-2.0
//
// The one file that includes CLI11.

#include "bench/options.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "fg/fg.h"

namespace fg::bench {
namespace {

constexpr const char* kAbout =
    "Times operators against a roofline measured in the same process; every result is verified first.\n"
    "  fg-bench --plugin libfg_cpu.so --quick\n"
    "  fg-bench --plugin cpu --filter 'mm/f32/*' --json > after.json\n"
    "  fg-bench --peer-command 'python3 bench/peers/pytorch.py' --html page.html\n"
    "  fg-bench compare before.json after.json\n";

}  // namespace

Parsed parse_options(int argc, char** argv) {
  Parsed p;
  Options& o = p.options;
  CLI::App app{kAbout, "fg-bench"};
  app.set_version_flag("--version", std::string("fg-bench ") + fg_version());
  app.add_option("--plugin,-p", o.plugin, "path, file name on the plugin path, or vendor name")->capture_default_str();
  app.add_option("--filter,-f", o.filters, "glob over case names, e.g. 'add/f32/*'; repeatable");
  app.add_option("--dtype", o.dtypes, "dtypes to time")->delimiter(',');
  bool list = false;
  app.add_flag("--list", list, "print the names of the cases and stop; with --json all that a peer needs to know");
  app.add_flag("--quick", o.quick, "f32 and small memory: a minute or two");
  app.add_flag("--json", o.json, "one JSON document on stdout instead of the table");
  app.add_option("--output,-o", o.output, "also write the JSON document to this file");
  app.add_option("--html", o.html, "also write a page with plots to this file");
  app.add_option("--min-time", o.min_time_s, "seconds spent on a case")
      ->capture_default_str()
      ->check(CLI::Range(0.001, 600.0));
  app.add_option("--max-bytes", o.max_bytes, "larger cases are scaled down to this")->check(CLI::Range(1e6, 1e13));
  app.add_option("--threads,-t", o.threads, "CPUs to use; 0: one per core")->check(CLI::Range(0, 4096));
  bool no_peers = false;
  app.add_flag("--no-peers", no_peers, "do not time OpenBLAS, oneDNN and std::sort");
  app.add_option("--peer-command", o.peer_command, "time the same calls in this program too, case by case in turns");
  app.add_flag("--enforce", o.enforce, "exit 1 when a limit is missed");
  app.add_flag("--quiet,-q", o.quiet, "no progress");
  auto* const compare = app.add_subcommand("compare", "what changed between two JSON documents");
  compare->add_option("before", o.before)->required();
  compare->add_option("after", o.after)->required();
  compare->add_option("--threshold", o.threshold, "percent that counts as a change")->capture_default_str();
  auto* const html = app.add_subcommand("html", "the page of a JSON document");
  html->add_option("document", o.before)->required();
  html->add_option("page", o.after)->required();
  app.require_subcommand(0, 1);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    p.leave = true;
    p.exit_code = app.exit(e) == 0 ? kOk : kUsage;
    return p;
  }
  o.peers = !no_peers;
  if (html->parsed())
    o.verb = Options::Verb::html;
  else if (compare->parsed())
    o.verb = Options::Verb::compare;
  else if (list)
    o.verb = Options::Verb::list;
  if (o.quick) {
    if (app.count("--min-time") == 0) o.min_time_s = 0.05;
    if (app.count("--max-bytes") == 0) o.max_bytes = 256.0 * 1024 * 1024;
    if (o.dtypes.empty()) o.dtypes = {"f32"};
  }
  return p;
}

}  // namespace fg::bench
