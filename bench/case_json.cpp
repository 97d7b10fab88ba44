// SPDX-License-Identifier: Apache-2.0

#include "bench/case_json.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

#include "bench/inputs.hpp"
#include "fg/sdk/dtype.hpp"

namespace fg::bench {
namespace {

using Json = nlohmann::ordered_json;
using core::ArgInfo;
using core::ArgType;

Json number(const fg_scalar& x) {
  if (x.kind == FG_SCALAR_BOOL) return x.v.i != 0;
  if (x.kind == FG_SCALAR_INT) return x.v.i;
  if (std::isfinite(x.v.f)) return x.v.f;
  return {{"float", std::isnan(x.v.f) ? "nan" : x.v.f > 0 ? "inf" : "-inf"}};
}

Json tensors(const Case& c, const ArgInfo& info, const core::CaseArg& arg) {
  Json list = Json::array();
  for (std::size_t k = 0; k < arg.shapes.size(); ++k) {
    Json t{{"shape", arg.shapes[k]}, {"dtype", dtype_name(input_dtype(c, info))}};
    if (arg.transposed[k]) t["column_major"] = true;
    if (info.index) t["below"] = position_limit(c);
    list.push_back(std::move(t));
  }
  return list;
}

Json argument(const Case& c, const ArgInfo& info, const core::CaseArg& arg) {
  Json j{{"name", info.name}};
  if (!arg.shapes.empty()) {
    j[info.type == ArgType::tensor_list ? "tensors" : "tensor"] = tensors(c, info, arg);
    if (info.type != ArgType::tensor_list) j["tensor"] = j["tensor"][0];
  } else if (info.type == ArgType::dims || info.type == ArgType::sizes) {
    j["value"] = arg.dims;
  } else if (info.type == ArgType::enum_) {
    j["value"] = info.enum_names[static_cast<std::size_t>(arg.number.v.i)];
  } else if (info.type == ArgType::dtype) {
    j["dtype"] = dtype_name(static_cast<fg_dtype>(arg.number.v.i));
  } else {
    j["value"] = number(arg.number);
  }
  return j;
}

Json to_object(const Case& c) {
  Json j{{"name", c.name}, {"op", c.op->name}, {"dtype", dtype_name(c.dtype)}, {"scaled_by", c.scaled}};
  j["aten"] = std::vector<std::string>(c.op->aten.begin(), c.op->aten.end());
  j["args"] = Json::array();
  for (std::size_t i = 0; i < c.op->args.size(); ++i) {
    if (c.values.args[i].given && c.op->args[i].type != ArgType::generator)
      j["args"].push_back(argument(c, c.op->args[i], c.values.args[i]));
  }
  return j;
}

}  // namespace

std::string case_json(const Case& c) { return to_object(c).dump(); }

std::string cases_json(const std::vector<Case>& cases) {
  Json list = Json::array();
  for (const Case& c : cases) list.push_back(to_object(c));
  return Json{{"cases", list}}.dump(1) + "\n";
}

}  // namespace fg::bench
