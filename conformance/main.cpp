// SPDX-License-Identifier: Apache-2.0
//
// fg-conformance.

#include <csignal>
#include <cstdio>

#include "conformance/controller/pool.hpp"
#include "conformance/verbs/verbs.hpp"

namespace fg::conformance {
namespace {

int dispatch(const CommandLine& line) {
  if (line.verb == "worker") return run_worker({line.plugin, line.golden, {}, line.profile});
  if (line.verb == "list") return list_verb(line);
  if (line.verb == "info") return info_verb(line);
  if (line.verb == "mutate") return mutate_verb(line);
  if (line.verb == "diff") return diff_verb(line);
  if (line.verb == "report") return report_verb(line);
  if (line.verb == "explain") return explain_verb(line);
  if (line.verb == "minimise") return minimise_verb(line);
  if (!line.emit_c.empty()) return emit_c_verb(line);
  if (line.verb == "keygen") return keygen_verb(line);
  if (line.verb == "sign") return sign_verb(line);
  if (line.verb == "verify") return verify_verb(line);
  if (line.verb == "merge") return merge_verb(line);
  return run_verb(line);
}

}  // namespace
}  // namespace fg::conformance

int main(int argc, char** argv) {
  using namespace fg::conformance;
  try {
    const Parsed parsed = parse_command_line(argc, argv);
    if (!parsed.line) return parsed.exit;
    std::signal(SIGINT, [](int) { request_stop(); });
    std::signal(SIGTERM, [](int) { request_stop(); });
    std::signal(SIGPIPE, SIG_IGN);  // a worker that is gone
    return dispatch(*parsed.line);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "fg-conformance: internal error: %s\n", e.what());
    return kInternal;
  }
}
