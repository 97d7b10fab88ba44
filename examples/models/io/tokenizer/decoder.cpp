// SPDX-License-Identifier: Apache-2.0

#include "examples/models/io/tokenizer/decoder.hpp"

#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "examples/models/io/tokenizer/byte_level.hpp"
#include "examples/models/io/tokenizer/pattern.hpp"
#include "examples/models/io/tokenizer/stages.hpp"

namespace fg::models {
namespace {

using Tokens = std::vector<std::string>;

constexpr const char* kReplacement = "\xEF\xBF\xBD";  // U+FFFD

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  std::size_t found = text.find(from);
  if (found == std::string::npos) return;
  std::string out;
  std::size_t at = 0;
  for (; found != std::string::npos; at = found + from.size(), found = text.find(from, at))
    out.append(text, at, found - at).append(to);
  text = out.append(text, at);
}

void fuse(Tokens& tokens) {
  std::string all;
  for (const std::string& token : tokens) all += token;
  tokens.assign(1, std::move(all));
}

// A token with a character of no byte, as added tokens have, stands for itself.
void append_bytes(const std::string& token, std::string& to) {
  std::string bytes;
  bool all = true;
  for_each_char(text_of(token), [&](UChar32 c, std::int32_t, std::int32_t) {
    const auto byte = byte_of_char(c);
    all = all && byte;
    if (byte) bytes += static_cast<char>(*byte);
  });
  to += all ? bytes : token;
}

Decoder read_byte_level(const Fields&) {
  return [](Tokens& tokens) {
    std::string bytes;
    for (const std::string& token : tokens) append_bytes(token, bytes);
    tokens.assign(1, utf8_of(text_of(bytes)));  // Bytes that are no UTF-8 become U+FFFD.
  };
}

// <0xE2>
std::optional<char> byte_token(const std::string& token) {
  if (token.size() != 6 || !token.starts_with("<0x") || token[5] != '>') return std::nullopt;
  unsigned byte = 0;
  const auto [end, error] = std::from_chars(token.data() + 3, token.data() + 5, byte, 16);
  if (error != std::errc{} || end != token.data() + 5) return std::nullopt;
  return static_cast<char>(byte);
}

bool is_utf8(const std::string& bytes) { return utf8_of(text_of(bytes)) == bytes; }

Decoder read_byte_fallback(const Fields&) {
  return [](Tokens& tokens) {
    Tokens out;
    std::string run;
    const auto flush = [&] {
      if (is_utf8(run)) {
        if (!run.empty()) out.push_back(run);
      } else {
        out.insert(out.end(), run.size(), kReplacement);
      }
      run.clear();
    };
    for (std::string& token : tokens) {
      if (const auto byte = byte_token(token)) {
        run += *byte;
      } else {
        flush();
        out.push_back(std::move(token));
      }
    }
    flush();
    tokens = std::move(out);
  };
}

// Spaces before punctuation and in contractions, as they are written in English.
void clean_up(std::string& token) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kPairs{{{" .", "."},
                                                                                         {" ?", "?"},
                                                                                         {" !", "!"},
                                                                                         {" ,", ","},
                                                                                         {" ' ", "'"},
                                                                                         {" n't", "n't"},
                                                                                         {" 'm", "'m"},
                                                                                         {" do not", " don't"},
                                                                                         {" 's", "'s"},
                                                                                         {" 've", "'ve"},
                                                                                         {" 're", "'re"}}};
  for (const auto& [from, to] : kPairs) replace_all(token, from, to);
}

Decoder read_word_piece_decoder(const Fields& f) {
  const std::string prefix = f.text("prefix").value_or("##");
  const bool cleans = f.boolean("cleanup").value_or(true);
  return [=](Tokens& tokens) {
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      if (i > 0 && tokens[i].starts_with(prefix)) {
        tokens[i].erase(0, prefix.size());
      } else if (i > 0) {
        tokens[i].insert(0, " ");
      }
      if (cleans) clean_up(tokens[i]);
    }
  };
}

Decoder read_metaspace_decoder(const Fields& f) {
  const std::string mark = f.text("replacement").value_or("\u2581");
  if (mark.empty()) f.wrong("replacement", mark, "one character");
  const auto scheme = f.text("prepend_scheme");
  const bool prepended = scheme ? *scheme != "never" : f.boolean("add_prefix_space").value_or(true);
  return [=](Tokens& tokens) {
    for (std::size_t i = 0; i < tokens.size(); ++i) replace_all(tokens[i], mark, i == 0 && prepended ? "" : " ");
  };
}

Decoder read_replace_decoder(const Fields& f) {
  const Pattern pattern = Pattern::read(f, "pattern");
  const Text content = text_of(f.need_text("content"));
  return [=](Tokens& tokens) {
    for (std::string& token : tokens) token = utf8_of(pattern.replace(text_of(token), content));
  };
}

Decoder read_strip_decoder(const Fields& f) {
  const std::string content = f.need_text("content");
  if (text_of(content).countChar32() != 1) f.wrong("content", content, "one character");
  const std::int64_t start = f.integer("start").value_or(0), stop = f.integer("stop").value_or(0);
  return [=](Tokens& tokens) {
    for (std::string& token : tokens) {
      std::string_view left(token);
      for (std::int64_t i = 0; i < start && left.starts_with(content); ++i) left.remove_prefix(content.size());
      for (std::int64_t i = 0; i < stop && left.ends_with(content); ++i) left.remove_suffix(content.size());
      token = std::string(left);
    }
  };
}

Decoder read_fuse(const Fields&) { return fuse; }

// Symbols of words' ends become spaces, but for the last.
Decoder read_bpe_decoder(const Fields& f) {
  const std::string suffix = f.text("suffix").value_or("</w>");
  if (suffix.empty()) f.wrong("suffix", suffix, "some text");
  return [=](Tokens& tokens) {
    for (std::size_t i = 0; i < tokens.size(); ++i) replace_all(tokens[i], suffix, i + 1 < tokens.size() ? " " : "");
  };
}

Decoder read_one(const Fields& f);

Decoder read_sequence(const Fields& f) {
  return [all = read_stages<Decoder>(f, "decoders", read_one)](Tokens& tokens) {
    for (const Decoder& d : all) d(tokens);
  };
}

Decoder read_one(const Fields& f) {
  static constexpr std::array<StageKind<Decoder>, 9> kKinds{{
      {"ByteLevel", read_byte_level},
      {"WordPiece", read_word_piece_decoder},
      {"Metaspace", read_metaspace_decoder},
      {"BPEDecoder", read_bpe_decoder},
      {"Sequence", read_sequence},
      {"Replace", read_replace_decoder},
      {"ByteFallback", read_byte_fallback},
      {"Fuse", read_fuse},
      {"Strip", read_strip_decoder},
  }};
  return read_stage<Decoder>(f, kKinds);
}

void with_spaces(Tokens& tokens) {
  for (std::size_t i = 1; i < tokens.size(); ++i) tokens[i].insert(0, " ");
}

}  // namespace

Decoder read_decoder(const Fields& f, const char* key) {
  const auto object = f.object(key);
  return object ? read_one(*object) : with_spaces;
}

}  // namespace fg::models
