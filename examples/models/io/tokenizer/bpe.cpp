// SPDX-License-Identifier: Apache-2.0
//
// Byte-pair encoding: neighbours are merged in the order of the merges' ranks.  A heap of candidates
// over a linked list of symbols: n log n for a piece of n characters.

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <queue>
#include <string>
#include <utility>

#include "examples/models/io/error.hpp"
#include "examples/models/io/tokenizer/model.hpp"

namespace fg::models {
namespace {

struct Merge {
  std::uint32_t rank = 0;
  TokenId merged = 0;
};
using Merges = std::unordered_map<std::uint64_t, Merge>;

// Ids have 31 bits.
std::uint64_t pair_key(TokenId left, TokenId right) {
  return static_cast<std::uint64_t>(left) << 32 | static_cast<std::uint64_t>(right);
}

// The symbols of one piece while they are merged.
class Word {
 public:
  void add(TokenId id) { symbols_.push_back({id, size() - 1, size() + 1}); }
  void merge_all(const Merges& merges);
  void append_to(std::vector<TokenId>& out) const {
    for (const Symbol& s : symbols_) {
      if (s.id >= 0) out.push_back(s.id);
    }
  }

 private:
  struct Symbol {
    TokenId id;  // -1: merged into the one before.
    std::ptrdiff_t previous, next;
  };
  struct Candidate {
    std::uint32_t rank;
    std::ptrdiff_t at;
    TokenId left, right;  // As they were; a candidate of symbols that have changed is stale.
    // The queue gives the greatest: the lowest rank, and of equal ones the leftmost.
    bool operator<(const Candidate& o) const { return rank != o.rank ? rank > o.rank : at > o.at; }
  };

  std::ptrdiff_t size() const { return static_cast<std::ptrdiff_t>(symbols_.size()); }
  Symbol& at(std::ptrdiff_t i) { return symbols_[static_cast<std::size_t>(i)]; }
  void consider(std::ptrdiff_t i, const Merges& merges);

  std::vector<Symbol> symbols_;
  std::priority_queue<Candidate> queue_;
};

void Word::consider(std::ptrdiff_t i, const Merges& merges) {
  if (i < 0 || at(i).next >= size()) return;
  const TokenId left = at(i).id, right = at(at(i).next).id;
  if (const auto it = merges.find(pair_key(left, right)); it != merges.end())
    queue_.push({it->second.rank, i, left, right});
}

void Word::merge_all(const Merges& merges) {
  for (std::ptrdiff_t i = 0; i + 1 < size(); ++i) consider(i, merges);
  while (!queue_.empty()) {
    const Candidate c = queue_.top();
    queue_.pop();
    Symbol& left = at(c.at);
    if (left.id != c.left || left.next >= size() || at(left.next).id != c.right) continue;
    Symbol& right = at(left.next);
    left.id = merges.find(pair_key(c.left, c.right))->second.merged;
    right.id = -1;
    left.next = right.next;
    if (left.next < size()) at(left.next).previous = c.at;
    consider(left.previous, merges);
    consider(c.at, merges);
  }
}

class Bpe final : public TokenModel {
 public:
  explicit Bpe(const Fields& f);
  void tokenize(std::string_view piece, std::vector<TokenId>& out) const override;

 private:
  void read_merges(const Fields& f);
  void add_merge(const std::string& left, const std::string& right, std::size_t rank, const Fields& f);
  TokenId need(const std::string& token, std::size_t rank, const Fields& f) const;
  bool add_bytes(std::string_view text, Word& word) const;
  Word symbols_of(std::string_view piece) const;

  Merges merges_;
  std::optional<TokenId> unknown_;
  std::string prefix_, suffix_;  // Of symbols that continue a word, and of its last one.
  bool fuse_unknown_ = false, byte_fallback_ = false, ignore_merges_ = false;
};

Bpe::Bpe(const Fields& f) : TokenModel(Vocabulary::read(f, "vocab")) {
  if (f.number("dropout").value_or(0.0) != 0.0) f.wrong("dropout", f.need("dropout"), "none: it belongs to training");
  prefix_ = f.text("continuing_subword_prefix").value_or("");
  suffix_ = f.text("end_of_word_suffix").value_or("");
  if (const auto unknown = f.text("unk_token")) unknown_ = vocabulary_.need(*unknown, f.at("unk_token"));
  fuse_unknown_ = f.boolean("fuse_unk").value_or(false);
  byte_fallback_ = f.boolean("byte_fallback").value_or(false);
  ignore_merges_ = f.boolean("ignore_merges").value_or(false);
  read_merges(f);
}

// How a message names a merge; not made for each of 100,000.
std::string merge_at(const Fields& f, std::size_t rank) { return fmt::format("{}[{}]", f.at("merges"), rank); }

// Either "left right" or ["left", "right"].
void Bpe::read_merges(const Fields& f) {
  const nlohmann::json& list = f.need_list("merges");
  for (std::size_t i = 0; i < list.size(); ++i) {
    const nlohmann::json& merge = list[i];
    if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
      add_merge(merge[0].get<std::string>(), merge[1].get<std::string>(), i, f);
      continue;
    }
    const std::string text = merge.is_string() ? merge.get<std::string>() : "";
    const std::size_t space = text.find(' ');
    if (space == std::string::npos || text.find(' ', space + 1) != std::string::npos)
      refuse(FG_E_INVALID, fmt::format("{} is {}, expected two tokens", merge_at(f, i), shown(merge)));
    add_merge(text.substr(0, space), text.substr(space + 1), i, f);
  }
}

TokenId Bpe::need(const std::string& token, std::size_t rank, const Fields& f) const {
  const auto id = vocabulary_.find(token);
  return id ? *id : vocabulary_.need(token, merge_at(f, rank));
}

// Of a pair that comes twice, the last counts.
void Bpe::add_merge(const std::string& left, const std::string& right, std::size_t rank, const Fields& f) {
  const TokenId l = need(left, rank, f), r = need(right, rank, f);
  const std::string merged = left + (right.starts_with(prefix_) ? right.substr(prefix_.size()) : right);
  merges_[pair_key(l, r)] = {static_cast<std::uint32_t>(rank), need(merged, rank, f)};
}

// <0xE2> and so on; false, and nothing added, when the vocabulary lacks one of them.
bool Bpe::add_bytes(std::string_view text, Word& word) const {
  std::vector<TokenId> ids;
  for (const char c : text) {
    const auto id = vocabulary_.find(fmt::format("<0x{:02X}>", static_cast<unsigned char>(c)));
    if (!id) return false;
    ids.push_back(*id);
  }
  for (const TokenId id : ids) word.add(id);
  return true;
}

Word Bpe::symbols_of(std::string_view piece) const {
  Word word;
  bool pending = false;  // An unknown symbol that the next one may be fused with.
  std::string symbol;
  for (std::size_t at = 0, length = 0; at < piece.size(); at += length) {
    length = char_length(piece, at);
    symbol.assign(at == 0 ? "" : prefix_).append(piece.substr(at, length));
    if (at + length == piece.size()) symbol += suffix_;
    if (const auto id = vocabulary_.find(symbol)) {
      if (pending) word.add(*unknown_);
      pending = false;
      word.add(*id);
    } else if (byte_fallback_ && add_bytes(symbol, word)) {
      continue;
    } else if (unknown_) {
      if (pending && !fuse_unknown_) word.add(*unknown_);
      pending = true;
    }
  }
  if (pending) word.add(*unknown_);
  return word;
}

void Bpe::tokenize(std::string_view piece, std::vector<TokenId>& out) const {
  if (ignore_merges_) {
    if (const auto whole = vocabulary_.find(piece)) {
      out.push_back(*whole);
      return;
    }
  }
  Word word = symbols_of(piece);
  word.merge_all(merges_);
  word.append_to(out);
}

}  // namespace

std::unique_ptr<TokenModel> read_bpe(const Fields& f) { return std::make_unique<Bpe>(f); }

}  // namespace fg::models
