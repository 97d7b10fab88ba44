// SPDX-License-Identifier: Apache-2.0
//
// Cases from the catalogue's case lines: every line in every dtype row, over layouts, values and
// forms.

#include "conformance/cases/plan.hpp"
#include "core/catalogue/case_line.hpp"

namespace fg::conformance {
namespace {

ArgSpec spec_of(const core::ArgInfo& info, const core::CaseArg& arg, fg_dtype dtype) {
  using core::ArgType;
  if (!arg.given) return {};
  std::vector<TensorSpec> tensors;
  for (const Shape& shape : arg.shapes) tensors.push_back({dtype, shape, Layout::dense});
  switch (info.type) {
    case ArgType::tensor: {
      if (!arg.is_number) return ArgSpec::of(std::move(tensors.front()));
      break;
    }
    case ArgType::tensor_list: return ArgSpec::of_list(std::move(tensors));
    case ArgType::dims:
    case ArgType::sizes: return ArgSpec::of_dims(arg.dims);
    case ArgType::dtype: return ArgSpec::of_dtype(static_cast<fg_dtype>(arg.number.v.i));
    case ArgType::enum_:
      return ArgSpec::of_word(std::string(info.enum_names[static_cast<std::size_t>(arg.number.v.i)]));
    case ArgType::generator: return ArgSpec::of_generator(static_cast<std::uint64_t>(arg.number.v.i), 0);
    default: break;
  }
  ArgSpec a;
  a.kind = ArgSpec::Kind::number;
  a.number = arg.number;
  return a;
}

}  // namespace

void add_lines(Collector& c) {
  const core::OpInfo& op = c.op();
  for (const core::CaseLine& line : op.cases) {
    if (line.tier == "standard" && !c.standard()) continue;
    const Result<core::CaseValues> values = core::parse_case(op, line.text);
    if (!values) continue;  // fg-gen has checked the lines
    for (const std::vector<fg_dtype>& row : dtype_rows(op)) {
      std::vector<ArgSpec> args;
      for (std::size_t i = 0; i < op.args.size(); ++i) args.push_back(spec_of(op.args[i], values->args[i], row[i]));
      c.spread(args);
    }
  }
}

}  // namespace fg::conformance
