// SPDX-License-Identifier: Apache-2.0
//
// fg-models: runs language models on any plugin, through the C++ API alone.

#include <fmt/format.h>

#include <cstdio>
#include <exception>

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

int run(const Options& o) {
  if (!o.vendor.empty()) init(o.vendor);
  if (!o.record.empty()) enable({.unused = {}, .record = true, .path = o.record});
  int code = kOk;
  switch (o.verb) {
    case Options::Verb::embed: code = run_embed(o); break;
    case Options::Verb::generate: code = run_generate(o); break;
    case Options::Verb::bench: code = run_bench(o); break;
  }
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
