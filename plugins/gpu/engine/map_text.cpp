// SPDX-License-Identifier: Apache-2.0

#include "plugins/gpu/engine/map_text.hpp"

#include <functional>

#include "fg/sdk/dtype.hpp"
#include "plugins/gpu/engine/fold.hpp"
#include "plugins/gpu/runtime.hpp"

namespace fg::gpu {
namespace {

// Work-items of a group that computes much: more of them finish at different times.
constexpr std::uint32_t kBusyGroup = 128;

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

Result<Printed> print_into(Source& s, const Map& m) {
  FG_TRY_ASSIGN(Printed p,
                print_expr(m.program.view(), {"v", "a", "s", "i", &s.helpers, std::span(m.dtypes).first(m.n_out)}));
  s.functions = p.functions;
  s.divides = p.divides;
  return p;
}

// The parts of a kernel that computes EACH neighbours at once.
struct Pieces {
  std::string load, take, declare, put, store;
};

// `place`: the number of an operand's piece, or of the element that it repeats.
Pieces pieces_of(const Map& m, const Printed& p, std::uint32_t repeated,
                 const std::function<std::string(std::size_t)>& place) {
  const std::int64_t each = piece_elements(m.dtypes);
  Pieces t;
  for (std::size_t k = 0; k < m.n(); ++k) {
    const std::string name = operand_name(m, k), bytes = std::to_string(each * dtype_bytes(m.dtypes[k]));
    const bool pairs = m.dtypes[k] == FG_F16 && each > 1;
    if (k < m.n_out && pairs) {
      t.declare += "LOCAL_ARRAY(f32, w" + name + ", EACH);\n";
      t.put += "w" + name + "[j] = " + stored_text(p.outputs[k], p.types[k], m.dtypes[k]) + ";\n";
      t.store += name + "_store" + bytes + "(" + place(k) + ", " + name + "_whole" + bytes + "(w" + name + "));\n";
      continue;
    }
    if (k < m.n_out) {
      t.declare += "PIECE" + bytes + " w" + name + " = ZERO" + bytes + ";\n";
      t.put += name + "_put" + bytes + "(w" + name + ", j, " + name + "_to(" +
               stored_text(p.outputs[k], p.types[k], m.dtypes[k]) + "));\n";
      t.store += name + "_store" + bytes + "(" + place(k) + ", w" + name + ");\n";
      continue;
    }
    const std::string value = name + "_t a" + std::to_string(k - m.n_out) + " = ";
    if ((repeated >> k & 1u) != 0) {
      t.load += value + name + "_load(" + place(k) + ");\n";
      continue;
    }
    t.load += "PIECE" + bytes + " w" + name + " = " + name + "_load" + bytes + "(" + place(k) + ");\n";
    if (pairs) {
      t.declare +=
          "LOCAL_ARRAY(f32, e" + name + ", EACH);\n" + name + "_all" + bytes + "(w" + name + ", e" + name + ");\n";
      t.take += value + "e" + name + "[j];\n";
      continue;
    }
    t.take += value + name + "_from(" + name + "_of" + bytes + "(w" + name + ", j));\n";
  }
  return t;
}

// One element; `place` of an operand's element.  A copy moves bits, which conversions there and back might change.
std::string element_text(const Map& m, const Printed& p, const std::function<std::string(std::size_t)>& place) {
  if (m.copies) return "y0_put_bits(" + place(0) + ", x0_bits(" + place(1) + "));\n";
  std::string load, store;
  for (std::size_t k = m.n_out; k < m.n(); ++k) {
    const std::string x = operand_name(m, k);
    load += x + "_t a" + std::to_string(k - m.n_out) + " = " + x + "_load(" + place(k) + ");\n";
  }
  for (std::size_t j = 0; j < m.n_out; ++j) {
    store +=
        operand_name(m, j) + "_store(" + place(j) + ", " + stored_text(p.outputs[j], p.types[j], m.dtypes[j]) + ");\n";
  }
  return load + p.statements + store;
}

// A piece of every operand; the arguments of pieces_of().
std::string piece_text(const Map& m, const Printed& p, std::uint32_t repeated,
                       const std::function<std::string(std::size_t)>& place) {
  if (m.copies && repeated == 0) return "y0_store16(" + place(0) + ", x0_load16(" + place(1) + "));\n";
  const Pieces t = pieces_of(m, p, repeated, place);
  return t.load + t.declare + "UNROLL\nfor (i32 j = 0; j < EACH; ++j) {\n" + t.take + p.statements + t.put + "}\n" +
         t.store;
}

}  // namespace

Result<Source> strided_source(const Map& m, int ndim, bool wide) {
  Source s = start(m, wide);
  s.params.push_back({ParamType::idx, "count", 1});
  s.body = "idx at = idx(GROUP_ID) * idx(GROUP_SIZE) + idx(LOCAL_ID);\nif (at < count) {\n";
  const Locate names{"", "at", "o"};
  s.body += locate_text(s, names, ndim, first_n(m.n()));
  s.body += index_text(names, m.index_dims, 0, ndim);
  FG_TRY_ASSIGN(const Printed p, print_into(s, m));
  s.body += element_text(m, p, [](std::size_t k) { return "o" + std::to_string(k); });
  s.body += "}\n";
  return s;
}

Result<Source> dense_source(const Map& m, bool wide, std::int64_t pieces) {
  Source s = start(m, wide);
  s.define("PIECES", pieces);
  s.params.push_back({ParamType::idx, "count", 1});
  s.params.push_back({ParamType::idx, "whole", 1});
  s.define("EACH", piece_elements(m.dtypes));
  FG_TRY_ASSIGN(const Printed p, print_into(s, m));
  if (!p.functions.empty()) s.group_size = kBusyGroup;
  s.body = "idx first = idx(GROUP_ID) * idx(GROUP_SIZE) * idx(PIECES) + idx(LOCAL_ID);\n";
  s.body += "UNROLL\nfor (i32 p = 0; p < PIECES; ++p) {\nidx item = first + idx(p) * idx(GROUP_SIZE);\n";
  s.body += "if (item < whole) {\n" + piece_text(m, p, 0, [](std::size_t) { return std::string("item"); }) + "}\n";
  s.body += "else if (item == whole) {\nfor (idx at = item * idx(EACH); at < count; ++at) {\n" +
            element_text(m, p, [](std::size_t) { return std::string("at"); }) + "}\n}\n}\n";
  return s;
}

Result<Source> rows_source(const Map& m, int ndim, std::uint32_t repeated, bool wide) {
  Source s = start(m, wide);
  s.params.push_back({ParamType::idx, "count", 1});
  s.define("EACH", piece_elements(m.dtypes));
  FG_TRY_ASSIGN(const Printed p, print_into(s, m));
  const auto place = [&](std::size_t k) {
    return "o" + std::to_string(k) + ((repeated >> k & 1u) != 0 ? "" : " / idx(EACH)");
  };
  s.body = "idx at = idx(GROUP_ID) * idx(GROUP_SIZE) + idx(LOCAL_ID);\nif (at < count) {\n" +
           locate_text(s, {"", "at", "o"}, ndim, first_n(m.n())) + piece_text(m, p, repeated, place) + "}\n";
  return s;
}

Result<Source> lines_source(const Map& m, int ndim, std::uint32_t repeated, bool wide) {
  Source s = start(m, wide);
  s.group_size = 1;
  s.busy = true;
  s.define("SEGMENT", kSegment);
  s.params.push_back({ParamType::idx, "length", 1});
  s.params.push_back({ParamType::idx, "segments", 1});
  FG_TRY_ASSIGN(const Printed p, print_into(s, m));
  s.body = "idx line = idx(GROUP_ID) / segments;\n" + locate_text(s, {"", "line", "o"}, ndim - 1, first_n(m.n()));
  s.body += "idx from = (idx(GROUP_ID) - line * segments) * idx(SEGMENT);\n";
  s.body += "idx end = length - from < idx(SEGMENT) ? length : from + idx(SEGMENT);\n";
  s.body += "ANY_ORDER\nfor (idx at = from; at < end; ++at) {\n";
  s.body += element_text(
      m, p, [&](std::size_t k) { return "o" + std::to_string(k) + ((repeated >> k & 1u) != 0 ? "" : " + at"); });
  s.body += "}\n";
  return s;
}

}  // namespace fg::gpu
