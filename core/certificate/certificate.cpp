// SPDX-License-Identifier: Apache-2.0
#include "core/certificate/certificate.hpp"

#include <fmt/format.h>
#include <sodium/crypto_sign.h>

#include <tuple>
#include <utility>

#include "core/certificate/fields.hpp"
#include "core/config/config.hpp"
#include "core/config/yaml_tree.hpp"
#include "core/registry/sha256.hpp"
#include "fg/sdk/dtype.hpp"

namespace fg::core {
namespace {

static_assert(crypto_sign_PUBLICKEYBYTES == std::tuple_size_v<PublicKey>);
static_assert(crypto_sign_BYTES == std::tuple_size_v<Signature>);

auto order(const CertifiedRow& r) { return std::tie(r.op, r.dtype, r.by); }

// What is wrong with a row; empty when it is right.
std::string row_problem(const CertifiedRow& r) {
  if (r.by != kByPlugin && r.by != kByComposition) {
    return fmt::format("by: '{}', expected {} or {}", r.by.substr(0, 60), kByPlugin, kByComposition);
  }
  if (r.dtype != kNoDtype && !dtype_from_name(r.dtype))
    return fmt::format("dtype: '{}' is none", r.dtype.substr(0, 60));
  if (!is_lower_hex(r.schema, 8)) return "schema: expected 16 lower-case hex digits";
  if (r.passed > r.cases || r.waived > r.cases - r.passed || r.warned > r.passed) {
    return fmt::format("{} passed, {} of them with a warning, and {} waived of {} cases", r.passed, r.warned, r.waived,
                       r.cases);
  }
  return {};
}

// What the kinds of the fields do not say.
std::string content_problem(const Certificate& c) {
  if (c.format != kCertificateFormat) return fmt::format("format: {}, expected {}", c.format, kCertificateFormat);
  if (!is_lower_hex(c.subject.plugin_sha256, 32)) return "subject.plugin_sha256: expected 64 lower-case hex digits";
  if (!is_lower_hex(c.signer, 32)) return "signer: expected 64 lower-case hex digits";
  if (!is_key_name(c.key_name)) return "key_name: expected 1 to 64 letters, digits and ._@+-";
  for (std::size_t i = 0; i < c.operators.size(); ++i) {
    if (const std::string why = row_problem(c.operators[i]); !why.empty())
      return fmt::format("operators[{}].{}", i, why);
    if (i > 0 && order(c.operators[i - 1]) >= order(c.operators[i])) {
      return fmt::format("operators[{}]: {} {} {} is out of order or there twice", i, c.operators[i].op,
                         c.operators[i].dtype, c.operators[i].by);
    }
  }
  return {};
}

struct File {
  JsonValue certificate;
  std::string key, signature;
};

Result<File> parts_of(JsonValue root, const std::string& file) {
  if (root.kind != JsonValue::Kind::object) return invalid(fmt::format("{}: expected an object", file));
  File out;
  for (JsonMember& m : root.members) {
    if (m.key == "certificate") {
      out.certificate = std::move(m.value);
    } else if (m.key != "key" && m.key != "signature") {
      return invalid(fmt::format("{}: {}: is not known", file, m.key.substr(0, 60)));
    } else if (m.value.kind != JsonValue::Kind::text) {
      return invalid(fmt::format("{}: {}: expected text", file, m.key));
    } else {
      (m.key == "key" ? out.key : out.signature) = std::move(m.value.text);
    }
  }
  return out;
}

}  // namespace

std::string certificate_bytes(const Certificate& certificate) { return to_canonical(Writer::json(certificate)); }

std::string certificate_file(const Certificate& certificate, const PublicKey& key, const Signature& signature) {
  JsonValue root = JsonValue::object();
  root.set("certificate", Writer::json(certificate));
  root.set("key", JsonValue::of(hex(key)));
  root.set("signature", JsonValue::of(hex(signature)));
  return to_canonical(root) + "\n";
}

Result<SignedCertificate> parse_certificate(std::string_view text, const std::string& file) {
  if (text.size() > kMaxCertificateBytes)
    return invalid(fmt::format("{}: more than {} bytes", file, kMaxCertificateBytes));
  if (!text.ends_with('\n')) return invalid(fmt::format("{}: expected one line that ends with a line feed", file));
  FG_TRY_ASSIGN(JsonValue root, parse_canonical(text.substr(0, text.size() - 1), file));
  FG_TRY_ASSIGN(const File parts, parts_of(std::move(root), file));
  const auto key = bytes_of_hex<PublicKey>(parts.key);
  if (!key) return invalid(fmt::format("{}: key: expected 64 lower-case hex digits", file));
  const auto signature = bytes_of_hex<Signature>(parts.signature);
  if (!signature) return invalid(fmt::format("{}: signature: expected 128 lower-case hex digits", file));
  const std::string bytes = to_canonical(parts.certificate);
  if (crypto_sign_verify_detached(signature->data(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                                  key->data()) != 0) {
    return invalid(
        fmt::format("{}: signature: is not that of key {} over this certificate: it was changed after it was "
                    "signed, or signed with another key",
                    file, parts.key));
  }
  SignedCertificate out;
  out.key = *key;
  std::string problem;
  Reader reader(parts.certificate, "certificate", problem);
  each_field(reader, out.content);
  reader.finish();
  if (problem.empty()) {
    problem = content_problem(out.content);
    if (!problem.empty()) problem.insert(0, "certificate.");
  }
  if (problem.empty() && out.content.signer != parts.key) problem = "certificate.signer: is not the key that signed";
  if (!problem.empty()) return invalid(fmt::format("{}: {}", file, problem));
  return out;
}

Result<SignedCertificate> read_certificate(const std::string& path) {
  FG_TRY_ASSIGN(const std::string text, read_text_file(path, kMaxCertificateBytes));
  return parse_certificate(text, path);
}

std::string certificate_path(const std::string& plugin_path) { return plugin_stem(plugin_path) + ".cert.json"; }

}  // namespace fg::core
