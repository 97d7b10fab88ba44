// SPDX-License-Identifier: Apache-2.0
//
// One case as a program, or explained, for the test that compiles and reads them.
//   case_tool emit ID        case_tool explain PLUGIN ID

#include <cstdio>
#include <string_view>

#include "conformance/report/emit_c.hpp"
#include "conformance/runner/explain.hpp"

namespace fg::conformance {
namespace {

int complain(const Error& error) {
  std::fprintf(stderr, "case_tool: %s\n", error.message.c_str());
  return 2;
}

int run(std::string_view verb, const char* plugin, const char* id) {
  const Result<Case> c = parse_case(id);
  if (!c) return complain(c.error());
  if (verb == "emit") {
    const Result<std::string> program = emit_c(*c);
    if (!program) return complain(program.error());
    std::fputs(program->c_str(), stdout);
    return 0;
  }
  const Result<Device> device = Device::open(plugin);
  if (!device) return complain(device.error());
  std::fputs(explain(*device, *c).c_str(), stdout);
  return 0;
}

}  // namespace
}  // namespace fg::conformance

int main(int argc, char** argv) { return argc < 3 ? 2 : fg::conformance::run(argv[1], argv[argc - 2], argv[argc - 1]); }
