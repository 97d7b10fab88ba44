// SPDX-License-Identifier: Apache-2.0
//
// The catalogue as read from ops/*.yaml: what the checker completes and the emitters print.  The
// vocabulary is that of core/catalogue/op_info.hpp.

#ifndef FG_TOOLS_GEN_MODEL_HPP_
#define FG_TOOLS_GEN_MODEL_HPP_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/catalogue/op_info.hpp"
#include "tools/gen/diagnostics.hpp"

namespace fg::gen {

using core::ArgType;
using core::DtypeRule;
using core::DtypeSet;
using core::Kind;
using core::Promote;

struct Arg {
  Where where;
  std::string name;
  ArgType type = ArgType::tensor;
  bool optional = false, scalar_ok = false, promotes = false, has_default = false, index = false, written = false;
  bool unread = false;  // Only its shape, dtype and device count.
  // Tensors.
  std::string dtype_class;  // As written, for the reference page.
  DtypeSet dtypes = 0;
  std::string same_as;  // Name of the argument whose dtype this one has.
  // Attributes.
  fg_scalar default_value{};
  std::vector<std::int64_t> default_dims;
  std::vector<std::string> enum_names;
  bool from_scalars = false;  // dtype: follows from the scalar attributes when left out.
  std::optional<double> min, max;
  std::string shape;

  bool is_tensor() const { return type == ArgType::tensor || type == ArgType::tensor_list; }
};

struct Out {
  Where where;
  std::string name;
  DtypeRule rule = DtypeRule::promoted;
  fg_dtype dtype = 0;
  std::string arg;  // same_as, attr, stat, given
  std::string shape;
};

struct Text {
  Where where;
  std::string text;
};

struct Variant {
  std::string name;
  Promote promote = Promote::none;
  std::vector<Text> expr;
  Text prologue;
  DtypeSet common = 0xFFFF;  // What the operands' common dtype may be.
};

struct Case {
  Where where;
  std::string tier, text;
};

struct Op {
  Where where;
  std::string name, family, summary, source;
  Kind kind = Kind::map;
  bool functional = false, inplace = false, out_form = false;
  bool dynamic = false, empty_error = false;
  int version = 1;
  std::vector<Arg> args;  // In call order.
  std::vector<Out> outs;
  std::string variant_arg;
  std::vector<Variant> variants;
  std::string monoid;
  std::string shape_rule;
  std::vector<std::string> aten, gems;
  std::vector<Case> cases;
  std::vector<Text> bench;
  std::string flops, profile;
  std::vector<Text> errors;  // For the reference page.
  // Completed by the checker.
  std::uint64_t uid = 0, schema_hash = 0;

  int arg_index(std::string_view arg) const {
    for (std::size_t i = 0; i < args.size(); ++i) {
      if (args[i].name == arg) return static_cast<int>(i);
    }
    return -1;
  }
};

struct Catalogue {
  std::vector<Op> ops;  // Sorted by name.
};

}  // namespace fg::gen

#endif  // FG_TOOLS_GEN_MODEL_HPP_
