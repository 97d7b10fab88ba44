// SPDX-License-Identifier: Apache-2.0
//
// The members of a certificate by their names, listed once: a Writer makes JSON of them, a Reader
// fills them and refuses what is missing, unknown or of another kind.

#ifndef FG_CORE_CERTIFICATE_FIELDS_HPP_
#define FG_CORE_CERTIFICATE_FIELDS_HPP_

#include <fmt/format.h>

#include <concepts>
#include <set>
#include <type_traits>

#include "core/certificate/canonical_json.hpp"
#include "core/certificate/certificate.hpp"

namespace fg::core {

template <class R, class T>
concept Record = std::same_as<std::remove_const_t<R>, T>;

template <class V, Record<CertifiedRow> R>
void each_field(V& v, R& r) {
  v.field("accuracy", r.accuracy);
  v.field("by", r.by);
  v.field("cases", r.cases);
  v.field("dtype", r.dtype);
  v.field("op", r.op);
  v.field("passed", r.passed);
  v.field("schema", r.schema);
  v.field("waived", r.waived);
  v.field("warned", r.warned);
  v.field("worst", r.worst);
}

template <class V, Record<CertifiedWaiver> R>
void each_field(V& v, R& r) {
  v.field("cases", r.cases);
  v.field("expires", r.expires);
  v.field("issue", r.issue);
  v.field("owner", r.owner);
  v.field("reason", r.reason);
  v.field("verdicts", r.verdicts);
  v.field("waived", r.waived);
}

template <class V, Record<CertifiedSubject> R>
void each_field(V& v, R& r) {
  v.field("abi", r.abi);
  v.field("arch", r.arch);
  v.field("build_id", r.build_id);
  v.field("catalogue", r.catalogue);
  v.field("description", r.description);
  v.field("device", r.device);
  v.field("device_uuid", r.device_uuid);
  v.field("driver", r.driver);
  v.field("operators", r.operators);
  v.field("os", r.os);
  v.field("plan_root", r.plan_root);
  v.field("planned", r.planned);
  v.field("plugin", r.plugin);
  v.field("plugin_sha256", r.plugin_sha256);
  v.field("plugin_version", r.plugin_version);
  v.field("processor", r.processor);
  v.field("profile", r.profile);
  v.field("seed", r.seed);
  v.field("suite", r.suite);
  v.field("tier", r.tier);
}

template <class V, Record<Certificate> R>
void each_field(V& v, R& r) {
  v.field("format", r.format);
  v.field("journal_head", r.journal_head);
  v.field("journal_lines", r.journal_lines);
  v.field("key_name", r.key_name);
  v.field("milliseconds", r.milliseconds);
  v.field("operators", r.operators);
  v.field("signer", r.signer);
  v.field("started", r.started);
  v.field("subject", r.subject);
  v.field("verdicts", r.verdicts);
  v.field("waivers", r.waivers);
}

class Writer {
 public:
  JsonValue object = JsonValue::object();

  template <class T>
  void field(std::string_view key, const T& value) {
    object.set(key, json(value));
  }
  static JsonValue json(const std::string& text) { return JsonValue::of(text); }
  static JsonValue json(std::int64_t number) { return JsonValue::of(number); }
  static JsonValue json(const std::map<std::string, std::int64_t>& counts) {
    JsonValue v = JsonValue::object();
    for (const auto& [key, n] : counts) v.set(key, JsonValue::of(n));
    return v;
  }
  template <class T>
  static JsonValue json(const std::vector<T>& list) {
    JsonValue v = JsonValue::list();
    for (const T& item : list) v.items.push_back(json(item));
    return v;
  }
  template <class T>
  static JsonValue json(const T& record) {
    Writer w;
    each_field(w, record);
    return std::move(w.object);
  }
};

class Reader {
 public:
  // `path`: "certificate.subject", for messages.  The first problem stays.
  Reader(const JsonValue& object, std::string path, std::string& problem)
      : object_(object), path_(std::move(path)), problem_(problem) {
    if (object.kind != JsonValue::Kind::object) complain(path_, "expected an object");
  }

  template <class T>
  void field(std::string_view key, T& value) {
    known_.insert(std::string(key));
    const std::string where = fmt::format("{}.{}", path_, key);
    if (const JsonValue* v = object_.find(key)) {
      read(*v, where, value);
    } else {
      complain(where, "is missing");
    }
  }
  // After the last field.
  void finish() {
    for (const JsonMember& m : object_.members) {
      if (!known_.contains(m.key)) complain(fmt::format("{}.{}", path_, m.key.substr(0, 60)), "is not known");
    }
  }

 private:
  static constexpr std::size_t kMaxText = 4096;

  void complain(const std::string& where, std::string_view what) {
    if (problem_.empty()) problem_ = fmt::format("{}: {}", where, what);
  }
  void read(const JsonValue& v, const std::string& where, std::string& text) {
    if (v.kind != JsonValue::Kind::text) return complain(where, "expected text");
    if (v.text.size() > kMaxText) return complain(where, fmt::format("more than {} bytes", kMaxText));
    text = v.text;
  }
  void read(const JsonValue& v, const std::string& where, std::int64_t& number) {
    if (v.kind != JsonValue::Kind::integer || v.integer < 0) return complain(where, "expected a number from 0");
    number = v.integer;
  }
  void read(const JsonValue& v, const std::string& where, std::map<std::string, std::int64_t>& counts) {
    if (v.kind != JsonValue::Kind::object) return complain(where, "expected an object of numbers");
    for (const JsonMember& m : v.members)
      read(m.value, fmt::format("{}.{}", where, m.key.substr(0, 60)), counts[m.key]);
  }
  template <class T>
  void read(const JsonValue& v, const std::string& where, std::vector<T>& list) {
    if (v.kind != JsonValue::Kind::list) return complain(where, "expected a list");
    for (const JsonValue& item : v.items) {
      if (!problem_.empty()) return;
      const std::string place = fmt::format("{}[{}]", where, list.size());
      read(item, place, list.emplace_back());
    }
  }
  template <class T>
  void read(const JsonValue& v, const std::string& where, T& record) {
    Reader r(v, where, problem_);
    each_field(r, record);
    r.finish();
  }

  const JsonValue& object_;
  std::string path_;
  std::string& problem_;
  std::set<std::string, std::less<>> known_;
};

}  // namespace fg::core

#endif  // FG_CORE_CERTIFICATE_FIELDS_HPP_
