// SPDX-License-Identifier: Apache-2.0
//
// The file: round trip, what is refused and with which words.

#include <gmock/gmock.h>

#include "core/certificate/canonical_json.hpp"
#include "core/certificate/mask.hpp"
#include "tests/unit/certificate/signed.hpp"

namespace fg::core::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string error_of(std::string_view text) {
  const auto read = parse_certificate(text, "x.cert.json");
  return read ? "accepted" : read.error().message;
}

// `c` as somebody would sign it who has no checks of his own.
std::string refusal_of(const Certificate& c) { return error_of(signed_file(c, TestKey(1))); }

TEST(CanonicalJson, HasOneSpelling) {
  JsonValue v = JsonValue::object();
  v.set("b", JsonValue::of(-7));
  v.set("a", JsonValue::of("\"\\\n\x01\xc3\xa9"));
  v.set("c", JsonValue::list());
  v.set("b", JsonValue::of(INT64_MAX));
  const std::string text = to_canonical(v);
  EXPECT_EQ(text, "{\"a\":\"\\\"\\\\\\n\\u0001\xc3\xa9\",\"b\":9223372036854775807,\"c\":[]}");
  const auto back = parse_canonical(text, "x");
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(to_canonical(*back), text);
}

TEST(CanonicalJson, RefusesEveryOtherSpelling) {
  const auto why = [](std::string_view text) {
    const auto v = parse_canonical(text, "x");
    return v ? std::string("accepted") : v.error().message;
  };
  for (const char* text : {"{\"a\": 1}", " {}", "{} ", "{\"a\":01}", "{\"a\":-0}", "{\"a\":\"\\u0041\"}",
                           "{\"a\":\"\\/\"}", "[1 ]", "{\"a\":\"\\u00e9\"}", ""}) {
    EXPECT_NE(why(text), "accepted") << text;
  }
  EXPECT_THAT(why("{\"a\": 1}"), HasSubstr("not in canonical form at byte 5"));
  EXPECT_THAT(why("{\"b\":1,\"a\":1}"), HasSubstr("the key 'a' comes behind 'b'"));
  EXPECT_THAT(why("{\"a\":1,\"a\":1}"), HasSubstr("the key 'a' is given twice"));
  EXPECT_THAT(why("{\"a\":0.5}"), HasSubstr("0.5 is not a whole number"));
  EXPECT_THAT(why("[9223372036854775808]"), HasSubstr("more than 2^63 - 1"));
  EXPECT_THAT(why("[true]"), HasSubstr("true and false"));
  EXPECT_THAT(why("[null]"), HasSubstr("null"));
  EXPECT_THAT(why("\"\xff\""), HasSubstr("not JSON at byte"));
  EXPECT_EQ(why("[[[[[[[[]]]]]]]]"), "accepted");
  EXPECT_THAT(why("[[[[[[[[[]]]]]]]]]"), HasSubstr("more than 8 levels"));
  EXPECT_THAT(why("[" + std::string(100'000, '[')), HasSubstr("more than 8 levels"));
}

TEST(Certificate, ComesBackAsItWas) {
  const TestKey key(1);
  Certificate c = sample_certificate();
  const std::string file = signed_file(c, key);
  const auto back = parse_certificate(file, "x.cert.json");
  ASSERT_TRUE(back) << back.error().message;
  c.signer = key.text();
  EXPECT_EQ(certificate_bytes(back->content), certificate_bytes(c));
  EXPECT_EQ(back->key, key.key);
  EXPECT_EQ(back->content.operators[1].waived, 10);
  EXPECT_EQ(back->content.waivers[0].reason, "half a \"tile\" is lost\n");
  EXPECT_EQ(back->content.verdicts.at("WAIVED"), 3);
}

TEST(Certificate, EveryFlippedByteIsRefused) {
  const std::string file = signed_file(sample_certificate(), TestKey(1));
  ASSERT_EQ(error_of(file), "accepted");
  for (std::size_t i = 0; i < file.size(); ++i) {
    for (const int bit : {0, 5}) {  // another digit, and upper for lower case
      std::string changed = file;
      changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
      EXPECT_THAT(error_of(changed), HasSubstr("x.cert.json: ")) << "byte " << i << " bit " << bit;
    }
  }
}

TEST(Certificate, EveryCutAndExtensionIsRefused) {
  const std::string file = signed_file(sample_certificate(), TestKey(1));
  for (std::size_t n = 0; n < file.size(); ++n) EXPECT_NE(error_of(file.substr(0, n)), "accepted") << n;
  EXPECT_NE(error_of(file + "\n"), "accepted");
  EXPECT_NE(error_of(file + " "), "accepted");
  EXPECT_NE(error_of("\xef\xbb\xbf" + file), "accepted");
  EXPECT_THAT(error_of(std::string(kMaxCertificateBytes + 1, ' ')), HasSubstr("more than 4194304 bytes"));
}

TEST(Certificate, AChangeSaysSo) {
  std::string file = signed_file(sample_certificate(), TestKey(1));
  file.replace(file.find("\"passed\":10"), 11, "\"passed\":11");
  EXPECT_THAT(error_of(file),
              AllOf(HasSubstr("signature: is not that of key"), HasSubstr("changed after it was signed")));
}

TEST(Certificate, FieldsAreNamed) {
  const TestKey key(1);
  const auto signed_bytes = [&](JsonValue certificate) {
    const std::string bytes = to_canonical(certificate);
    Signature s{};
    crypto_sign_detached(s.data(), nullptr, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                         key.secret.data());
    JsonValue root = JsonValue::object();
    root.set("certificate", std::move(certificate));
    root.set("key", JsonValue::of(key.text()));
    root.set("signature", JsonValue::of(hex(s)));
    return to_canonical(root) + "\n";
  };
  const auto content = [&] {
    const std::string file = signed_file(sample_certificate(), key);
    return *parse_canonical(file.substr(0, file.size() - 1), "x")->find("certificate");
  };
  JsonValue v = content();
  v.set("colour", JsonValue::of("red"));
  EXPECT_THAT(error_of(signed_bytes(v)), HasSubstr("certificate.colour: is not known"));
  v = content();
  std::erase_if(v.members, [](const JsonMember& m) { return m.key == "started"; });
  EXPECT_THAT(error_of(signed_bytes(v)), HasSubstr("certificate.started: is missing"));
  v = content();
  v.set("started", JsonValue::of(std::int64_t{7}));
  EXPECT_THAT(error_of(signed_bytes(v)), HasSubstr("certificate.started: expected text"));
  v = content();
  v.set("milliseconds", JsonValue::of(std::int64_t{-1}));
  EXPECT_THAT(error_of(signed_bytes(v)), HasSubstr("certificate.milliseconds: expected a number from 0"));
  v = content();
  v.set("subject", JsonValue::of("me"));
  EXPECT_THAT(error_of(signed_bytes(v)), HasSubstr("certificate.subject: expected an object"));
  v = content();
  v.set("operators", JsonValue::object());
  EXPECT_THAT(error_of(signed_bytes(v)), HasSubstr("certificate.operators: expected a list"));
  v = content();
  v.set("started", JsonValue::of(std::string(5000, 'x')));
  EXPECT_THAT(error_of(signed_bytes(v)), HasSubstr("certificate.started: more than 4096 bytes"));
}

TEST(Certificate, ContentsMustMakeSense) {
  const auto with = [](auto change) {
    Certificate c = sample_certificate();
    change(c);
    return refusal_of(c);
  };
  EXPECT_THAT(with([](Certificate& c) { c.format = 2; }), HasSubstr("certificate.format: 2, expected 1"));
  EXPECT_THAT(with([](Certificate& c) { c.subject.plugin_sha256 = "AA"; }), HasSubstr("subject.plugin_sha256"));
  EXPECT_THAT(with([](Certificate& c) { c.key_name = "a b"; }), HasSubstr("certificate.key_name"));
  EXPECT_THAT(with([](Certificate& c) { c.operators[0].dtype = "f33"; }), HasSubstr("operators[0].dtype: 'f33'"));
  EXPECT_THAT(with([](Certificate& c) { c.operators[0].by = "luck"; }), HasSubstr("operators[0].by: 'luck'"));
  EXPECT_THAT(with([](Certificate& c) { c.operators[0].schema = "1"; }), HasSubstr("operators[0].schema"));
  EXPECT_THAT(with([](Certificate& c) { c.operators[0].passed = 11; }), HasSubstr("11 passed"));
  EXPECT_THAT(with([](Certificate& c) { c.operators[0].waived = INT64_MAX; }), HasSubstr("of 10 cases"));
  EXPECT_THAT(with([](Certificate& c) { c.operators[1] = c.operators[0]; }), HasSubstr("out of order or there twice"));
  EXPECT_THAT(with([](Certificate& c) { std::swap(c.operators[0], c.operators[2]); }), HasSubstr("operators[1]"));
}

TEST(Certificate, TheSignerIsPartOfWhatIsSigned) {
  // A certificate of key 1, signed again by key 2: its content still names key 1.
  const TestKey one(1), two(2);
  Certificate c = sample_certificate();
  c.signer = one.text();
  const std::string bytes = certificate_bytes(c);
  Signature s{};
  crypto_sign_detached(s.data(), nullptr, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                       two.secret.data());
  EXPECT_THAT(error_of(certificate_file(c, two.key, s)), HasSubstr("certificate.signer: is not the key that signed"));
}

TEST(Keys, OneLine) {
  const std::string digits(64, '7');
  const auto key = parse_public_key(key_line(kPublicKeyLabel, digits, "acme-2027"), "k.pub");
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_EQ(hex(key->key), digits);
  EXPECT_EQ(key->name, "acme-2027");
  for (const std::string& bad :
       {std::string(), digits, key_line("fg-ed25519-secret", digits, "acme"),
        key_line(kPublicKeyLabel, digits.substr(1), "acme"), key_line(kPublicKeyLabel, digits.substr(1) + "A", "acme"),
        key_line(kPublicKeyLabel, digits, "a b"), key_line(kPublicKeyLabel, digits, "")}) {
    const auto read = parse_public_key(bad, "k.pub");
    ASSERT_FALSE(read) << bad;
    EXPECT_THAT(read.error().message, HasSubstr("k.pub: "));
  }
}

TEST(Mask, ListsWhatPassedUnwaived) {
  const OperatorMask mask(sample_certificate());
  const OpInfo& mm = *find_op("mm");
  EXPECT_EQ(mask.nothing(), "");
  EXPECT_EQ(mask.denial(mm, "f32", kByPlugin), "");
  EXPECT_THAT(mask.denial(mm, "bf16", kByPlugin), HasSubstr("mm of bf16 is waived"));
  EXPECT_THAT(mask.denial(mm, "f16", kByPlugin), HasSubstr("mm of f16 is not in the certificate"));
  EXPECT_THAT(mask.denial(mm, "f32", kByComposition), HasSubstr("mm is not in the certificate"));
  EXPECT_THAT(mask.denial(*find_op("bmm"), "f32", kByPlugin), HasSubstr("bmm is not in the certificate"));
  EXPECT_EQ(mask.denial(mm, kByPlugin), "");
  EXPECT_NE(mask.denial(*find_op("bmm"), kByPlugin), "");
}

TEST(Mask, AnOperatorOfAnotherSchemaIsNotTheOneCertified) {
  Certificate c = sample_certificate();
  c.operators[2].schema = std::string(16, '0');
  EXPECT_THAT(OperatorMask(c).denial(*find_op("mm"), "f32", kByPlugin), HasSubstr("certified with schema 0000"));
  EXPECT_EQ(OperatorMask(c).denial(*find_op("add"), "f32", kByPlugin), "");
}

TEST(Mask, AFirstLookCertifiesNothing) {
  Certificate c = sample_certificate();
  c.subject.tier = "quick";
  EXPECT_THAT(OperatorMask(c).denial(*find_op("mm"), "f32", kByPlugin), HasSubstr("tier quick"));
}

}  // namespace
}  // namespace fg::core::testing
