// SPDX-License-Identifier: Apache-2.0
//
// Read event by event, so that depth and duplicate keys are seen; then written again and compared,
// so that nothing else than the canonical spelling passes.

#include "core/certificate/canonical_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/trace/json_text.hpp"

namespace fg::core {
namespace {

std::vector<JsonMember>::const_iterator place_of(const std::vector<JsonMember>& members, std::string_view key) {
  return std::lower_bound(members.begin(), members.end(), key,
                          [](const JsonMember& m, std::string_view k) { return m.key < k; });
}

void append(std::string& out, const JsonValue& v) {
  switch (v.kind) {
    case JsonValue::Kind::text: append_json_string(out, v.text); return;
    case JsonValue::Kind::integer: out += std::to_string(v.integer); return;
    case JsonValue::Kind::list:
      for (const JsonValue& item : v.items) {
        out += &item == v.items.data() ? '[' : ',';
        append(out, item);
      }
      out += v.items.empty() ? "[]" : "]";
      return;
    case JsonValue::Kind::object:
      for (const JsonMember& m : v.members) {
        out += &m == v.members.data() ? '{' : ',';
        append_json_string(out, m.key);
        out += ':';
        append(out, m.value);
      }
      out += v.members.empty() ? "{}" : "}";
  }
}

class TreeBuilder : public nlohmann::json_sax<nlohmann::json> {
 public:
  JsonValue root;
  std::string problem;

  bool null() override { return refuse("null is no value here"); }
  bool boolean(bool) override { return refuse("true and false are no values here"); }
  bool number_float(double, const std::string& text) override {
    return refuse(fmt::format("{} is not a whole number of 64 bits", text));
  }
  bool binary(nlohmann::json::binary_t&) override { return refuse("binary data"); }
  bool number_integer(std::int64_t v) override { return put(JsonValue::of(v)); }
  bool number_unsigned(std::uint64_t v) override {
    if (v > static_cast<std::uint64_t>(INT64_MAX)) return refuse(fmt::format("{} is more than 2^63 - 1", v));
    return put(JsonValue::of(static_cast<std::int64_t>(v)));
  }
  bool string(std::string& text) override { return put(JsonValue::of(text)); }
  bool start_object(std::size_t) override { return open(JsonValue::object()); }
  bool start_array(std::size_t) override { return open(JsonValue::list()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(std::string& text) override {
    JsonValue& top = open_.back();
    if (!top.members.empty()) {
      const std::string& last = top.members.back().key;
      if (text == last) return refuse(fmt::format("the key {} is given twice", shown(text)));
      if (text < last) return refuse(fmt::format("the key {} comes behind {}", shown(text), shown(last)));
    }
    top.members.push_back({text, {}});
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    problem = fmt::format("not JSON at byte {}", position);
    return false;
  }

 private:
  static std::string shown(std::string_view text) { return fmt::format("'{}'", text.substr(0, 60)); }
  bool refuse(std::string why) {
    problem = std::move(why);
    return false;
  }
  bool put(JsonValue value) {
    if (++values_ > kMaxJsonValues) return refuse(fmt::format("more than {} values", kMaxJsonValues));
    if (open_.empty()) {
      root = std::move(value);
    } else if (open_.back().kind == JsonValue::Kind::object) {
      open_.back().members.back().value = std::move(value);
    } else {
      open_.back().items.push_back(std::move(value));
    }
    return true;
  }
  bool open(JsonValue value) {
    if (open_.size() == kMaxJsonDepth) return refuse(fmt::format("more than {} levels", kMaxJsonDepth));
    open_.push_back(std::move(value));
    return true;
  }
  bool close() {
    JsonValue done = std::move(open_.back());
    open_.pop_back();
    return put(std::move(done));
  }

  std::vector<JsonValue> open_;
  std::size_t values_ = 0;
};

}  // namespace

JsonValue JsonValue::of(std::string_view text) {
  JsonValue v;
  v.text = text;
  return v;
}
JsonValue JsonValue::of(std::int64_t number) {
  JsonValue v;
  v.kind = Kind::integer;
  v.integer = number;
  return v;
}
JsonValue JsonValue::list() {
  JsonValue v;
  v.kind = Kind::list;
  return v;
}
JsonValue JsonValue::object() {
  JsonValue v;
  v.kind = Kind::object;
  return v;
}

const JsonValue* JsonValue::find(std::string_view key) const {
  const auto at = place_of(members, key);
  return at != members.end() && at->key == key ? &at->value : nullptr;
}

void JsonValue::set(std::string_view key, JsonValue value) {
  const auto at = members.begin() + (place_of(members, key) - members.begin());
  if (at != members.end() && at->key == key) {
    at->value = std::move(value);
  } else {
    members.insert(at, {std::string(key), std::move(value)});
  }
}

std::string to_canonical(const JsonValue& value) {
  std::string out;
  append(out, value);
  return out;
}

Result<JsonValue> parse_canonical(std::string_view text, const std::string& name) {
  TreeBuilder builder;
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &builder)) {
    return invalid(fmt::format("{}: {}", name, builder.problem));
  }
  const std::string again = to_canonical(builder.root);
  if (again == text) return std::move(builder.root);
  const auto differs = std::mismatch(again.begin(), again.end(), text.begin(), text.end());
  return invalid(
      fmt::format("{}: not in canonical form at byte {}: expected sorted keys, no blanks and the shortest "
                  "spelling of every text and number",
                  name, differs.first - again.begin()));
}

}  // namespace fg::core
