// SPDX-License-Identifier: Apache-2.0

#include "examples/models/io/tokenizer/unicode.hpp"

#include <unicode/uchar.h>

#include <algorithm>
#include <array>

#include "examples/models/io/error.hpp"

namespace fg::models {
namespace {

bool in_categories(UChar32 c, std::uint32_t mask) { return (U_GET_GC_MASK(c) & mask) != 0; }

struct Range {
  UChar32 first, last;
};
// CJK ideographs as BERT's own tokenizer lists them; the third extension begins at 2B820 in Unicode and
// at 2B920 in the tables that the vocabularies were made with.
constexpr std::array<Range, 8> kChinese{{{0x4E00, 0x9FFF},
                                         {0x3400, 0x4DBF},
                                         {0x20000, 0x2A6DF},
                                         {0x2A700, 0x2B73F},
                                         {0x2B740, 0x2B81F},
                                         {0x2B920, 0x2CEAF},
                                         {0xF900, 0xFAFF},
                                         {0x2F800, 0x2FA1F}}};

}  // namespace

Text text_of(std::string_view utf8) {
  constexpr std::size_t kMaxBytes = std::size_t{1} << 30;  // ICU counts in 32 bits.
  if (utf8.size() > kMaxBytes) refuse(FG_E_INVALID, "a text of more than 1 GiB", FG_R_LIMIT);
  return Text::fromUTF8(icu::StringPiece(utf8.data(), static_cast<std::int32_t>(utf8.size())));
}

std::string utf8_of(const Text& text) {
  std::string out;
  text.toUTF8String(out);
  return out;
}

bool is_space(UChar32 c) { return u_isUWhiteSpace(c) != 0; }
bool is_control(UChar32 c) {
  if (c == '\t' || c == '\n' || c == '\r') return false;
  return in_categories(c, U_GC_CC_MASK | U_GC_CF_MASK | U_GC_CO_MASK | U_GC_CS_MASK);
}
bool is_punctuation(UChar32 c) {
  if (c < 0x80) return c > 0x20 && c < 0x7F && u_isalnum(c) == 0;
  return in_categories(c, U_GC_P_MASK);
}
bool is_numeric(UChar32 c) { return in_categories(c, U_GC_N_MASK); }
bool is_mark(UChar32 c) { return in_categories(c, U_GC_M_MASK); }
bool is_nonspacing_mark(UChar32 c) { return in_categories(c, U_GC_MN_MASK); }
bool is_word(UChar32 c) {
  return u_hasBinaryProperty(c, UCHAR_ALPHABETIC) != 0 || in_categories(c, U_GC_M_MASK | U_GC_ND_MASK | U_GC_PC_MASK) ||
         u_hasBinaryProperty(c, UCHAR_JOIN_CONTROL) != 0;
}
bool is_chinese(UChar32 c) {
  return std::ranges::any_of(kChinese, [c](const Range& r) { return c >= r.first && c <= r.last; });
}

void append_lower(Text& to, UChar32 c) {
  if (c == 0x130) {  // The one character whose lower case is two: i and a dot above.
    to.append(static_cast<UChar32>('i')).append(static_cast<UChar32>(0x307));
  } else {
    to.append(u_tolower(c));
  }
}

}  // namespace fg::models
