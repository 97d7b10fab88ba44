// SPDX-License-Identifier: Apache-2.0
//
// fg.map/1: the program printed into a kernel.  Dense operands are read and written 16 bytes at a
// time, one piece a work-item; others element by element, each found from its place in the space.

#include <algorithm>
#include <memory>

#include "fg/sdk/dtype.hpp"
#include "fg/sdk/tensor_view.hpp"
#include "plugins/gpu/engine/engine.hpp"
#include "plugins/gpu/engine/fold.hpp"
#include "plugins/gpu/engine/operands.hpp"
#include "plugins/gpu/launch.hpp"

namespace fg::gpu {
namespace {

// Letters of functions, times the elements of a piece, beyond which a driver's compiler takes seconds: sin of f16, 34
// 000, took NVIDIA's more than ten.
constexpr std::size_t kMostText = 24'000;

struct Map {
  ProgramCopy program;
  std::size_t n_out = 0, n_in = 0;
  std::vector<fg_dtype> dtypes;  // Outputs, then inputs.
  std::vector<std::uint32_t> index_dims;
  std::vector<ScalarUse> scalars;
  bool heavy = false;  // Too much text to be written out for every element of a piece.
  std::shared_ptr<Variants> variants = std::make_shared<Variants>();

  std::size_t n() const { return n_out + n_in; }
};

std::string operand_name(const Map& m, std::size_t k) {
  return k < m.n_out ? "y" + std::to_string(k) : "x" + std::to_string(k - m.n_out);
}

Source start(const Map& m, bool wide) {
  Source s;
  s.name = "map";
  s.wide_index = wide;
  for (std::size_t k = 0; k < m.n(); ++k) {
    s.buffers.push_back({operand_name(m, k), m.dtypes[k], k < m.n_out ? Access::write : Access::read});
    s.uses_f64 = s.uses_f64 || m.dtypes[k] == FG_F64;
  }
  const fg_expr e = m.program.view();
  for (std::uint32_t k = 0; k < e.n_node; ++k) s.uses_f64 = s.uses_f64 || e.node[k].type == FG_CT_F64;
  add_scalar_params(s, m.scalars);
  return s;
}

// Element by element; `ndim` dimensions.
Result<Source> strided_source(const Map& m, int ndim, bool wide) {
  Source s = start(m, wide);
  s.params.push_back({ParamType::idx, "count", 1});
  s.body = "idx at = idx(GROUP_ID) * idx(GROUP_SIZE) + idx(LOCAL_ID);\nif (at < count) {\n";
  const Locate names{"", "at", "o"};
  s.body += locate_text(s, names, ndim, first_n(m.n()));
  s.body += index_text(names, m.index_dims, 0, ndim);
  for (std::size_t k = 0; k < m.n_in; ++k) {
    const std::string in = std::to_string(k);
    s.body += "x" + in + "_t a" + in + " = x" + in + "_load(o" + std::to_string(m.n_out + k) + ");\n";
  }
  std::vector<std::string> helpers;
  FG_TRY_ASSIGN(const Printed p, print_expr(m.program.view(), {"v", "a", "s", "i", &helpers}));
  s.functions = p.functions;
  s.body += p.statements;
  for (std::size_t j = 0; j < m.n_out; ++j) {
    s.body += "y" + std::to_string(j) + "_store(o" + std::to_string(j) + ", " +
              stored_text(p.outputs[j], p.types[j], m.dtypes[j]) + ");\n";
  }
  s.body += "}\n";
  return s;
}

std::string words_of(std::int64_t bytes) { return std::to_string(bytes); }

// Dense operands, every offset a multiple of 16 bytes.  The last, incomplete piece goes element by element.
Result<Source> dense_source(const Map& m, bool wide) {
  Source s = start(m, wide);
  s.params.push_back({ParamType::idx, "count", 1});
  const std::int64_t each = piece_elements(m.dtypes);
  std::vector<std::string> helpers;
  FG_TRY_ASSIGN(const Printed p, print_expr(m.program.view(), {"v", "a", "s", "i", &helpers}));
  s.functions = p.functions;
  s.define("EACH", each);
  std::string load, take, store, single_load, single_store;
  for (std::size_t k = 0; k < m.n_in; ++k) {
    const std::string x = "x" + std::to_string(k), a = "a" + std::to_string(k);
    const std::int64_t bytes = each * dtype_bytes(m.dtypes[m.n_out + k]);
    load += "PIECE" + words_of(bytes) + " w" + x + " = " + x + "_load" + words_of(bytes) + "(item);\n";
    take += x + "_t " + a + " = " + x + "_from(" + x + "_of" + words_of(bytes) + "(w" + x + ", j));\n";
    single_load += x + "_t " + a + " = " + x + "_load(at);\n";
  }
  std::string declare, put;
  for (std::size_t j = 0; j < m.n_out; ++j) {
    const std::string y = "y" + std::to_string(j);
    const std::int64_t bytes = each * dtype_bytes(m.dtypes[j]);
    declare += "PIECE" + words_of(bytes) + " w" + y + " = ZERO" + words_of(bytes) + ";\n";
    const std::string value = stored_text(p.outputs[j], p.types[j], m.dtypes[j]);
    put += y + "_put" + words_of(bytes) + "(w" + y + ", j, " + y + "_to(" + value + "));\n";
    store += y + "_store" + words_of(bytes) + "(item, w" + y + ");\n";
    single_store += y + "_store(at, " + value + ");\n";
  }
  s.body = "idx item = idx(GROUP_ID) * idx(GROUP_SIZE) + idx(LOCAL_ID);\n";
  s.body += "if (item < count / idx(EACH)) {\n" + load + declare + "UNROLL\nfor (i32 j = 0; j < EACH; ++j) {\n" + take +
            p.statements + put + "}\n" + store + "}\n";
  s.body += "else if (item == count / idx(EACH)) {\nfor (idx at = item * idx(EACH); at < count; ++at) {\n" +
            single_load + p.statements + single_store + "}\n}\n";
  return s;
}

bool aligned16(const fg_launch& l) {
  for (int k = 0; k < l.n_out + l.n_in; ++k) {
    if (l.t[k].byte_offset % 16 != 0) return false;
  }
  return true;
}

bool all_dense(const Walk& w) {
  if (w.ndim != 1) return false;
  return std::all_of(w.stride.begin(), w.stride.end(), [](const auto& s) { return s[0] == 1; });
}

Result<void> launch_map(const Map& m, const sdk::Launch& launch) {
  const fg_launch& l = launch.raw();
  FG_TRY(check_launch("fg.map/1", l, m.n_out, m.n_in));
  const auto* params = static_cast<const fg_map_params*>(l.params);
  if (params == nullptr || (params->scalar == nullptr && !m.scalars.empty())) {
    return invalid("fg.map/1: the parameters or their scalars are NULL", FG_R_NULL_POINTER);
  }
  const std::span<const fg_tensor> t(l.t, m.n());
  const Walk w = walk_of(t, sdk::shape_of(t[0]), 0, m.index_dims.empty());
  if (w.count == 0) return {};
  const bool wide = !fits_index32(t);
  const bool dense = m.index_dims.empty() && !m.heavy && all_dense(w) && aligned16(l);
  const std::uint64_t number = (dense ? 1u : 0u) | (wide ? 2u : 0u) | static_cast<std::uint64_t>(w.ndim) << 2;
  FG_TRY_ASSIGN(const Program* program, m.variants->get(device_of(launch), number, [&] {
    return dense ? dense_source(m, wide) : strided_source(m, w.ndim, wide);
  }));
  std::vector<BufferRef> buffers;
  for (const fg_tensor& x : t) buffers.push_back(ref(x));
  std::vector<Value> values;
  add_scalar_values(values, m.scalars, params->scalar);
  values.emplace_back(w.count);
  if (!dense) add_walk_values(values, w, first_n(m.n()));
  const auto items = static_cast<std::uint64_t>(dense ? w.count / piece_elements(m.dtypes) + 1 : w.count);
  return enqueue(launch, *program, buffers, values, groups_for(items, program->source.group_size));
}

Result<Map> make(const fg_sig& sig) {
  const auto* params = static_cast<const fg_map_params*>(sig.params);
  if (params == nullptr || params->program == nullptr) {
    return invalid("fg.map/1: the signature has no program", FG_R_NULL_POINTER);
  }
  FG_TRY(sdk::check_header(params->hdr, "fg_map_params"));
  const fg_expr& e = *params->program;
  FG_TRY(check_expr(e));
  if (e.n_out != sig.n_out || e.n_in != sig.n_in) {
    return invalid("fg.map/1: the program has " + std::to_string(e.n_out) + " outputs and " + std::to_string(e.n_in) +
                   " inputs, the signature " + std::to_string(sig.n_out) + " and " + std::to_string(sig.n_in));
  }
  Map m;
  m.program = ProgramCopy(e);
  m.n_out = e.n_out;
  m.n_in = e.n_in;
  for (std::size_t k = 0; k < m.n(); ++k) m.dtypes.push_back(sig.t[k].dtype);
  m.index_dims = indices_of(e);
  m.scalars = scalars_of({&e});
  std::vector<std::string> helpers;
  FG_TRY_ASSIGN(const Printed p, print_expr(e, {"v", "a", "s", "i", &helpers}));
  m.heavy = p.functions.size() * static_cast<std::size_t>(piece_elements(m.dtypes)) > kMostText;
  return m;
}

}  // namespace

Result<void> check_map(const fg_sig& sig) {
  if (sig.params == nullptr) return {};  // prepare will see the program
  FG_TRY(make(sig));
  return {};
}

Result<sdk::PreparedKernel> prepare_map(const fg_sig& sig) {
  FG_TRY_ASSIGN(Map m, make(sig));
  return sdk::make_kernel<launch_map>(std::move(m));
}

}  // namespace fg::gpu
