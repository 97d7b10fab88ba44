// SPDX-License-Identifier: Apache-2.0
//
// fg-models: runs language models on any plugin, through the C++ API alone.

#include <fmt/format.h>

#include <cstdio>
#include <exception>

#include "examples/models/tool/check.hpp"
#include "examples/models/tool/session.hpp"

namespace fg::models {
namespace {

int exit_of(fg_status status) {
  switch (status) {
    case FG_E_INVALID: return kUsage;
    case FG_E_NOT_FOUND:
    case FG_E_UNSUPPORTED:
    case FG_E_DEVICE_LOST:
    case FG_E_OOM_HOST:
    case FG_E_OOM_DEVICE: return kUnavailable;
    default: return kInternal;
  }
}

int run_verb(const Options& o, const Model& model) {
  switch (o.verb) {
    case Options::Verb::embed: return run_embed(o, model);
    case Options::Verb::generate: return run_generate(o, model);
    case Options::Verb::bench: break;
  }
  return run_bench(o, model);
}

int run_checked(const Options& o, const Model& model) {
  const Checker checker;
  const int code = run_verb(o, model);
  if (checker.difference()) {
    fmt::print(stderr, "fg-models: --check: {}\n", *checker.difference());
    return kFailures;
  }
  if (!o.quiet) {
    fmt::print(stderr, "--check: {} calls as on the CPU plugin, {} not checked\n", checker.checked(),
               checker.left_out());
  }
  return code;
}

int run(const Options& o) {
  if (!o.vendor.empty()) init(o.vendor);
  const auto model = open_model(o);
  if (!o.record.empty()) enable({.unused = {}, .record = true, .path = o.record});
  const int code = o.check ? run_checked(o, *model) : run_verb(o, *model);
  if (!o.record.empty()) {
    enable();  // Closes the file.
    if (!o.quiet) fmt::print(stderr, "{}", recorded_summary(o.record));
  }
  return code;
}

}  // namespace
}  // namespace fg::models

int main(int argc, char** argv) {
  using namespace fg::models;
  try {
    const Parsed parsed = parse_options(argc, argv);
    return parsed.leave ? parsed.exit_code : run(parsed.options);
  } catch (const fg::Exception& e) {
    fmt::print(stderr, "fg-models: {}\n", e.what());
    return exit_of(e.status());
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "fg-models: no memory left on the host\n");
    return kUnavailable;
  } catch (const std::exception& e) {
    fmt::print(stderr, "fg-models: {}\n", e.what());
    return kInternal;
  }
}
