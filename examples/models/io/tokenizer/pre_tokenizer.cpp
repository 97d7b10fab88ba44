// SPDX-License-Identifier: Apache-2.0

#include "examples/models/io/tokenizer/pre_tokenizer.hpp"

#include <array>
#include <utility>

#include "examples/models/io/tokenizer/byte_level.hpp"
#include "examples/models/io/tokenizer/pattern.hpp"
#include "examples/models/io/tokenizer/stages.hpp"

namespace fg::models {
namespace {

// GPT-2's words: contractions, letters, digits, the rest, and spaces but for the last before a word.
constexpr const char* kGpt2 = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

PreTokenizer by_kind(bool (*kind)(UChar32), SplitBehavior behavior) {
  return
      [=](const Text& piece, bool, std::vector<Text>& out) { split(piece, segments_of(piece, kind), behavior, out); };
}

PreTokenizer by_pattern(Pattern pattern, SplitBehavior behavior, bool invert) {
  return [=, pattern = std::move(pattern)](const Text& piece, bool, std::vector<Text>& out) {
    std::vector<Segment> segments = pattern.segments(piece);
    if (invert) {
      for (Segment& s : segments) s.match = !s.match;
    }
    split(piece, std::move(segments), behavior, out);
  };
}

// One after the other: each sees the pieces of the one before.
PreTokenizer in_turn(std::vector<PreTokenizer> all) {
  return [all = std::move(all)](Text piece, bool first, std::vector<Text>& out) {
    std::vector<Text> pieces{std::move(piece)};
    for (const PreTokenizer& p : all) {
      std::vector<Text> next;
      for (std::size_t i = 0; i < pieces.size(); ++i) p(std::move(pieces[i]), first && i == 0, next);
      pieces = std::move(next);
    }
    for (Text& p : pieces) out.push_back(std::move(p));
  };
}

PreTokenizer read_bert(const Fields&) {
  return in_turn({by_kind(is_space, SplitBehavior::removed), by_kind(is_punctuation, SplitBehavior::isolated)});
}
PreTokenizer read_whitespace_split(const Fields&) { return by_kind(is_space, SplitBehavior::removed); }
// Runs of word characters, and runs of what is neither those nor space.
PreTokenizer read_whitespace(const Fields&) {
  return [spaces = by_kind(is_space, SplitBehavior::removed)](const Text& piece, bool first, std::vector<Text>& out) {
    std::vector<Text> words;
    spaces(piece, first, words);
    for (const Text& w : words) split(w, segments_of(w, is_word), SplitBehavior::contiguous, out);
  };
}
PreTokenizer read_punctuation(const Fields& f) {
  return by_kind(is_punctuation, split_behavior(f, "behavior", SplitBehavior::isolated));
}
PreTokenizer read_digits(const Fields& f) {
  const bool each = f.boolean("individual_digits").value_or(false);
  return by_kind(is_numeric, each ? SplitBehavior::isolated : SplitBehavior::contiguous);
}
PreTokenizer read_split(const Fields& f) {
  f.need("behavior");
  return by_pattern(Pattern::read(f, "pattern"), split_behavior(f, "behavior", SplitBehavior::isolated),
                    f.boolean("invert").value_or(false));
}

Text in_alphabet(const Text& piece) {
  Text out;
  for (const char byte : utf8_of(piece)) out.append(char_of_byte(static_cast<unsigned char>(byte)));
  return out;
}

PreTokenizer read_byte_level(const Fields& f) {
  const bool prefix = f.boolean("add_prefix_space").value_or(true);
  const bool words = f.boolean("use_regex").value_or(true);
  return [prefix, words, pattern = Pattern::regex(kGpt2, f.where())](Text piece, bool, std::vector<Text>& out) {
    if (prefix && !piece.isEmpty() && piece[0] != u' ') piece.insert(0, u' ');
    if (!words) {
      out.push_back(in_alphabet(piece));
      return;
    }
    for (const Segment& s : pattern.segments(piece)) out.push_back(in_alphabet(Text(piece, s.begin, s.end - s.begin)));
  };
}

enum class Scheme : std::uint8_t { always, first, never };

Scheme scheme_of(const Fields& f) {
  if (const auto name = f.text("prepend_scheme")) {
    if (*name == "always") return Scheme::always;
    if (*name == "first") return Scheme::first;
    if (*name != "never") f.wrong("prepend_scheme", *f.find("prepend_scheme"), "always, first or never");
    return Scheme::never;
  }
  return f.boolean("add_prefix_space").value_or(true) ? Scheme::always : Scheme::never;  // Older files.
}

PreTokenizer read_metaspace(const Fields& f) {
  const Text mark = text_of(f.text("replacement").value_or("\u2581"));
  if (mark.countChar32() != 1) f.wrong("replacement", f.need("replacement"), "one character");
  const Scheme scheme = scheme_of(f);
  const bool splits = f.boolean("split").value_or(true);
  return [=, space = Pattern::literal(u" "), marks = Pattern::literal(mark)](Text piece, bool first,
                                                                             std::vector<Text>& out) {
    piece = space.replace(piece, mark);
    const bool prepends = scheme == Scheme::always || (scheme == Scheme::first && first);
    if (prepends && !piece.isEmpty() && !piece.startsWith(mark)) piece.insert(0, mark);
    if (splits) {
      split(piece, marks.segments(piece), SplitBehavior::merged_with_next, out);
    } else if (!piece.isEmpty()) {
      out.push_back(std::move(piece));
    }
  };
}

PreTokenizer read_one(const Fields& f);

PreTokenizer read_sequence(const Fields& f) { return in_turn(read_stages<PreTokenizer>(f, "pretokenizers", read_one)); }

PreTokenizer read_one(const Fields& f) {
  static constexpr std::array<StageKind<PreTokenizer>, 9> kKinds{{
      {"BertPreTokenizer", read_bert},
      {"ByteLevel", read_byte_level},
      {"Split", read_split},
      {"Metaspace", read_metaspace},
      {"Sequence", read_sequence},
      {"Whitespace", read_whitespace},
      {"WhitespaceSplit", read_whitespace_split},
      {"Punctuation", read_punctuation},
      {"Digits", read_digits},
  }};
  return read_stage<PreTokenizer>(f, kKinds);
}

}  // namespace

PreTokenizer read_pre_tokenizer(const Fields& f, const char* key) {
  const auto object = f.object(key);
  if (object) return read_one(*object);
  return [](Text piece, bool, std::vector<Text>& out) {
    if (!piece.isEmpty()) out.push_back(std::move(piece));
  };
}

}  // namespace fg::models
