// SPDX-License-Identifier: Apache-2.0
//
// Default cases of reductions and scans: every dtype, every choice of dimensions of ranks up to four,
// long and short lines, empty ones where they are allowed.

#include "conformance/cases/plan.hpp"
#include "fg/sdk/dtype.hpp"

namespace fg::conformance {
namespace {

struct Pick {
  Shape shape;
  std::vector<std::int64_t> dims;
  bool all = false;  // dim left out
};

std::vector<Pick> picks(bool standard) {
  std::vector<Pick> p{{{5, 7}, {0}}, {{5, 7}, {-1}}, {{3, 4, 5}, {1}},
                      {{1025}, {0}}, {{}, {}, true}, {{64, 129}, {}, true}};
  if (!standard) return p;
  const std::vector<Pick> more{
      {{1}, {0}},          {{2, 3}, {0, 1}},  {{3, 4, 5}, {0, 2}}, {{3, 4, 5}, {-1, -3}}, {{2, 3, 4, 5}, {1, 2}},
      {{2, 3, 4, 5}, {3}}, {{7, 1000}, {-1}}, {{1000, 7}, {0}},    {{3, 40000}, {1}},     {{100003}, {}, true},
      {{16, 17}, {1}},     {{31, 33}, {0}},   {{127}, {-1}},       {{1023}, {0}},         {{2, 2, 2, 2, 2}, {0, 2, 4}},
      {{1, 1}, {0}},       {{4, 0}, {0}},     {{0, 4}, {1}},       {{3, 1, 5}, {1}}};
  p.insert(p.end(), more.begin(), more.end());
  return p;
}

int position(const core::OpInfo& op, std::string_view name) {
  for (std::size_t i = 0; i < op.args.size(); ++i) {
    if (op.args[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

bool is_empty_reduction(const Pick& p) {
  for (std::size_t d = 0; d < p.shape.size(); ++d) {
    const auto at = static_cast<std::int64_t>(d);
    const auto back = at - static_cast<std::int64_t>(p.shape.size());
    bool reduced = p.all;
    for (const std::int64_t x : p.dims) reduced = reduced || x == at || x == back;
    if (reduced && p.shape[d] == 0) return true;
  }
  return false;
}

// The dim argument as the operator takes it; false when it cannot express the choice.
bool set_dim(const core::OpInfo& op, std::vector<ArgSpec>& args, const Pick& p) {
  const int at = position(op, "dim");
  if (at < 0) return p.all;
  const core::ArgInfo& info = op.args[static_cast<std::size_t>(at)];
  ArgSpec& dim = args[static_cast<std::size_t>(at)];
  if (p.all) {
    if (info.optional || info.has_default) return true;
    if (info.type != core::ArgType::dim || !p.shape.empty()) return false;
    dim = ArgSpec::of_int(0);
    return true;
  }
  if (info.type == core::ArgType::dims) {
    dim = ArgSpec::of_dims(p.dims);
    return true;
  }
  if (p.dims.size() != 1) return false;
  dim = ArgSpec::of_int(p.dims.front());
  return true;
}

void add_extra_attributes(Collector& c, const std::vector<ArgSpec>& args, fg_dtype dtype) {
  const core::OpInfo& op = c.op();
  for (std::size_t i = 0; i < op.args.size(); ++i) {
    std::vector<ArgSpec> with = args;
    if (op.args[i].type == core::ArgType::dtype) {
      const std::vector<fg_dtype> targets = is_float(dtype) ? std::vector<fg_dtype>{FG_F64, FG_F32, FG_BF16}
                                                            : std::vector<fg_dtype>{FG_I32, FG_F32, FG_I64};
      for (const fg_dtype target : targets) {
        with[i] = ArgSpec::of_dtype(target);
        c.spread(with, 2);
      }
    } else if (op.args[i].name == "correction") {
      for (const ArgSpec& correction : {ArgSpec::of_int(0), ArgSpec::of_int(2), ArgSpec::of_float(0.5)}) {
        with[i] = correction;
        c.spread(with, 2);
      }
    }
  }
}

}  // namespace

void add_reduce(Collector& c) {
  const core::OpInfo& op = c.op();
  const int keepdim = position(op, "keepdim");
  bool keep = false;
  for (const std::vector<fg_dtype>& row : dtype_rows(op)) {
    for (const Pick& p : picks(c.standard())) {
      std::vector<ArgSpec> args(op.args.size());
      args[0] = ArgSpec::of({row[0], p.shape, Layout::dense});
      if (!set_dim(op, args, p) || (op.empty_error && is_empty_reduction(p))) continue;
      keep = !keep;
      if (keepdim >= 0 && keep) args[static_cast<std::size_t>(keepdim)] = ArgSpec::of_bool(true);
      c.spread(args);
      if (p.shape == Shape{3, 4, 5} && p.dims.size() == 1) add_extra_attributes(c, args, row[0]);
    }
  }
}

}  // namespace fg::conformance
