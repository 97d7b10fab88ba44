// SPDX-License-Identifier: Apache-2.0

#include "bench/cases.hpp"

#include <algorithm>
#include <functional>
#include <set>

#include "fg/sdk/dtype.hpp"

namespace fg::bench {
namespace {

using core::ArgInfo;
using core::ArgType;
using core::OpInfo;

bool takes(core::DtypeSet set, fg_dtype dtype) {
  for (std::size_t k = 0; k < kDtypes.size(); ++k) {
    if (kDtypes[k].dtype == dtype) return (set >> k & 1u) != 0;
  }
  return false;
}

bool is_tensor(const ArgInfo& a) { return a.type == ArgType::tensor || a.type == ArgType::tensor_list; }

// The tensor arguments that carry the case's dtype: not positions, not those that follow another.
bool carries_dtype(const ArgInfo& a) { return is_tensor(a) && !a.index && a.rule == core::DtypeRule::any_of; }

bool fits(const OpInfo& op, fg_dtype dtype) {
  bool any = false;
  for (const ArgInfo& a : op.args) {
    if (!carries_dtype(a)) continue;
    // A dtype that only one argument knows is chosen in inputs.cpp (masks, conditions).
    if (takes(a.dtypes, dtype)) any = true;
  }
  return any || std::ranges::none_of(op.args, carries_dtype);
}

Result<std::vector<fg_dtype>> dtypes_for(const OpInfo& op, const Options& options) {
  std::vector<fg_dtype> wanted;
  for (const std::string& name : options.dtypes) {
    const auto d = dtype_from_name(name);
    if (!d)
      return invalid("--dtype " + name + ": no such dtype, expected one of f64 f32 f16 bf16 i64 i32 i16 i8 u8 bool");
    wanted.push_back(*d);
  }
  if (wanted.empty()) wanted = {FG_F32, FG_F16, FG_BF16};
  std::erase_if(wanted, [&](fg_dtype d) { return !fits(op, d); });
  if (wanted.empty() && options.dtypes.empty() && fits(op, FG_I64)) wanted = {FG_I64};
  return wanted;
}

double numel(const std::vector<std::int64_t>& shape) {
  double n = 1;
  for (const std::int64_t d : shape) n *= static_cast<double>(d);
  return n;
}

// Of a table that positions choose from, as much is read as was chosen.
double chosen_of(const Case& c, const std::vector<std::int64_t>& shape) {
  if (c.op->name == "fused_experts" && shape.size() == 3)
    return numel(shape) * std::min(1.0, numel(c.values.args.back().shapes[0]) / static_cast<double>(shape[0]));
  return c.out_shapes.empty() ? numel(shape) : std::min(numel(shape), numel(c.out_shapes[0]));
}

// Shapes of the outputs, bytes and operations of the values as they now are.
Result<void> weigh(Case& c) {
  core::Shape shapes[8];
  core::Symbols symbols;
  FG_TRY(core::infer_case(*c.op, c.values, {shapes, c.op->outs.size()}, &symbols));
  c.out_shapes.clear();
  c.bytes = 0;
  for (std::size_t k = 0; k < c.op->outs.size(); ++k) {
    c.out_shapes.emplace_back(shapes[k].dims().begin(), shapes[k].dims().end());
    c.bytes += numel(c.out_shapes.back()) * static_cast<double>(dtype_bytes(c.dtype));
  }
  const bool chosen = std::ranges::any_of(c.op->args, &ArgInfo::index);
  for (std::size_t i = 0; i < c.op->args.size(); ++i) {
    const ArgInfo& a = c.op->args[i];
    if (a.written) continue;  // It is output 0.
    const double size = a.index ? 8 : static_cast<double>(dtype_bytes(c.dtype));
    for (const auto& shape : c.values.args[i].shapes) {
      c.bytes += (chosen && !a.index ? chosen_of(c, shape) : numel(shape)) * size;
    }
  }
  const auto out_numel = c.out_shapes.empty() ? 0 : static_cast<std::int64_t>(numel(c.out_shapes[0]));
  c.flops = core::flops(*c.op, symbols, out_numel);
  return {};
}

template <class F>
void each_length(Case& c, const F& f) {
  for (std::size_t i = 0; i < c.op->args.size(); ++i) {
    core::CaseArg& a = c.values.args[i];
    for (auto& shape : a.shapes) std::ranges::for_each(shape, f);
    if (c.op->args[i].type == ArgType::sizes) std::ranges::for_each(a.dims, f);
  }
}

// Of all arguments, tables that positions choose from whole.
double elements(const Case& c) {
  double n = 0;
  for (const core::CaseArg& a : c.values.args) {
    for (const auto& shape : a.shapes) n += numel(shape);
  }
  return n;
}

// Halves a length wherever it occurs, so that shapes that belong together stay so: the largest for
// which that gives a legal and smaller call.  A table may shrink without a byte less being read of it.
bool halve_a_length(Case& c) {
  std::set<std::int64_t, std::greater<>> lengths;
  each_length(c, [&](std::int64_t n) { lengths.insert(n); });
  for (const std::int64_t length : lengths) {
    if (length < 2) return false;
    Case smaller = c;
    each_length(smaller, [&](std::int64_t& n) { n = n == length ? n / 2 : n; });
    smaller.scaled *= 2;
    if (!weigh(smaller) || smaller.bytes > c.bytes) continue;
    if (smaller.bytes == c.bytes && elements(smaller) >= elements(c)) continue;
    c = std::move(smaller);
    return true;
  }
  return false;
}

}  // namespace

Result<Case> make_case(const OpInfo& op, fg_dtype dtype, std::string_view line, double max_bytes) {
  Case c;
  c.op = &op;
  c.dtype = dtype;
  c.line = line;
  std::string text(line);
  std::ranges::replace(text, ' ', ',');
  c.name = std::string(op.name) + "/" + std::string(dtype_name(dtype)) + "/" + text;
  FG_TRY_ASSIGN(c.values, core::parse_case(op, line));
  FG_TRY(weigh(c));
  while (c.bytes > max_bytes && halve_a_length(c)) {
  }
  return c;
}

bool glob(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*') return glob(pattern.substr(1), text) || (!text.empty() && glob(pattern, text.substr(1)));
  return !text.empty() && (pattern[0] == '?' || pattern[0] == text[0]) && glob(pattern.substr(1), text.substr(1));
}

Result<std::vector<Case>> make_cases(const Options& options) {
  std::vector<Case> cases;
  for (const OpInfo& op : core::catalogue()) {
    if (op.kind == core::Kind::view) continue;  // Moves nothing: there is nothing to time but the call.
    FG_TRY_ASSIGN(const auto dtypes, dtypes_for(op, options));
    for (const fg_dtype dtype : dtypes) {
      for (const std::string_view line : op.bench) {
        auto c = make_case(op, dtype, line, options.max_bytes);
        if (!c)
          return tl::unexpected(
              std::move(c).error().while_doing(std::string(op.name) + ": bench line '" + std::string(line) + "'"));
        const bool chosen = options.filters.empty() || std::ranges::any_of(options.filters, [&](const std::string& f) {
                              return glob(f, c->name);
                            });
        if (chosen) cases.push_back(std::move(*c));
      }
    }
  }
  return cases;
}

}  // namespace fg::bench
