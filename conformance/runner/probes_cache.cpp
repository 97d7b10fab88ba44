// SPDX-License-Identifier: Apache-2.0
//
// Compiled programs from the host's cache are input: what is cut or garbled must be made again.

#include "conformance/runner/direct.hpp"
#include "conformance/runner/probes_areas.hpp"

namespace fg::conformance {
namespace {

constexpr std::int64_t kElements = 100;
constexpr double kPatience = 60;  // seconds, to compile

// A program with a new instance that finds the host's blobs.
Result<std::string> compute(const Device& device, const TestHost& host) {
  FG_TRY_ASSIGN(const Direct d, Direct::fresh(device, host));
  FG_TRY_ASSIGN(const std::unique_ptr<RawAxpy> x, RawAxpy::make(d, kElements, 2, 0.125));
  const Result<Owned<fg_kernel>> kernel = d.prepare(x->sig());
  if (!kernel) return "prepare failed: " + kernel.error().message;
  FG_TRY_ASSIGN(const Owned<fg_stream> stream, d.stream());
  const fg_launch l = x->call().launch(stream.get());
  if (const fg_status s = (*kernel)->launch(kernel->get(), &l); s < 0) return expect_status("launch", s, FG_OK);
  return x->check(d, stream.get());
}

}  // namespace

Result<std::string> damaged_blobs(const Device& device) {
  FG_TRY_ASSIGN(const std::shared_ptr<TestHost> host, TestHost::of(device));
  {
    FG_TRY_ASSIGN(const Direct d, Direct::of(device));
    FG_TRY_ASSIGN(const std::unique_ptr<RawAxpy> x, RawAxpy::make(d, kElements, 2));
    FG_TRY_ASSIGN(const Owned<fg_kernel> served, d.prepare(x->sig()));  // else there is nothing to keep
  }
  FG_TRY_ASSIGN(std::string text, compute(device, *host));
  if (!text.empty()) return "with an empty cache: " + text;
  const std::map<std::string, std::string> good = host->blobs;
  FG_TRY_ASSIGN(text, compute(device, *host));
  if (!text.empty()) return "with a cache of its own making: " + text;
  const auto with = [&](const std::string& how, auto&& damage) -> Result<std::string> {
    host->blobs = good;
    for (auto& [key, blob] : host->blobs) damage(blob);
    const auto attempt = [device = &device, host] {
      Result<std::string> r = compute(*device, *host);
      return r ? *r : r.error().message;
    };
    std::string bad = within(kPatience, "prepare", attempt);
    return bad.empty() ? bad : "with " + how + " blobs: " + bad;
  };
  FG_TRY_ASSIGN(text, with("empty", [](std::string& blob) { blob.clear(); }));
  if (!text.empty()) return text;
  FG_TRY_ASSIGN(text, with("halved", [](std::string& blob) { blob.resize(blob.size() / 2); }));
  if (!text.empty()) return text;
  return with("garbled", [](std::string& blob) {
    for (std::size_t i = blob.size() / 2; i < blob.size(); i += 7) blob[i] = static_cast<char>(blob[i] ^ 0x55);
  });
}

}  // namespace fg::conformance
