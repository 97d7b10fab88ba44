// SPDX-License-Identifier: Apache-2.0
//
// Calls with one mistake each.  The answer must name the argument and the kind of mistake, write
// nothing and leave the library working.

#include <algorithm>

#include "conformance/cases/plan.hpp"
#include "fg/sdk/dtype.hpp"

namespace fg::conformance {
namespace {

bool is_tensor(const core::ArgInfo& a) { return a.type == core::ArgType::tensor; }

// A valid call of a map, reduction or scan, to be spoilt; nullopt for other kinds.
std::optional<std::vector<ArgSpec>> valid_call(const core::OpInfo& op) {
  const bool simple = op.kind == core::Kind::map || op.kind == core::Kind::reduce || op.kind == core::Kind::scan;
  if (!simple || !op.has_functional) return std::nullopt;
  const std::vector<fg_dtype> row = dtype_rows(op).front();
  std::vector<ArgSpec> args(op.args.size());
  bool any = false;
  for (std::size_t i = 0; i < op.args.size(); ++i) {
    if (is_tensor(op.args[i])) {
      args[i] = ArgSpec::of({row[i], {3, 5}, Layout::dense});
      any = true;
    } else if (op.args[i].type == core::ArgType::dim && !op.args[i].optional && !op.args[i].has_default) {
      args[i] = ArgSpec::of_int(0);
    } else if (op.args[i].type == core::ArgType::dtype && !op.args[i].optional && !op.args[i].has_default) {
      args[i] = ArgSpec::of_dtype(FG_F32);
    } else if (op.args[i].type == core::ArgType::scalar && !op.args[i].optional && !op.args[i].has_default) {
      args[i] = ArgSpec::of_int(1);
    }
  }
  return any ? std::optional(args) : std::nullopt;
}

void wrong_dtypes(Collector& c, const std::vector<ArgSpec>& valid) {
  const core::OpInfo& op = c.op();
  for (std::size_t i = 0; i < op.args.size(); ++i) {
    if (!is_tensor(op.args[i])) continue;
    const std::vector<fg_dtype> allowed = members(op.args[i].dtypes);
    for (const fg_dtype dtype : {FG_F8_E4M3FN, FG_BOOL, FG_I32, FG_F32}) {
      if (allowed.empty() || std::find(allowed.begin(), allowed.end(), dtype) != allowed.end()) continue;
      std::vector<ArgSpec> args = valid;
      args[i].tensors.front().dtype = dtype;
      c.add_bad(args, "dtype", static_cast<int>(i));
      break;
    }
  }
}

void wrong_shapes(Collector& c, const std::vector<ArgSpec>& valid) {
  const core::OpInfo& op = c.op();
  if (op.kind != core::Kind::map) return;
  std::size_t tensors = 0;
  for (std::size_t i = 0; i < op.args.size(); ++i) {
    if (!is_tensor(op.args[i]) || ++tensors < 2) continue;
    std::vector<ArgSpec> args = valid;
    args[i].tensors.front().shape = {3, 4};
    c.add_bad(args, "shape", -1);
  }
  if (op.has_inplace && tensors >= 2 && is_tensor(op.args.front())) {
    std::vector<ArgSpec> args = valid;
    args.front().tensors.front().shape = {1, 5};  // the result would not fit
    c.add_bad(args, "shape", -1, Form::inplace);
  }
}

void wrong_attributes(Collector& c, const std::vector<ArgSpec>& valid) {
  const core::OpInfo& op = c.op();
  for (std::size_t i = 0; i < op.args.size(); ++i) {
    const core::ArgInfo& a = op.args[i];
    std::vector<ArgSpec> args = valid;
    const int at = static_cast<int>(i);
    if (a.type == core::ArgType::dim || a.type == core::ArgType::dims) {
      for (const std::int64_t beyond : {2, -3}) {
        args[i] = a.type == core::ArgType::dim ? ArgSpec::of_int(beyond) : ArgSpec::of_dims({beyond});
        c.add_bad(args, "parameter", at);
      }
    }
    if (a.type == core::ArgType::dims && op.kind == core::Kind::reduce) {
      args[i] = ArgSpec::of_dims({1, -1});
      c.add_bad(args, "parameter", at);
    }
    if (a.type == core::ArgType::enum_) {
      args[i] = ArgSpec::of_word("nonsense");
      c.add_bad(args, "parameter", at);
    }
  }
}

void missing_tensors(Collector& c, const std::vector<ArgSpec>& valid) {
  const core::OpInfo& op = c.op();
  for (std::size_t i = 0; i < op.args.size(); ++i) {
    if (!is_tensor(op.args[i]) || op.args[i].optional) continue;
    std::vector<ArgSpec> args = valid;
    args[i] = {};
    c.add_bad(args, "parameter", static_cast<int>(i));
  }
}

// Products have shapes of their own.
void wrong_products(Collector& c) {
  const core::OpInfo& op = c.op();
  auto f32 = [](Shape shape) { return ArgSpec::of({FG_F32, std::move(shape), Layout::dense}); };
  if (op.name == "mm") {
    c.add_bad({f32({3, 5}), f32({4, 2})}, "shape", -1);
    c.add_bad({f32({3, 5}), f32({5})}, "rank", 1);
    c.add_bad({f32({3, 5}), ArgSpec::of({FG_F64, {5, 2}, Layout::dense})}, "dtype", 1);
  }
  if (op.name == "bmm") {
    c.add_bad({f32({2, 3, 5}), f32({2, 4, 2})}, "shape", -1);
    c.add_bad({f32({2, 3, 5}), f32({3, 5, 2})}, "shape", -1);
    c.add_bad({f32({3, 5}), f32({5, 2})}, "rank", 0);
  }
  if (op.name == "addmm") c.add_bad({f32({3, 3}), f32({3, 5}), f32({5, 2})}, "shape", -1);
  if (op.name == "baddbmm") c.add_bad({f32({3, 3, 3}), f32({2, 3, 5}), f32({2, 5, 2})}, "shape", -1);
  if (op.name == "addbmm") c.add_bad({f32({3, 3}), f32({2, 3, 5}), f32({2, 5, 2})}, "shape", -1);
  if (op.name == "mv") {
    c.add_bad({f32({3, 5}), f32({4})}, "shape", -1);
    c.add_bad({f32({3, 5}), f32({5, 1})}, "rank", 1);
  }
  if (op.name == "addmv") c.add_bad({f32({4}), f32({3, 5}), f32({5})}, "shape", -1);
  if (op.name == "addr") c.add_bad({f32({4}), f32({3}), f32({5})}, "shape", -1);
  if (op.name == "outer") c.add_bad({f32({3, 1}), f32({5})}, "rank", 0);
  if (op.name == "dot" || op.name == "vdot") {
    c.add_bad({f32({3}), f32({4})}, "shape", 1);
    c.add_bad({f32({3}), f32({3, 1})}, "rank", 1);
    c.add_bad({f32({3}), ArgSpec::of({FG_I64, {3}, Layout::dense})}, "dtype", 1);
  }
  if (op.name == "linear") {
    c.add_bad({f32({2, 3, 5}), f32({4, 6})}, "shape", -1);
    c.add_bad({f32({3, 5}), f32({4, 5}), f32({3})}, "shape", -1);
    c.add_bad({f32({}), f32({4, 5})}, "rank", 0);
  }
  if (op.name == "embedding") c.add_bad({f32({4, 3}), f32({2})}, "dtype", 1);
}

}  // namespace

void add_mistakes(Collector& c) {
  wrong_products(c);
  const std::optional<std::vector<ArgSpec>> valid = valid_call(c.op());
  if (!valid) return;
  wrong_dtypes(c, *valid);
  wrong_shapes(c, *valid);
  wrong_attributes(c, *valid);
  missing_tensors(c, *valid);
}

}  // namespace fg::conformance
