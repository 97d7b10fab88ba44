// SPDX-License-Identifier: Apache-2.0

#include "examples/models/tool/session.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <fstream>
#include <map>

#include "examples/models/io/error.hpp"

namespace fg::models {
namespace {

std::optional<Dtype> dtype_named(const std::string& name) {
  if (name.empty()) return std::nullopt;
  const std::map<std::string, Dtype> all{{"f32", kF32}, {"f16", kF16}, {"bf16", kBF16}, {"f64", kF64}};
  return all.at(name);
}

// Of models that take a moment: a line that rewrites itself on a terminal, one for every tenth elsewhere.
Weights::Progress loading(bool quiet) {
  if (quiet) return {};
  return [last = -1](std::uint64_t done, std::uint64_t total) mutable {
    constexpr std::uint64_t kMoment = std::uint64_t{100} << 20;
    if (total < kMoment) return;
    const bool terminal = ::isatty(STDERR_FILENO) != 0;
    const int percent = total == 0 ? 100 : static_cast<int>(done * 100 / total);
    if (percent == last || (!terminal && percent / 10 == last / 10 && last >= 0)) return;
    last = percent;
    fmt::print(stderr, "{}loading {:3}%{}", terminal ? "\r" : "", percent,
               terminal ? (percent == 100 ? "\n" : "") : "\n");
  };
}

}  // namespace

std::unique_ptr<Model> open_model(const Options& o) {
  const ModelOptions options{dtype_named(o.dtype), o.context};
  if (o.random.empty()) return load_model(o.model, options, loading(o.quiet));
  RandomSource source(o.sampling.seed);
  return make_model(named_config(o.random), source, options);
}

Tokenizer open_tokenizer(const Options& o) {
  if (o.model.empty()) refuse(FG_E_INVALID, "a model of random weights has no tokenizer, give --ids");
  return Tokenizer::load(o.model);
}

std::vector<std::int64_t> parse_ids(const std::string& text) {
  std::vector<std::int64_t> ids;
  const char *at = text.data(), *end = at + text.size();
  while (true) {
    std::int64_t id = 0;
    const auto [next, error] = std::from_chars(at, end, id);
    if (error != std::errc() || (next != end && *next != ','))
      refuse(FG_E_INVALID, "--ids is " + in_quotes(text) + ", expected numbers with commas between them");
    ids.push_back(id);
    if (next == end) return ids;
    at = next + 1;
  }
}

std::string recorded_summary(const std::string& path) {
  struct Row {
    std::uint64_t calls = 0;
    double us = 0;
  };
  std::map<std::string, Row> rows;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    const std::size_t name_end = line.find('('), arrow = line.rfind(" -> "), launches = line.rfind(" launches=");
    const std::size_t us = line.rfind(" us=");
    if (name_end == line.npos || arrow == line.npos || launches == line.npos || us == line.npos) continue;
    const std::string where = line.substr(arrow + 4, launches - arrow - 4);
    Row& row = rows[fmt::format("{:<30} {}", line.substr(0, name_end), where)];
    ++row.calls;
    row.us += std::strtod(line.c_str() + us + 4, nullptr);
  }
  std::string text = fmt::format("{:<60} {:>8} {:>10}\n", "operator and where it ran", "calls", "ms");
  for (const auto& [name, row] : rows) text += fmt::format("{:<60} {:>8} {:>10.2f}\n", name, row.calls, row.us / 1000);
  return text;
}

std::uint64_t peak_bytes() {
  fg_memory_info info{};
  info.hdr.struct_size = sizeof(info);
  detail::ErrorSlot err;
  err.check(fg_memory_stats(Device::current().handle(), &info, err));
  return info.in_use_peak;
}

}  // namespace fg::models
