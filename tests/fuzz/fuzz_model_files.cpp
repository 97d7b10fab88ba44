// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a model's config.json and as the index of its shards: refused with a message, or what is
// read holds what its header promises.

#include <cstdlib>
#include <string_view>

#include "examples/models/io/config.hpp"
#include "examples/models/io/weight_map.hpp"

namespace {

void must(bool holds) {
  if (!holds) std::abort();
}

void check_decoder(const fg::models::Config& c) {
  must(c.hidden_size > 0 && c.num_hidden_layers > 0 && c.num_attention_heads > 0 && c.head_dim > 0);
  must(c.num_key_value_heads > 0 && c.num_attention_heads % c.num_key_value_heads == 0);
  must(c.num_experts_per_tok <= c.num_experts && c.n_group > 0 && c.topk_group <= c.n_group);
  must(c.layer_types.empty() || static_cast<std::int64_t>(c.layer_types.size()) == c.num_hidden_layers);
  must(c.rope.theta > 0 && c.rope.factor > 0);
  const bool scaled = c.rope.type == fg::models::RopeType::llama3 || c.rope.type == fg::models::RopeType::yarn;
  must(!scaled || c.rope.original_max_position_embeddings > 0);
}

template <class F>
void guarded(F&& read) {
  try {
    read();
  } catch (const fg::Exception& e) {
    must(e.status() < 0 && e.what()[0] != '\0');
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  guarded([&] {
    const fg::models::Config c = fg::models::parse_config(text);
    must((c.architecture == fg::models::Architecture::llava) == (c.text_config && c.vision_config));
    check_decoder(c.text_config ? *c.text_config : c);
    if (c.vision_config) must(c.vision_config->image_size % c.vision_config->patch_size == 0);
  });
  guarded([&] {
    for (const auto& [file, names] : fg::models::read_weight_map(text, "index"))
      must(!file.empty() && file.find('/') == file.npos && !names.empty());
  });
  return 0;
}
