// SPDX-License-Identifier: Apache-2.0
//
// `flops:` of the catalogue: + - * / and brackets over the names of lengths and `numel`.
#include <cctype>
#include <string>

#include "core/catalogue/shape_rules.hpp"

namespace fg::core {
namespace {

class Formula {
 public:
  Formula(std::string_view text, const OpInfo& op, const Symbols& symbols, std::int64_t numel)
      : text_(text), op_(op), symbols_(symbols), numel_(numel) {}
  double sum() {
    double x = product();
    for (;;) {
      if (eat('+'))
        x += product();
      else if (eat('-'))
        x -= product();
      else
        return x;
    }
  }

 private:
  bool eat(char c) {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  double product() {
    double x = factor();
    for (;;) {
      if (eat('*'))
        x *= factor();
      else if (eat('/'))
        x /= factor();
      else
        return x;
    }
  }
  double factor() {
    if (eat('(')) {
      const double x = sum();
      eat(')');
      return x;
    }
    const std::size_t from = at_;
    while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0 || text_[at_] == '_'))
      ++at_;
    return value(text_.substr(from, at_ - from));
  }
  double value(std::string_view word) const {
    if (word == "numel") return static_cast<double>(numel_);
    for (std::size_t i = 0; i < op_.symbols.size(); ++i) {
      if (op_.symbols[i] == word) return static_cast<double>(symbols_.length[i]);
    }
    std::int64_t x = 0;
    for (const char c : word) x = x * 10 + (c - '0');
    return static_cast<double>(x);
  }

  std::string_view text_;
  const OpInfo& op_;
  const Symbols& symbols_;
  std::int64_t numel_;
  std::size_t at_ = 0;
};

}  // namespace

double flops(const OpInfo& op, const Symbols& symbols, std::int64_t out_numel) {
  return op.flops.empty() ? 0.0 : Formula(op.flops, op, symbols, out_numel).sum();
}

}  // namespace fg::core
