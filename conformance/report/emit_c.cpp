// SPDX-License-Identifier: Apache-2.0

#include "conformance/report/emit_c.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "conformance/cases/operators.hpp"
#include "conformance/runner/judge.hpp"
#include "fg/sdk/dtype.hpp"

namespace fg::conformance {
namespace {

using reference::Output;
using reference::Real;
using reference::Tensor;
using reference::Type;

constexpr std::size_t kCompared = 65536;  // elements of an output

std::string text_literal(std::string_view text) {
  std::string s = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') s += '\\';
    s += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
  }
  return s + "\"";
}

// The lowest int64 has no literal.
std::string int_literal(std::int64_t x) {
  return x == std::numeric_limits<std::int64_t>::min() ? "INT64_MIN" : fmt::format("INT64_C({})", x);
}

std::string real_literal(Real x) {
  if (std::isnan(x)) return "NAN";
  if (std::isinf(x)) return x < 0 ? "-INFINITY" : "INFINITY";
  return fmt::format("{:a}L", x);
}

std::string list(const std::string& declaration, const std::vector<std::int64_t>& values) {
  std::string text = fmt::format("static const int64_t {}[] = {{", declaration);
  for (const std::int64_t x : values) text += int_literal(x) + ", ";
  return text + (values.empty() ? "0};\n" : "};\n");  // C has no empty arrays
}

// Elements as unsigned integers of their size.
std::string data_array(const std::string& name, const Tensor& t) {
  const std::size_t size = reference::bytes(t.type);
  std::string text = fmt::format("static const uint{}_t {}_data[] = {{", size * 8, name);
  for (std::size_t i = 0; i < t.v.size(); ++i) {
    std::array<std::byte, 8> raw{};
    reference::save(t.type, t.v[i], raw.data());
    std::uint64_t bits = 0;
    std::memcpy(&bits, raw.data(), sizeof bits);
    text += fmt::format("{}0x{:0{}x}{},", i % 8 == 0 ? "\n  " : " ", bits, size * 2, size == 8 ? "u" : "");
  }
  return text + (t.v.empty() ? "0};\n" : "\n};\n");
}

std::string_view dtype_constant(Type type) {
  switch (to_dtype(type)) {
    case FG_F64: return "FG_F64";
    case FG_F32: return "FG_F32";
    case FG_F16: return "FG_F16";
    case FG_BF16: return "FG_BF16";
    case FG_F8_E4M3FN: return "FG_F8_E4M3FN";
    case FG_F8_E5M2: return "FG_F8_E5M2";
    case FG_I64: return "FG_I64";
    case FG_I32: return "FG_I32";
    case FG_I16: return "FG_I16";
    case FG_I8: return "FG_I8";
    case FG_U8: return "FG_U8";
    default: return "FG_BOOL";
  }
}

// The program in two halves: data above main(), and what main() does.
struct Program {
  std::string data, body;
  std::vector<std::string> remarks;

  // An expression that makes the tensor.
  std::string tensor(const std::string& name, Type type, const Shape& shape, Placement p, const Tensor* values) {
    if (std::ranges::any_of(p.stride, [](std::int64_t s) { return s < 0; })) {
      remarks.push_back(name + " is dense here: the C API makes no negative strides");
      p = place(shape, Layout::dense, reference::bytes(type));
    }
    if (values != nullptr) data += data_array(name, *values);
    data += list(name + "_shape", shape) + list(name + "_stride", p.stride);
    return fmt::format("place(device, {0}, {1}, {2}, {3}, {4}, {5}_shape, {5}_stride, {6}, {7})", dtype_constant(type),
                       reference::bytes(type), values != nullptr ? name + "_data" : "NULL", reference::numel(shape),
                       shape.size(), name, p.offset, p.length);
  }
};

std::string number_value(const reference::Argument& a) {
  if (a.category == Type::f64) {
    const auto x = static_cast<double>(a.number);
    return fmt::format("fg_value_float((double){})", real_literal(x));
  }
  return fmt::format("fg_value_{}({})", a.category == Type::boolean ? "bool" : "int", int_literal(a.integer()));
}

std::string argument_value(Program& program, const Prepared& call, std::size_t i) {
  using Kind = reference::Argument::Kind;
  const PreparedArg& a = call.args[i];
  const std::string name = fmt::format("{}_{}", call.op->args[i].name, i);
  switch (a.value.kind) {
    case Kind::none: return "fg_value_none()";
    case Kind::tensor: {
      const Tensor& t = a.value.tensor();
      const Tensor* values = call.op->args[i].written ? nullptr : &t;
      return fmt::format("fg_value_tensor({})", program.tensor(name, t.type, t.shape, a.placements[0], values));
    }
    case Kind::tensors: {
      const std::size_t n = a.value.tensors.size();
      program.body += fmt::format("  fg_tensor_handle {}[{}];\n", name, std::max<std::size_t>(n, 1));
      for (std::size_t k = 0; k < n; ++k) {
        const Tensor& t = a.value.tensors[k];
        program.body +=
            fmt::format("  {}[{}] = {};\n", name, k,
                        program.tensor(fmt::format("{}_{}", name, k), t.type, t.shape, a.placements[k], &t));
      }
      return fmt::format("fg_value_tensors({}, {})", name, n);
    }
    case Kind::number: return number_value(a.value);
    case Kind::dims:
      program.data += list(name, a.value.dims);
      return fmt::format("fg_value_dims({}, {})", name, a.value.dims.size());
    case Kind::dtype: return fmt::format("fg_value_dtype({})", dtype_constant(a.value.category));
    case Kind::word: return fmt::format("fg_value_string({})", text_literal(a.value.word));
    case Kind::generator:
      program.body += fmt::format("  fg_generator {} = {{{}u, {}u}};\n", name, a.value.seed, a.value.offset);
      return fmt::format("fg_value_generator(&{})", name);
  }
  return "fg_value_none()";
}

std::string expected_array(const std::string& name, const Output& o) {
  const std::size_t n = std::min(kCompared, o.hard.size());
  std::string text = fmt::format("static const expected {}_expected[] = {{\n", name);
  for (std::size_t i = 0; i < n; ++i) {
    const Range r = legal_range(o.hard[i], o.type);
    const bool nan = o.hard[i].nan == reference::Nan::always;
    text += fmt::format("  {{{}, {}, {}, {}}},\n", (r.number ? 1 : 0) + (r.nan ? 2 : 0),
                        nan ? "NAN" : real_literal(o.hard[i].mid), real_literal(r.lo), real_literal(r.hi));
  }
  return text + (n == 0 ? "  {0, 0, 0, 0},\n};\n" : "};\n");
}

// The arguments, and the call that leaves its status in `status` and its results in `outs`.
void emit_call(Program& program, const Prepared& call) {
  const std::size_t n_args = call.args.size();
  program.body += fmt::format("  fg_value args[{}];\n", std::max<std::size_t>(n_args, 1));
  for (std::size_t i = 0; i < n_args; ++i) {
    const std::string value = argument_value(program, call, i);
    program.body += fmt::format("  args[{}] = {};\n", i, value);
  }
  const bool in_self = call.form == Form::inplace || call.form == Form::alias;
  std::size_t self = 0;
  while (self + 1 < n_args && call.args[self].value.tensors.empty()) ++self;
  const std::size_t n_outs = call.op->outs.size();
  program.body += fmt::format("  fg_tensor_handle outs[{}] = {{NULL}};\n", n_outs);
  for (std::size_t j = 0; call.form == Form::out && j < call.out_types.size(); ++j) {
    const Placement where = place(call.out_shapes[j], call.out_layout, reference::bytes(call.out_types[j]));
    program.body +=
        fmt::format("  outs[{}] = {};\n", j,
                    program.tensor(fmt::format("out_{}", j), call.out_types[j], call.out_shapes[j], where, nullptr));
  }
  if (in_self) program.body += fmt::format("  outs[0] = args[{}].v.tensor;\n", self);
  program.body +=
      fmt::format("  fg_status status = fg_call({}, 0x{:x}u, args, {}, outs, {}, device, &err);\n",
                  text_literal(call.op->name), form_code(call), n_args, call.form == Form::inplace ? 0 : n_outs);
}

void emit_checks(Program& program, const Prepared& call, const std::vector<Output>& want) {
  program.body += "  need(\"call\", status);\n";
  for (std::size_t j = 0; j < want.size(); ++j) {
    const std::string name = fmt::format("want_{}", j);
    program.data += list(name + "_shape", want[j].shape) + expected_array(name, want[j]);
    program.body += fmt::format("  wrong += check({}, outs[{}], {}, {}, {}_shape, {}_expected, {});\n",
                                text_literal(call.op->outs[j].name), j, dtype_constant(want[j].type),
                                want[j].shape.size(), name, name, std::min(kCompared, want[j].hard.size()));
  }
}

std::string assembled(const Case& c, const Program& program) {
  std::string title = name_of(c);
  std::ranges::replace_if(
      title, [](unsigned char x) { return x == '*' || x < 0x20; }, '?');  // what ends a comment or a line
  std::string text = fmt::format(
      "/* {}\n *\n * Made by fg-conformance.  cc -std=c11 case.c -lfg_core -lm && ./a.out [device]\n", title);
  for (const std::string& remark : program.remarks) text += " * " + remark + "\n";
  text +=
      " */\n#include <fg/abi/kernel.h>\n#include <fg/fg.h>\n#include <float.h>\n#include <math.h>\n#include "
      "<stdint.h>\n#include <stdio.h>\n"
      "#include <stdlib.h>\n#include <string.h>\n";
  return text + std::string(emitted::runtime()) + "\n" + program.data +
         "\nint main(int argc, char** argv) {\n  fg_device_handle device = NULL;\n  int64_t wrong = 0;\n  (void)place, "
         "(void)check; /* some cases need but one */\n"
         "  if (argc > 1)\n    need(argv[1], fg_device_find(argv[1], &device, &err));\n  else\n"
         "    need(\"device\", fg_device_current(&device, &err));\n"
         "  need(\"fallback\", fg_set_fallback(FG_FALLBACK_FORBID, &err));\n"
         "  printf(\"fg %s on %s\\n\", fg_version(), fg_device_name(device));\n" +
         program.body + "  return wrong != 0;\n}\n";
}

}  // namespace

Result<std::string> emit_c(const Case& c) {
  if (!is_operator_area(c.area)) return invalid("emit C: " + name_of(c) + " is no call of an operator");
  Prepared call = prepare(c);
  Program program;
  if (c.bad) {
    emit_call(program, call);
    program.body += fmt::format(
        "  printf(\"%s, %s, argument %d: %s\\n\", fg_status_name(status), fg_reason_name(err.reason), "
        "(int)err.arg_index, "
        "err.message);\n  wrong = status != FG_E_INVALID; /* reason {}, argument {} */\n",
        c.bad->reason, c.bad->arg);
    return assembled(c, program);
  }
  try {
    const std::vector<Output> want = expected_outputs(call);
    count_offset_from_storage(call);
    emit_call(program, call);
    emit_checks(program, call, want);
  } catch (const reference::Mistake& m) {
    return invalid("emit C: " + name_of(c) + ": the oracle has no answer: " + m.what);
  }
  return assembled(c, program);
}

}  // namespace fg::conformance
