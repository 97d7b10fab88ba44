// SPDX-License-Identifier: Apache-2.0
//
// The only file that knows CLI11.

#include "conformance/cli.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <initializer_list>
#include <thread>

#include "fg/abi/version.h"
#include "fg/fg.h"

namespace fg::conformance {
namespace {

constexpr const char* kHelp =
    "Examples:\n"
    "  fg-conformance --plugin libfg_cpu.so --tier quick\n"
    "  fg-conformance --plugin vulkan run -f 'op.softmax/*' -f '!*bf16*'\n"
    "  fg-conformance --plugin cpu --golden golden/aten --json -\n"
    "  fg-conformance --plugin cpu repro 'op.add/self=f16:3x1:t,other=f16:1x5/real/out#0'\n\n"
    "Judges a vendor's plugin: every case of the catalogue against an independent oracle.\n"
    "With no verb: runs the standard tier of the core profile.";
constexpr const char* kFooter =
    "Exit codes: 0 conformant, 1 failures, 2 usage, 3 plugin or device unavailable,\n"
    "4 internal error, 5 nothing selected, 130 interrupted.";

std::string version_text() {
  return std::string("fg-conformance ") + fg_version() + "  ABI " + std::to_string(FG_ABI_EPOCH) + "." +
         std::to_string(FG_ABI_MINOR);
}

void add_options(CLI::App& app, CommandLine& line) {
  app.add_option("--plugin", line.plugin, "path, file name on the plugin path, or vendor (default: the chosen one)")
      ->type_name("PLUGIN");
  app.add_option("--tier", line.tier, "quick or standard")
      ->check(CLI::IsMember({"quick", "standard"}))
      ->capture_default_str();
  app.add_option("--profile", line.profile, "what must be served: core, llm, train or full")
      ->check(CLI::IsMember(std::vector<std::string>(core::kProfiles.begin(), core::kProfiles.end())))
      ->capture_default_str();
  app.add_option("--golden", line.golden, "judge with the recorded results in this folder")->type_name("DIR");
  app.add_option("-f,--filter", line.filters, "only cases that match; !GLOB leaves out; may be repeated")
      ->type_name("GLOB");
  app.add_option("--json", line.json, "write the report as JSON")->type_name("FILE|-");
  app.add_option("--junit", line.junit, "write the report as JUnit XML")->type_name("FILE|-");
  app.add_option("-j,--jobs", line.jobs, "worker processes at once (default: one for each core, 8 at most)")
      ->check(CLI::Range(1u, 256u))
      ->type_name("N");
  app.add_option("--shard", line.shard, "only part i of n, chosen by the names of the cases")->type_name("i/n");
  app.add_option("--journal", line.journal, "append every verdict to this file as it falls")->type_name("FILE");
  app.add_flag("--resume", line.resume, "continue the --journal of a run that was interrupted");
  app.add_option("--deadline", line.deadline, "seconds for a case (default: 20 times what such cases take, 60 to 600)")
      ->check(CLI::PositiveNumber)
      ->type_name("SECONDS");
  app.add_option("--markdown", line.markdown, "write the report as Markdown")->type_name("FILE|-");
  app.add_option("--html", line.html, "write the report as one page that needs nothing else")->type_name("FILE|-");
  app.add_option("--waivers", line.waivers, "known failures that somebody answers for (docs/certification.md)")
      ->type_name("FILE");
  app.add_option("--seed", line.seed, "another draw of every case's data")
      ->check(CLI::NonNegativeNumber)
      ->type_name("N");
  app.add_option("--fail-fast", line.fail_fast, "stop after N failures")->type_name("N");
  app.add_flag("-q,--quiet", line.quiet, "no progress, no table");
  app.add_flag("-v,--verbose", line.verbose, "a line for every case");
  app.add_option("--color", line.color, "auto, always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->type_name("WHEN");
}

}  // namespace

Parsed parse_command_line(int argc, const char* const* argv) {
  CommandLine line;
  line.jobs = std::clamp(std::thread::hardware_concurrency(), 1u, 8u);
  CLI::App app(kHelp, "fg-conformance");
  app.footer(kFooter);
  app.set_version_flag("--version", version_text());
  app.fallthrough();
  add_options(app, line);
  const CLI::App* list = app.add_subcommand("list", "names of the selected cases");
  const CLI::App* run = app.add_subcommand("run", "run the selected cases (the default)");
  const CLI::App* info = app.add_subcommand("info", "plugin, device, and which operators it serves how");
  CLI::App* repro = app.add_subcommand("repro", "run cases by name");
  repro->add_option("ID", line.ids, "names as the report prints them")->required();
  CLI::App* merge = app.add_subcommand("merge", "join the journals of all shards of a run, proved complete");
  merge->add_option("JOURNAL", line.files, "one for each shard")->required();
  CLI::App* diff = app.add_subcommand("diff", "what became better and worse between two journals");
  diff->add_option("JOURNAL", line.files, "before, after")->required()->expected(2);
  CLI::App* report = app.add_subcommand("report", "the reports of a journal");
  report->add_option("JOURNAL", line.files, "of a run")->required()->expected(1);
  CLI::App* keygen = app.add_subcommand("keygen", "make a key that signs certificates: FILE and FILE.pub");
  keygen->add_option("FILE", line.files, "of the secret key")->required()->expected(1);
  keygen->add_option("--name", line.key_name, "what the key is called (default: the file's name)")->type_name("NAME");
  CLI::App* sign = app.add_subcommand("sign", "certify the whole run of a journal");
  sign->add_option("JOURNAL", line.files, "of a run of the whole tier, without a failure")->required()->expected(1);
  sign->add_option("--key", line.key, "the secret key")->required()->type_name("FILE");
  sign->add_option("-o,--output", line.output, "the certificate (default: stdout)")->type_name("FILE|-");
  CLI::App* verify = app.add_subcommand("verify", "whether a certificate holds for --plugin here");
  verify->add_option("CERTIFICATE", line.files, "libfg_<name>.cert.json")->required()->expected(1);
  verify->add_option("--key", line.key, "the public key to trust")->type_name("FILE.pub");
  verify->add_option("--spot", line.spot, "run N cases of the plan again, chosen at random")->type_name("N");
  CLI::App* mutate = app.add_subcommand("mutate", "the suite against seeded bugs and legal variants");
  mutate->add_option("NAME", line.files, "only these");
  mutate->add_option("--mutants", line.mutants, "folder of libfg_mutant.so")->type_name("DIR");
  mutate->add_option("--least", line.least, "percent of the bugs that must be found (default: 100)")
      ->check(CLI::Range(0u, 100u))
      ->type_name("PERCENT");
  mutate->add_flag("--all-cases", line.all_cases, "not only cases where the bug can show");
  const CLI::App* worker = app.add_subcommand("worker", "the process that loads the plugin")->group("");
  repro->add_option("--emit-c", line.emit_c, "write the case as a C program over fg.h instead")->type_name("FILE|-");
  CLI::App* explain = app.add_subcommand("explain", "data, bound, oracle and result of a case");
  explain->add_option("ID", line.ids, "name of the case")->required()->expected(1);
  CLI::App* minimise = app.add_subcommand("minimise", "the smallest case that fails with the same verdict");
  minimise->add_option("ID", line.ids, "name of the case")->required()->expected(1);
  app.require_subcommand(0, 1);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    const bool asked = e.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success);
    app.exit(e);
    return {std::nullopt, asked ? kConformant : kUsage};
  }
  for (const CLI::App* verb : std::initializer_list<const CLI::App*>{
           list, run, info, repro, merge, mutate, diff, report, keygen, sign, verify, explain, minimise, worker}) {
    if (verb->parsed()) line.verb = verb->get_name();
  }
  return {line, kConformant};
}

}  // namespace fg::conformance
