// SPDX-License-Identifier: Apache-2.0

#include "conformance/report/case_json.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "conformance/report/report.hpp"

namespace fg::conformance {
namespace {

using nlohmann::ordered_json;
using reference::Real;

// A worker's sequence is at most a batch of names; nothing honest comes near.
constexpr std::size_t kMaxBytes = std::size_t{1} << 20;
constexpr std::size_t kMaxEntries = 4096;

// --- writing ---------------------------------------------------------------------------------------------

std::string exact_text(Real x) {
  std::array<char, 64> buffer{};
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), x, std::chars_format::hex);
  return {buffer.data(), error == std::errc{} ? end : buffer.data()};
}

ordered_json map_object(const ErrorMap& m) { return {{"rows", m.rows}, {"columns", m.columns}, {"cells", m.cells}}; }

ordered_json mismatch_object(const Mismatch& m) {
  ordered_json j{{"output", m.output},
                 {"dtype", reference::name(m.type)},
                 {"index", m.index},
                 {"got", number_text(m.type, m.got)},
                 {"want", number_text(m.type, m.want)},
                 {"error", static_cast<double>(m.error)},
                 {"allowed", static_cast<double>(m.allowed)},
                 {"exact",
                  {{"got", exact_text(m.got)},
                   {"want", exact_text(m.want)},
                   {"error", exact_text(m.error)},
                   {"allowed", exact_text(m.allowed)}}},
                 {"bad", m.bad},
                 {"total", m.total},
                 {"pattern", m.pattern}};
  if (!m.map.cells.empty()) j["map"] = map_object(m.map);
  return j;
}

// --- reading ---------------------------------------------------------------------------------------------

// The members of one object; errors name them.
class Members {
 public:
  Members(const ordered_json& object, std::string path) : object_(object), path_(std::move(path)) {}

  bool has(const char* key) const { return object_.contains(key); }
  tl::unexpected<Error> wrong(const char* key, std::string_view expected) const {
    const auto found = object_.find(key);
    std::string is = "absent";
    if (found != object_.end()) {
      is = found->dump(-1, ' ', true, ordered_json::error_handler_t::replace);
      if (is.size() > 60) is = is.substr(0, 57) + "...";
    }
    return invalid("case: " + path_ + key + " is " + is + ", expected " + std::string(expected));
  }

  Result<std::string> text(const char* key) const {
    const auto found = object_.find(key);
    if (found == object_.end() || !found->is_string()) return wrong(key, "text");
    return found->get<std::string>();
  }
  Result<double> number(const char* key) const {
    const auto found = object_.find(key);
    if (found == object_.end() || !found->is_number() || !std::isfinite(found->get<double>()))
      return wrong(key, "a finite number");
    return found->get<double>();
  }
  Result<std::int64_t> count(const char* key) const {
    const auto found = object_.find(key);
    const auto value = found == object_.end() ? std::nullopt : count_of(*found);
    if (!value) return wrong(key, "a whole number, 0 or more");
    return *value;
  }
  Result<Real> exact(const char* key) const {
    FG_TRY_ASSIGN(const std::string digits, text(key));
    Real x = 0;
    const char* last = digits.data() + digits.size();
    const auto [end, error] = std::from_chars(digits.data(), last, x, std::chars_format::hex);
    if (error != std::errc{} || end != last) return wrong(key, "a hexadecimal float such as 1.8p+1, inf or nan");
    return x;
  }
  Result<Members> object(const char* key) const {
    const auto found = object_.find(key);
    if (found == object_.end() || !found->is_object()) return wrong(key, "an object");
    return Members(*found, path_ + key + ".");
  }
  // Members of a list, each read by `read`: optional<T>(const ordered_json&).
  template <class T, class F>
  Result<std::vector<T>> list(const char* key, std::string_view of, F&& read) const {
    const auto found = object_.find(key);
    const std::string expected = "a list of at most " + std::to_string(kMaxEntries) + " " + std::string(of);
    if (found == object_.end() || !found->is_array() || found->size() > kMaxEntries) return wrong(key, expected);
    std::vector<T> values;
    for (const ordered_json& entry : *found) {
      std::optional<T> value = read(entry);
      if (!value) return wrong(key, expected);
      values.push_back(std::move(*value));
    }
    return values;
  }
  Result<std::vector<std::int64_t>> counts(const char* key) const {
    return list<std::int64_t>(key, "whole numbers", count_of);
  }
  Result<std::vector<std::string>> texts(const char* key) const {
    return list<std::string>(key, "texts", [](const ordered_json& entry) -> std::optional<std::string> {
      if (!entry.is_string()) return std::nullopt;
      return entry.get<std::string>();
    });
  }

 private:
  static std::optional<std::int64_t> count_of(const ordered_json& j) {
    if (!j.is_number_integer()) return std::nullopt;
    // Above int64 the parser gives unsigned numbers, whose int64 is negative.
    const auto value = j.get<std::int64_t>();
    return value < 0 ? std::nullopt : std::optional(value);
  }

  const ordered_json& object_;
  std::string path_;
};

Result<ErrorMap> read_map(const Members& in) {
  FG_TRY_ASSIGN(const std::int64_t rows, in.count("rows"));
  FG_TRY_ASSIGN(const std::int64_t columns, in.count("columns"));
  ErrorMap m;
  FG_TRY_ASSIGN(m.cells, in.text("cells"));
  if (rows > ErrorMap::kSide) return in.wrong("rows", "at most 48");
  if (columns > ErrorMap::kSide) return in.wrong("columns", "at most 48");
  const bool letters = m.cells.find_first_not_of(kLetters) == std::string::npos;
  if (!letters || m.cells.size() != static_cast<std::size_t>(rows * columns))
    return in.wrong("cells", std::to_string(rows * columns) + " letters of base64");
  m.rows = static_cast<int>(rows);
  m.columns = static_cast<int>(columns);
  return m;
}

Result<Mismatch> read_mismatch(const Members& in) {
  Mismatch m;
  FG_TRY_ASSIGN(const std::int64_t output, in.count("output"));
  m.output = static_cast<std::size_t>(output);
  FG_TRY_ASSIGN(const std::string dtype, in.text("dtype"));
  const auto type = reference::type_from_name(dtype);
  if (!type) return in.wrong("dtype", "a dtype such as f32");
  m.type = *type;
  FG_TRY_ASSIGN(m.index, in.counts("index"));
  FG_TRY_ASSIGN(const Members exact, in.object("exact"));
  FG_TRY_ASSIGN(m.got, exact.exact("got"));
  FG_TRY_ASSIGN(m.want, exact.exact("want"));
  FG_TRY_ASSIGN(m.error, exact.exact("error"));
  FG_TRY_ASSIGN(m.allowed, exact.exact("allowed"));
  FG_TRY_ASSIGN(m.bad, in.count("bad"));
  FG_TRY_ASSIGN(m.total, in.count("total"));
  FG_TRY_ASSIGN(m.pattern, in.text("pattern"));
  if (in.has("map")) {
    FG_TRY_ASSIGN(const Members map, in.object("map"));
    FG_TRY_ASSIGN(m.map, read_map(map));
  }
  return m;
}

Result<CaseResult> read_case(const Members& in) {
  CaseResult r;
  FG_TRY_ASSIGN(r.id, in.text("id"));
  FG_TRY_ASSIGN(r.op, in.text("op"));
  FG_TRY_ASSIGN(const std::string verdict, in.text("verdict"));
  const auto known = verdict_of(verdict);
  if (!known) return in.wrong("verdict", "a verdict such as PASS");
  r.verdict = *known;
  FG_TRY_ASSIGN(r.milliseconds, in.number("ms"));
  if (in.has("error_ratio")) {
    FG_TRY_ASSIGN(r.ratio, in.number("error_ratio"));
  }
  if (in.has("class")) {
    FG_TRY_ASSIGN(r.accuracy, in.text("class"));
  }
  if (in.has("text")) {
    FG_TRY_ASSIGN(r.text, in.text("text"));
  }
  if (in.has("phase")) {
    FG_TRY_ASSIGN(r.phase, in.text("phase"));
  }
  if (in.has("sequence")) {
    FG_TRY_ASSIGN(r.sequence, in.texts("sequence"));
  }
  if (in.has("mismatch")) {
    FG_TRY_ASSIGN(const Members mismatch, in.object("mismatch"));
    FG_TRY_ASSIGN(r.mismatch, read_mismatch(mismatch));
  }
  return r;
}

}  // namespace

ordered_json case_object(const CaseResult& r) {
  ordered_json j{{"id", r.id}, {"op", r.op}, {"verdict", name(r.verdict)}, {"ms", r.milliseconds}};
  if (passes(r.verdict) || r.ratio > 0) j["error_ratio"] = r.ratio;
  if (!r.accuracy.empty()) j["class"] = r.accuracy;
  if (!r.text.empty()) j["text"] = r.text;
  if (!r.phase.empty()) j["phase"] = r.phase;
  if (!r.sequence.empty()) j["sequence"] = r.sequence;
  if (r.mismatch) j["mismatch"] = mismatch_object(*r.mismatch);
  return j;
}

std::string to_json(const CaseResult& result) {
  return case_object(result).dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

Result<CaseResult> case_of(const ordered_json& object) {
  if (!object.is_object()) return invalid(std::string("case: ") + object.type_name() + ", expected an object");
  return read_case(Members(object, ""));
}

Result<CaseResult> case_from_json(std::string_view text) {
  if (text.size() > kMaxBytes) {
    return invalid("case: " + std::to_string(text.size()) + " bytes of JSON, expected at most " +
                   std::to_string(kMaxBytes));
  }
  const ordered_json j = ordered_json::parse(text, nullptr, false);
  if (j.is_discarded()) return invalid("case: not JSON: " + std::string(text.substr(0, 60)));
  return case_of(j);
}

}  // namespace fg::conformance
