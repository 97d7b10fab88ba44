// SPDX-License-Identifier: Apache-2.0
//
// From an ATen or gems call to the catalogue's.  Where the order or the names of arguments differ the
// table says so; everything else follows from the catalogue.

#include <algorithm>
#include <iterator>

#include "conformance/golden/golden.hpp"

namespace fg::conformance {
namespace {

using reference::Argument;

// Positional arguments of an overload as arguments of our operator.  A name in brackets has no
// effect on values; {half_to_float} asks for an f32 result.
struct Signature {
  std::string_view overload, arguments;
};
constexpr Signature kSignatures[] = {
    {"_log_softmax", "self dim {half_to_float}"},
    {"_log_softmax_backward_data", "grad_output output dim [input_dtype]"},
    {"_safe_softmax", "self dim dtype"},
    {"_softmax", "self dim {half_to_float}"},
    {"_softmax_backward_data", "grad_output output dim [input_dtype]"},
    {"softmax.int", "self dim dtype"},
    {"_to_copy", "self"},
    {"arange", "end"},
    {"arange.start", "start end"},
    {"arange.start_step", "start end step"},
    {"clone", "self"},
    {"max", "self"},
    {"mean", "self dtype"},
    {"min", "self"},
    {"nansum", "self dim keepdim dtype"},
    {"norm.ScalarOpt_dim", "self ord dim keepdim"},
    {"prod", "self dtype"},
    {"copy_", "self src [non_blocking]"},
    {"diagonal_backward", "grad_output input_sizes offset dim1 dim2"},
    {"embedding", "weight indices padding_idx [scale_grad_by_freq] [sparse]"},
    {"expand", "self size [implicit]"},
    {"expand_copy", "self size [implicit]"},
    {"eye", "n"},
    {"eye.m", "n m"},
    {"full", "size fill_value"},
    {"full_like", "self fill_value"},
    {"gather", "self dim index [sparse_grad]"},
    {"native_group_norm", "input weight bias [N] [C] [HxW] num_groups eps"},
    {"native_group_norm_backward", "grad_output input mean rstd weight [N] [C] [HxW] num_groups output_mask"},
    {"linspace", "start end steps"},
    {"logspace", "start end steps base"},
    {"native_layer_norm", "input normalized_shape weight bias eps"},
    {"new_full", "self size fill_value"},
    {"new_ones", "self size"},
    {"new_zeros", "self size"},
    {"ones", "size"},
    {"ones_like", "self"},
    {"rms_norm", "input normalized_shape weight eps"},
    {"index_put", "self indices values accumulate"},
    {"index_put_", "self indices values accumulate"},
    {"embedding_dense_backward", "grad_output indices num_weights padding_idx scale_grad_by_freq"},
    {"index_fill.int_Scalar", "self dim index value"},
    {"index_fill.int_Tensor", "self dim index value_tensor"},
    {"scatter.reduce", "self dim index src reduce"},
    {"scatter.value", "self dim index value"},
    {"scatter.value_reduce", "self dim index value reduce"},
    {"scatter_.value", "self dim index value"},
    {"slice_backward", "grad_output input_sizes dim start end step"},
    {"sort.stable", "self stable dim descending"},
    {"sum", "self dtype"},
    {"sum.dim_IntList", "self dim keepdim dtype"},
    {"scaled_dot_product_attention", "query key value attn_mask [dropout_p] is_causal scale enable_gqa"},
    {"topk", "self k dim largest sorted"},
    {"uniform_", "self from to generator"},
    {"where.ScalarSelf", "condition self other"},
    {"zeros", "size"},
    {"zeros_like", "self"},
};

// Keyword arguments that have no effect on values.
constexpr std::string_view kIgnored[] = {"memory_format", "layout",      "device",   "pin_memory",
                                         "non_blocking",  "sparse_grad", "implicit", "dropout_p"};
// Names of the gems corpus that are ours under another name.
constexpr std::pair<std::string_view, std::string_view> kGemsNames[] = {
    {"rms_norm x", "input"},
    {"outer x", "self"},
    {"outer y", "vec2"},
    {"fused_add_rms_norm x", "input"},
    {"skip_layer_norm x", "input"},
    {"cross_entropy_loss x", "self"},
};

std::string overload_of(std::string_view golden_op) {
  const std::size_t colons = golden_op.find("::");
  std::string name(colons == std::string_view::npos ? golden_op : golden_op.substr(colons + 2));
  constexpr std::string_view kDefault = ".default";
  if (name.size() > kDefault.size() && name.ends_with(kDefault)) name.resize(name.size() - kDefault.size());
  return name;
}

bool is_gems(std::string_view golden_op) { return golden_op.starts_with("gems::"); }

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> w;
  while (!text.empty()) {
    const std::size_t space = text.find(' ');
    w.emplace_back(text.substr(0, space));
    text = space == std::string_view::npos ? std::string_view{} : text.substr(space + 1);
  }
  return w;
}

std::vector<std::string> positions_of(const core::OpInfo& op, const std::string& overload, bool gems) {
  if (!gems) {
    for (const Signature& s : kSignatures) {
      if (s.overload == overload) return words(s.arguments);
    }
  }
  std::vector<std::string> names;
  for (const core::ArgInfo& a : op.args) names.emplace_back(a.name);
  return names;
}

// Our operator takes a list of dimensions where ATen's overload has one, and numbers as their type.
void conform(const core::ArgInfo& info, Argument& a) {
  using core::ArgType;
  const bool list = info.type == ArgType::dims || info.type == ArgType::sizes;
  if (list && a.kind == Argument::Kind::number) {
    a.dims = {a.integer()};
    a.kind = Argument::Kind::dims;
  }
  if (info.type == ArgType::tensor_list && a.kind == Argument::Kind::dims && a.dims.empty())
    a.kind = Argument::Kind::tensors;
  if (info.type == ArgType::float_ && a.kind == Argument::Kind::number) a.category = reference::Type::f64;
}

// Our operators name the dimensions of their indices where ATen's lists have gaps.
void place_dims(const core::OpInfo& op, Prepared& p, const std::vector<std::int64_t>& places) {
  for (std::size_t i = 0; i < op.args.size(); ++i) {
    if (op.args[i].name != "dims") continue;
    p.args[i].value.kind = Argument::Kind::dims;
    p.args[i].value.dims = places;
  }
}

Result<void> place_argument(const core::OpInfo& op, Prepared& p, std::string name, const GoldenValue& v) {
  if (v.ignored || name.starts_with('[')) return {};
  if (name == "{half_to_float}") {
    if (v.value.number == 0) return {};
    GoldenValue f32;
    f32.value.kind = Argument::Kind::dtype;
    f32.value.category = reference::Type::f32;
    return place_argument(op, p, "dtype", f32);
  }
  if (std::find(std::begin(kIgnored), std::end(kIgnored), name) != std::end(kIgnored)) return {};
  for (std::size_t i = 0; i < op.args.size(); ++i) {
    if (op.args[i].name != name) continue;
    PreparedArg& a = p.args[i];
    a.value = v.value;
    conform(op.args[i], a.value);
    if (name == "indices" && !v.places.empty()) place_dims(op, p, v.places);
    // ATen asks for the dtype of an index only when it has elements.
    for (reference::Tensor& t : a.value.tensors) {
      if (op.args[i].index && t.v.empty()) t.type = reference::Type::i64;
    }
    for (std::size_t k = 0; k < a.value.tensors.size(); ++k) {
      const reference::Tensor& t = a.value.tensors[k];
      a.placements.push_back(place_strided(t.shape, v.strides[k], reference::bytes(t.type)));
    }
    return {};
  }
  if (!v.value.given()) return {};  // None for an option that our operator has not
  return unsupported(std::string(op.name) + " has no argument '" + name + "'", FG_R_PARAMETER);
}

// gems::rms_norm normalizes over the weight's shape.
void complete(const core::OpInfo& op, Prepared& p) {
  for (std::size_t i = 0; i < op.args.size(); ++i) {
    if (op.args[i].name != "normalized_shape" || p.args[i].value.given()) continue;
    for (std::size_t k = 0; k < op.args.size(); ++k) {
      if (op.args[k].name != "weight" || !p.args[k].value.given()) continue;
      p.args[i].value.kind = Argument::Kind::dims;
      p.args[i].value.dims = p.args[k].value.tensor().shape;
    }
  }
  count_offset_from_storage(p);  // no oracle for views here
}

}  // namespace

const core::OpInfo* operator_of(std::string_view golden_op) {
  const std::string overload = overload_of(golden_op);
  for (const core::OpInfo& op : core::catalogue()) {
    const auto names = is_gems(golden_op) ? op.gems : op.aten;
    if (std::find(names.begin(), names.end(), overload) != names.end()) return &op;
  }
  return nullptr;
}

Result<Prepared> adapt(const core::OpInfo& op, const GoldenCase& c) {
  const std::string overload = overload_of(c.op);
  const bool gems = is_gems(c.op);
  Prepared p;
  p.op = &op;
  p.args.resize(op.args.size());
  const std::vector<std::string> positions = positions_of(op, overload, gems);
  for (std::size_t i = 0; i < c.args.size(); ++i) {
    if (i >= positions.size())
      return unsupported("more arguments than " + std::string(op.name) + " has", FG_R_PARAMETER);
    FG_TRY(place_argument(op, p, positions[i], c.args[i]));
  }
  for (const auto& [key, value] : c.kwargs) {
    std::string name = key;
    for (const auto& [theirs, ours] : kGemsNames) {
      if (gems && theirs == overload + " " + key) name = ours;
    }
    FG_TRY(place_argument(op, p, name, value));
  }
  complete(op, p);
  const std::string base = overload.substr(0, overload.find('.'));
  const bool in_place = base.ends_with('_') && op.kind != core::Kind::view;
  p.form = in_place || !op.has_functional ? Form::inplace : Form::fresh;
  return p;
}

}  // namespace fg::conformance
