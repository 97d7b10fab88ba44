// SPDX-License-Identifier: Apache-2.0

#include "examples/models/io/tokenizer/model.hpp"

#include <algorithm>
#include <array>

#include "examples/models/io/tokenizer/stages.hpp"

namespace fg::models {

std::unique_ptr<TokenModel> read_model(const Fields& f, const char* key) {
  static constexpr std::array<StageKind<std::unique_ptr<TokenModel>>, 2> kKinds{
      {{"BPE", read_bpe}, {"WordPiece", read_word_piece}}};
  return read_stage<std::unique_ptr<TokenModel>>(f.need_object(key), kKinds);
}

std::size_t char_length(std::string_view text, std::size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  return std::min(length, text.size() - at);
}

}  // namespace fg::models
