// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as tokenizer.json: refused with a message, or a tokenizer that takes any text and gives ids
// that it knows.

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>

#include "examples/models/io/tokenizer/tokenizer.hpp"
#include "fg/tensor.hpp"

namespace {

using fg::models::Tokenizer;

void must(bool holds) {
  if (!holds) std::abort();
}

void use(const Tokenizer& tokenizer, std::string_view text) {
  const auto ids = tokenizer.encode(text, false);
  for (const auto id : ids) must(tokenizer.token_of(id).has_value());
  tokenizer.decode(ids);
  fg::models::StreamDecoder stream(tokenizer, false);
  for (const auto id : ids) stream.push(id);
  stream.finish();
  must(tokenizer.encode(text, true, 4).size() <= std::max<std::size_t>(4, tokenizer.encode("").size()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  try {
    const Tokenizer tokenizer = Tokenizer::parse(input);
    use(tokenizer, "Caf\xC3\xA9  don't 123 \xF0\x9F\x99\x82 [MASK]<s> \xE4\xB8\xAD\xE6\x96\x87\xFF\n");
    use(tokenizer, input.substr(0, 512));
  } catch (const fg::Exception& e) {
    must(e.status() < 0 && e.what()[0] != '\0');
  }
  return 0;
}
