// SPDX-License-Identifier: Apache-2.0

#include "examples/models/io/tokenizer/pattern.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "examples/models/io/error.hpp"

namespace fg::models {
namespace {

constexpr std::int32_t kMaxPattern = 10'000;    // Units.
constexpr std::int32_t kMaxReplaced = 1 << 26;  // Units: replacements in a row multiply.
// ICU counts steps of 10,000 operations.  The expressions in use need some 50 operations for a character.
constexpr std::int32_t kTimeLimit = 200, kTimePerChars = 50;
constexpr std::int32_t kStackLimit = 32'000'000;  // Bytes, for what backtracking remembers.

// The expressions are written for Oniguruma, whose \s and \w are wider than ICU's.
Text as_icu(const Text& pattern) {
  Text out;
  for (std::int32_t i = 0; i < pattern.length(); ++i) {
    if (pattern[i] != u'\\' || i + 1 == pattern.length()) {
      out.append(pattern[i]);
      continue;
    }
    switch (pattern[++i]) {
      case u's': out.append(u"\\p{White_Space}", -1); break;
      case u'S': out.append(u"\\P{White_Space}", -1); break;
      case u'w': out.append(u"[\\p{Alphabetic}\\p{M}\\p{N}\\p{Pc}]", -1); break;
      case u'W': out.append(u"[^\\p{Alphabetic}\\p{M}\\p{N}\\p{Pc}]", -1); break;
      default: out.append(u'\\').append(pattern[i]);
    }
  }
  return out;
}

void check(UErrorCode status, const std::string& where) {
  if (U_SUCCESS(status)) return;
  if (status == U_REGEX_TIME_OUT || status == U_REGEX_STACK_OVERFLOW)
    refuse(FG_E_UNSUPPORTED, where + ": the expression takes too long on this text", FG_R_LIMIT);
  refuse(FG_E_INVALID, fmt::format("{}: {}", where, u_errorName(status)));
}

void add_rest(std::vector<Segment>& segments, std::int32_t begin, std::int32_t end) {
  if (begin != end) segments.push_back({begin, end, false});
}

// Joins a segment with the one before it where `joins` says so.
template <class F>
std::vector<Segment> joined(const std::vector<Segment>& segments, F&& joins) {
  std::vector<Segment> out;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (i > 0 && joins(segments[i - 1], segments[i])) {
      out.back().end = segments[i].end;
    } else {
      out.push_back(segments[i]);
    }
  }
  return out;
}

struct BehaviorName {
  std::string_view name;
  SplitBehavior behavior;
};
constexpr std::array<BehaviorName, 5> kBehaviors{{{"Removed", SplitBehavior::removed},
                                                  {"Isolated", SplitBehavior::isolated},
                                                  {"MergedWithPrevious", SplitBehavior::merged_with_previous},
                                                  {"MergedWithNext", SplitBehavior::merged_with_next},
                                                  {"Contiguous", SplitBehavior::contiguous}}};

}  // namespace

SplitBehavior split_behavior(const Fields& f, const char* key, SplitBehavior otherwise) {
  const auto name = f.text(key);
  if (!name) return otherwise;
  const auto it = std::ranges::find(kBehaviors, std::string_view(*name), &BehaviorName::name);
  if (it == kBehaviors.end())
    f.wrong(key, *f.find(key), "Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous");
  return it->behavior;
}

Pattern Pattern::read(const Fields& f, const char* key) {
  const Fields pattern = f.need_object(key);
  if (const auto text = pattern.text("String")) {
    if (text->empty()) pattern.wrong("String", "", "some text");
    return literal(text_of(*text));
  }
  return regex(pattern.need_text("Regex"), pattern.at("Regex"));
}

Pattern Pattern::literal(const Text& text) {
  Pattern p;
  p.literal_ = text;
  return p;
}

Pattern Pattern::regex(const std::string& text, const std::string& where) {
  const Text given = text_of(text);
  if (given.length() > kMaxPattern)
    refuse(FG_E_INVALID, fmt::format("{}: an expression longer than {}", where, kMaxPattern), FG_R_LIMIT);
  Pattern p;
  p.where_ = where;
  UErrorCode status = U_ZERO_ERROR;
  UParseError at{};
  // Oniguruma's ^ and $ see every line, and only a line feed ends one.
  p.regex_.reset(icu::RegexPattern::compile(as_icu(given), UREGEX_MULTILINE | UREGEX_UNIX_LINES, at, status));
  if (U_FAILURE(status))
    refuse(FG_E_INVALID, fmt::format("{} is {}, not an expression: {}", where, in_quotes(text), u_errorName(status)));
  return p;
}

std::vector<Segment> Pattern::segments(const Text& text) const {
  std::vector<Segment> found;
  std::int32_t at = 0;
  if (!regex_) {
    for (std::int32_t i = 0; (i = text.indexOf(literal_, at)) >= 0; at = i + literal_.length()) {
      add_rest(found, at, i);
      found.push_back({i, i + literal_.length(), true});
    }
    add_rest(found, at, text.length());
    return found;
  }
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<icu::RegexMatcher> matcher(regex_->matcher(text, status));
  check(status, where_);
  matcher->setTimeLimit(kTimeLimit + text.length() / kTimePerChars, status);
  matcher->setStackLimit(kStackLimit, status);
  while (matcher->find(status) && U_SUCCESS(status)) {
    const std::int32_t begin = matcher->start(status), end = matcher->end(status);
    add_rest(found, at, begin);
    if (begin != end) found.push_back({begin, end, true});
    at = end;
  }
  check(status, where_);
  add_rest(found, at, text.length());
  return found;
}

Text Pattern::replace(const Text& text, const Text& content) const {
  Text out;
  for (const Segment& s : segments(text)) {
    if (s.match) {
      out.append(content);
    } else {
      out.append(text, s.begin, s.end - s.begin);
    }
    if (out.length() > kMaxReplaced)
      refuse(FG_E_INVALID, fmt::format("a replacement makes a text of more than {} characters", kMaxReplaced),
             FG_R_LIMIT);
  }
  return out;
}

std::vector<Segment> segments_of(const Text& text, const std::function<bool(UChar32)>& kind) {
  std::vector<Segment> found;
  std::int32_t at = 0;
  for_each_char(text, [&](UChar32 c, std::int32_t begin, std::int32_t end) {
    if (!kind(c)) return;
    add_rest(found, at, begin);
    found.push_back({begin, end, true});
    at = end;
  });
  add_rest(found, at, text.length());
  return found;
}

void split(const Text& text, std::vector<Segment> segments, SplitBehavior behavior, std::vector<Text>& out) {
  switch (behavior) {
    case SplitBehavior::isolated: break;
    case SplitBehavior::removed: std::erase_if(segments, [](const Segment& s) { return s.match; }); break;
    case SplitBehavior::contiguous:
      segments = joined(segments, [](const Segment& a, const Segment& b) { return a.match == b.match; });
      break;
    case SplitBehavior::merged_with_previous:
      segments = joined(segments, [](const Segment& a, const Segment& b) { return b.match && !a.match; });
      break;
    case SplitBehavior::merged_with_next:
      segments = joined(segments, [](const Segment& a, const Segment& b) { return a.match && !b.match; });
      break;
  }
  for (const Segment& s : segments) out.emplace_back(text, s.begin, s.end - s.begin);
}

}  // namespace fg::models
