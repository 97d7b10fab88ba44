// SPDX-License-Identifier: Apache-2.0

#include "examples/models/io/tokenizer/normalizer.hpp"

#include <unicode/normalizer2.h>

#include <array>
#include <utility>
#include <vector>

#include "examples/models/io/error.hpp"
#include "examples/models/io/tokenizer/pattern.hpp"
#include "examples/models/io/tokenizer/stages.hpp"

namespace fg::models {
namespace {

using Form = const icu::Normalizer2* (*)(UErrorCode&);

void normalise(Text& text, Form form) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* const normalizer = form(status);
  if (U_SUCCESS(status)) text = normalizer->normalize(text, status);
  if (U_FAILURE(status)) refuse(FG_E_INTERNAL, std::string("normalisation: ") + u_errorName(status));
}

template <icu::Normalizer2 const* (*form)(UErrorCode&)>
Normalizer read_form(const Fields&) {
  return [](Text& text) { normalise(text, form); };
}

template <class F>
void keep(Text& text, F&& keeps) {
  Text out;
  for_each_char(text, [&](UChar32 c, std::int32_t, std::int32_t) {
    if (keeps(c)) out.append(c);
  });
  text = std::move(out);
}

void lower(Text& text) {
  Text out;
  for_each_char(text, [&](UChar32 c, std::int32_t, std::int32_t) { append_lower(out, c); });
  text = std::move(out);
}

// No control characters, every space a plain one.
void clean(Text& text) {
  Text out;
  for_each_char(text, [&](UChar32 c, std::int32_t, std::int32_t) {
    if (c == 0 || c == 0xFFFD || is_control(c)) return;
    out.append(is_space(c) ? static_cast<UChar32>(' ') : c);
  });
  text = std::move(out);
}

void set_apart_chinese(Text& text) {
  Text out;
  for_each_char(text, [&](UChar32 c, std::int32_t, std::int32_t) {
    const bool apart = is_chinese(c);
    if (apart) out.append(u' ');
    out.append(c);
    if (apart) out.append(u' ');
  });
  text = std::move(out);
}

Normalizer read_bert(const Fields& f) {
  const bool cleans = f.boolean("clean_text").value_or(true);
  const bool chinese = f.boolean("handle_chinese_chars").value_or(true);
  const bool lowers = f.boolean("lowercase").value_or(true);
  const bool strips = f.boolean("strip_accents").value_or(lowers);
  return [=](Text& text) {
    if (cleans) clean(text);
    if (chinese) set_apart_chinese(text);
    if (strips) {
      normalise(text, icu::Normalizer2::getNFDInstance);
      keep(text, [](UChar32 c) { return !is_nonspacing_mark(c); });
    }
    if (lowers) lower(text);
  };
}

Normalizer read_lowercase(const Fields&) { return lower; }
Normalizer read_strip_accents(const Fields&) {
  return [](Text& text) { keep(text, [](UChar32 c) { return !is_mark(c); }); };
}

Normalizer read_strip(const Fields& f) {
  const bool left = f.boolean("strip_left").value_or(true), right = f.boolean("strip_right").value_or(true);
  return [=](Text& text) {
    std::int32_t begin = 0, end = text.length();
    while (left && begin < end && is_space(text.char32At(begin))) ++begin;  // Spaces are single units.
    while (right && end > begin && is_space(text[end - 1])) --end;
    text = Text(text, begin, end - begin);
  };
}

Normalizer read_prepend(const Fields& f) {
  const Text prefix = text_of(f.need_text("prepend"));
  return [prefix](Text& text) {
    if (!text.isEmpty()) text.insert(0, prefix);
  };
}

Normalizer read_replace(const Fields& f) {
  const Pattern pattern = Pattern::read(f, "pattern");
  const Text content = text_of(f.need_text("content"));
  return [pattern, content](Text& text) { text = pattern.replace(text, content); };
}

Normalizer read_one(const Fields& f);

Normalizer read_sequence(const Fields& f) {
  return [all = read_stages<Normalizer>(f, "normalizers", read_one)](Text& text) {
    for (const Normalizer& n : all) n(text);
  };
}

Normalizer read_one(const Fields& f) {
  static constexpr std::array<StageKind<Normalizer>, 11> kKinds{{
      {"BertNormalizer", read_bert},
      {"Sequence", read_sequence},
      {"NFC", read_form<icu::Normalizer2::getNFCInstance>},
      {"NFD", read_form<icu::Normalizer2::getNFDInstance>},
      {"NFKC", read_form<icu::Normalizer2::getNFKCInstance>},
      {"NFKD", read_form<icu::Normalizer2::getNFKDInstance>},
      {"Lowercase", read_lowercase},
      {"StripAccents", read_strip_accents},
      {"Strip", read_strip},
      {"Prepend", read_prepend},
      {"Replace", read_replace},
  }};
  return read_stage<Normalizer>(f, kKinds);
}

}  // namespace

Normalizer read_normalizer(const Fields& f, const char* key) {
  const auto object = f.object(key);
  return object ? read_one(*object) : [](Text&) {};
}

}  // namespace fg::models
