// SPDX-License-Identifier: Apache-2.0
#include "tools/gen/signature.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tools/gen/vocabulary.hpp"

namespace fg::gen {

std::vector<Form> forms_of(const Op& op) {
  std::vector<Form> out;
  if (op.functional) out.push_back(Form::functional);
  if (op.inplace) out.push_back(Form::inplace);
  if (op.out_form) out.push_back(Form::out);
  return out;
}

std::string form_name(const Op& op, Form form) {
  if (form == Form::inplace && !op.name.ends_with('_')) return op.name + "_";
  return form == Form::out ? stem(op.name) + "_out" : op.name;
}

bool takes_device(const Op& op, Form form) {
  return form == Form::functional &&
         std::none_of(op.args.begin(), op.args.end(), [](const Arg& a) { return a.is_tensor(); });
}

std::string out_name(const Op& op, const Out& out) { return op.outs.size() == 1 ? "out" : "out_" + out.name; }

std::string arg_name(const Op& op, const Arg& arg) {
  const bool clash =
      arg.name == "out" || arg.name == "err" || arg.name == "device" ||
      std::any_of(op.outs.begin(), op.outs.end(), [&](const Out& o) { return out_name(op, o) == arg.name; });
  return clash ? arg.name + "_" : identifier(arg.name);
}

bool is_target(const Op& op, const Arg& arg, Form form) {
  return arg.written || (form == Form::inplace && &arg == op.args.data());
}

bool can_omit(const Arg& arg) { return arg.has_default || arg.optional; }

std::string c_parameter(const Op& op, const Arg& arg, Form form) {
  const std::string name = arg_name(op, arg);
  switch (arg.type) {
    case ArgType::tensor:
      return (arg.scalar_ok && !is_target(op, arg, form) ? "fg_value " : "fg_tensor_handle ") + name;
    case ArgType::tensor_list: return fmt::format("const fg_tensor_handle* {0}, size_t n_{0}", name);
    case ArgType::scalar: return "fg_value " + name;
    case ArgType::float_: return (arg.optional ? "fg_value " : "double ") + name;
    case ArgType::int_:
    case ArgType::dim: return (arg.optional ? "fg_value " : "int64_t ") + name;
    case ArgType::bool_: return (arg.optional ? "fg_value " : "int32_t ") + name;
    case ArgType::dims:
    case ArgType::sizes: return fmt::format("const int64_t* {0}, size_t n_{0}", name);
    case ArgType::dtype: return "fg_dtype " + name;
    case ArgType::enum_: return "int32_t " + name;
    case ArgType::generator: return "fg_generator* " + name;
  }
  return "";
}

std::string c_value(const Op& op, const Arg& arg, Form form) {
  const std::string name = arg_name(op, arg);
  switch (arg.type) {
    case ArgType::tensor:
      return arg.scalar_ok && !is_target(op, arg, form) ? name : fmt::format("from_tensor({})", name);
    case ArgType::tensor_list: return fmt::format("fg_value_tensors({0}, static_cast<std::uint32_t>(n_{0}))", name);
    case ArgType::scalar: return name;
    case ArgType::float_: return arg.optional ? name : fmt::format("fg_value_float({})", name);
    case ArgType::int_:
    case ArgType::dim: return arg.optional ? name : fmt::format("fg_value_int({})", name);
    case ArgType::bool_: return arg.optional ? name : fmt::format("fg_value_bool({})", name);
    case ArgType::dims:
    case ArgType::sizes: return fmt::format("{1}({0}, n_{0})", name, arg.optional ? "from_optional_dims" : "from_dims");
    case ArgType::dtype: return fmt::format("from_dtype({})", name);
    case ArgType::enum_: return fmt::format("fg_value_int({})", name);
    case ArgType::generator: return fmt::format("from_generator({})", name);
  }
  return "";
}

}  // namespace fg::gen
