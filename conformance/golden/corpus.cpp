// SPDX-License-Identifier: Apache-2.0
//
// Reading a corpus.  Files come from others: every field is checked before it is used.  Cases with
// tensors of dtypes that this project does not have are refused, the others run.

#include "conformance/golden/corpus.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "conformance/cases/operators.hpp"
#include "core/tensor/safetensors.hpp"
#include "fg/sdk/dtype.hpp"

namespace fg::conformance {
namespace {

using nlohmann::json;
using reference::Argument;
using reference::Type;

Result<std::vector<std::byte>> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  if (!in) return fail(FG_E_NOT_FOUND, "golden corpus: cannot read " + path);
  const std::streamoff size = in.tellg();
  std::vector<std::byte> bytes(static_cast<std::size_t>(std::max<std::streamoff>(size, 0)));
  in.seekg(0);
  if (!in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()))) {
    return fail(FG_E_NOT_FOUND, "golden corpus: cannot read " + path);
  }
  return bytes;
}

tl::unexpected<Error> bad(const std::string& what) { return invalid(what); }

Result<Type> type_of(const std::string& name) {
  const std::optional<fg_dtype> dtype = dtype_from_name(name);
  if (!dtype) return unsupported("dtype '" + name + "' is not one of this project", FG_R_DTYPE);
  return to_reference(*dtype);
}

Result<std::vector<std::int64_t>> integers(const json& j, const char* what) {
  if (!j.is_array()) return bad(std::string("'") + what + "' is not a list");
  std::vector<std::int64_t> v;
  for (const json& x : j) {
    if (!x.is_number_integer()) return bad(std::string("'") + what + "' holds something else than integers");
    v.push_back(x.get<std::int64_t>());
  }
  return v;
}

Result<std::string> text(const json& j, const char* key) {
  if (!j.is_object() || !j.contains(key) || !j[key].is_string()) return bad(std::string("no text '") + key + "'");
  return j[key].get<std::string>();
}

}  // namespace

struct Corpus::Data {
  json cases;
  core::SafetensorsFile file;

  Result<reference::Tensor> tensor(const std::string& key) const;
  Result<void> add_tensor(const json& j, GoldenValue& out) const;
  Result<GoldenValue> object(const json& j) const;
  Result<GoldenValue> list(const json& j) const;
  Result<GoldenValue> value(const json& j) const;
  Result<GoldenOutput> output(const json& j) const;
  Result<GoldenCase> load(const json& j) const;
};

Result<reference::Tensor> Corpus::Data::tensor(const std::string& key) const {
  const core::SafetensorsEntry* const entry = file.find(key);
  if (entry == nullptr) return bad("tensors.safetensors has no tensor '" + key + "'");
  if (entry->dtype == 0) return unsupported("dtype '" + entry->dtype_name + "' is not one of this project", FG_R_DTYPE);
  const Type type = to_reference(entry->dtype);
  const std::span<const std::byte> data = file.data(*entry);
  const std::size_t size = reference::bytes(type);
  reference::Tensor t{type, entry->shape, {}};
  t.v.resize(data.size() / size);
  for (std::size_t i = 0; i < t.v.size(); ++i) t.v[i] = reference::load(type, &data[i * size]);
  return t;
}

Result<void> Corpus::Data::add_tensor(const json& j, GoldenValue& out) const {
  FG_TRY_ASSIGN(const std::string key, text(j, "tensor"));
  FG_TRY_ASSIGN(const std::string dtype, text(j, "dtype"));
  FG_TRY_ASSIGN(const Type type, type_of(dtype));
  FG_TRY_ASSIGN(reference::Tensor t, tensor(key));
  FG_TRY_ASSIGN(std::vector<std::int64_t> shape, integers(j.value("shape", json()), "shape"));
  FG_TRY_ASSIGN(std::vector<std::int64_t> stride, integers(j.value("stride", json()), "stride"));
  if (shape != t.shape || stride.size() != shape.size())
    return bad("tensor '" + key + "' has another shape than the case says");
  if (type != t.type) return bad("tensor '" + key + "' has another dtype than the case says");
  for (const std::int64_t s : stride) {
    if (s < 0) return unsupported("a negative stride", FG_R_STRIDE);
  }
  out.value.tensors.push_back(std::move(t));
  out.strides.push_back(std::move(stride));
  return {};
}

Result<GoldenValue> Corpus::Data::object(const json& j) const {
  GoldenValue out;
  if (j.contains("tensor")) {
    out.value.kind = Argument::Kind::tensor;
    FG_TRY(add_tensor(j, out));
  } else if (j.contains("float")) {
    const std::string word = j["float"].is_string() ? j["float"].get<std::string>() : "";
    if (word != "inf" && word != "-inf" && word != "nan") return bad("'float' is none of inf, -inf, nan");
    out.value.kind = Argument::Kind::number;
    out.value.number = word == "nan" ? NAN : word == "inf" ? INFINITY : -INFINITY;
  } else if (j.contains("dtype_arg")) {
    FG_TRY_ASSIGN(const std::string dtype, text(j, "dtype_arg"));
    FG_TRY_ASSIGN(out.value.category, type_of(dtype));
    out.value.kind = Argument::Kind::dtype;
  } else if (j.contains("memory_format") || j.contains("ignored")) {
    out.ignored = true;
  } else {
    return unsupported("an argument of another kind: " + j.dump().substr(0, 80), FG_R_PARAMETER);
  }
  return out;
}

Result<GoldenValue> Corpus::Data::list(const json& j) const {
  GoldenValue out;
  const bool tensors = std::any_of(j.begin(), j.end(), [](const json& x) { return x.is_object(); });
  out.value.kind = tensors ? Argument::Kind::tensors : Argument::Kind::dims;
  std::int64_t place = 0;
  for (const json& x : j) {
    if (tensors && x.is_object() && x.contains("tensor")) {
      FG_TRY(add_tensor(x, out));
      out.places.push_back(place);
      place += out.value.tensors.back().type == Type::boolean
                   ? static_cast<std::int64_t>(out.value.tensors.back().shape.size())
                   : 1;
    } else if (tensors && x.is_null()) {
      ++place;
    } else if (!tensors && (x.is_number_integer() || x.is_boolean())) {
      out.value.dims.push_back(x.is_boolean() ? (x.get<bool>() ? 1 : 0) : x.get<std::int64_t>());
    } else {
      return unsupported("a list of mixed or other values", FG_R_PARAMETER);
    }
  }
  return out;
}

Result<GoldenValue> Corpus::Data::value(const json& j) const {
  GoldenValue out;
  if (j.is_null()) return out;
  if (j.is_object()) return object(j);
  if (j.is_array()) return list(j);
  if (j.is_string()) {
    out.value.kind = Argument::Kind::word;
    out.value.word = j.get<std::string>();
    return out;
  }
  out.value.kind = Argument::Kind::number;
  if (j.is_boolean()) {
    out.value.category = Type::boolean;
    out.value.number = j.get<bool>() ? 1 : 0;
  } else if (j.is_number_integer()) {
    out.value.category = Type::i64;
    out.value.number = static_cast<reference::Real>(j.get<std::int64_t>());
  } else {
    out.value.number = j.get<double>();
  }
  return out;
}

Result<GoldenOutput> Corpus::Data::output(const json& j) const {
  GoldenOutput out;
  if (j.is_boolean()) {  // What ATen returns as a bool, we return as a tensor without dimensions.
    out.declared = Type::boolean;
    out.stored = {Type::boolean, {}, {j.get<bool>() ? reference::Real{1} : reference::Real{0}}};
    return out;
  }
  if (!j.is_object() || !j.contains("tensor")) return out;
  FG_TRY_ASSIGN(const std::string key, text(j, "tensor"));
  FG_TRY_ASSIGN(const std::string dtype, text(j, "dtype"));
  FG_TRY_ASSIGN(out.declared, type_of(dtype));
  FG_TRY_ASSIGN(out.stored, tensor(key));
  FG_TRY_ASSIGN(const std::vector<std::int64_t> shape, integers(j.value("shape", json()), "shape"));
  if (shape != out.stored.shape) return bad("output '" + key + "' has another shape than the case says");
  out.is_tensor = true;
  return out;
}

Result<GoldenCase> Corpus::Data::load(const json& j) const {
  GoldenCase c;
  FG_TRY_ASSIGN(c.id, text(j, "id"));
  FG_TRY_ASSIGN(c.op, text(j, "op"));
  FG_TRY_ASSIGN(c.reference, text(j, "reference"));
  if (c.reference != "float64" && c.reference != "float32")
    return bad("'reference' is '" + c.reference + "', expected float64 or float32");
  if (!j.contains("args") || !j["args"].is_array()) return bad("no list 'args'");
  for (const json& a : j["args"]) {
    FG_TRY_ASSIGN(GoldenValue v, value(a));
    c.args.push_back(std::move(v));
  }
  const json kwargs = j.value("kwargs", json::object());
  for (const auto& [key, a] : kwargs.items()) {
    FG_TRY_ASSIGN(GoldenValue v, value(a));
    c.kwargs.emplace_back(key, std::move(v));
  }
  if (!j.contains("outputs") || !j["outputs"].is_structured()) return bad("no 'outputs'");
  // Results of an in-place call repeat what it left in its arguments.
  const bool has_results = j["outputs"].is_object() && j["outputs"].contains("result0");
  for (const auto& [key, o] : j["outputs"].items()) {
    if (has_results && key.starts_with("mutated.")) continue;
    FG_TRY_ASSIGN(GoldenOutput out, output(o));
    if (j["outputs"].is_object()) out.name = key;
    c.outputs.push_back(std::move(out));
  }
  return c;
}

Corpus::Corpus(std::unique_ptr<Data> data) : data_(std::move(data)) {}
Corpus::~Corpus() = default;
Corpus::Corpus(Corpus&&) noexcept = default;
Corpus& Corpus::operator=(Corpus&&) noexcept = default;

Result<Corpus> Corpus::open(const std::string& folder) {
  FG_TRY_ASSIGN(const std::vector<std::byte> bytes, read_file(folder + "/cases.json"));
  auto file = core::SafetensorsFile::open(folder + "/tensors.safetensors");
  if (!file) return tl::unexpected(std::move(file.error()).while_doing("golden corpus"));
  return parse(bytes, *std::move(file), folder + "/cases.json");
}

Result<Corpus> Corpus::parse(std::span<const std::byte> bytes, core::SafetensorsFile tensors, const std::string& name) {
  const char* begin = reinterpret_cast<const char*>(bytes.data());
  json cases = json::parse(begin, begin + bytes.size(), nullptr, false);
  if (cases.is_discarded() || !cases.is_array()) return invalid("golden corpus: " + name + " is not a JSON list");
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const json& c = cases[i];
    if (!c.is_object() || !text(c, "id") || !text(c, "op")) {
      return invalid("golden corpus: " + name + ": case " + std::to_string(i) + " has no text 'id' or no text 'op'");
    }
  }
  return Corpus(std::make_unique<Data>(Data{std::move(cases), std::move(tensors)}));
}

std::size_t Corpus::size() const { return data_->cases.size(); }
std::string Corpus::id(std::size_t i) const { return data_->cases[i]["id"].get<std::string>(); }
std::string Corpus::op(std::size_t i) const { return data_->cases[i]["op"].get<std::string>(); }

Result<GoldenCase> Corpus::load(std::size_t i) const {
  auto c = data_->load(data_->cases[i]);
  if (!c) return tl::unexpected(std::move(c.error()).while_doing("golden corpus: case " + id(i)));
  return c;
}

}  // namespace fg::conformance
