// SPDX-License-Identifier: Apache-2.0
//
// Sentences as vectors, as sentence-transformers make them of BERT.

#ifndef FG_EXAMPLES_MODELS_ARCH_SENTENCE_HPP_
#define FG_EXAMPLES_MODELS_ARCH_SENTENCE_HPP_

#include <vector>

#include "examples/models/arch/model.hpp"

namespace fg::models {

enum class Pooling : std::uint8_t { mean, cls, pooler };

// One vector of f32 for each row of tokens, [rows, channels]; `normalize`: of length 1.
// FG_E_INVALID: no row, an empty one, one longer than the context, a token that the model does not have.
// FG_E_UNSUPPORTED: a model that is no encoder, or has no pooler.
Tensor sentence_vectors(const Model& model, const std::vector<std::vector<std::int64_t>>& rows, Pooling pooling,
                        bool normalize);

}  // namespace fg::models

#endif  // FG_EXAMPLES_MODELS_ARCH_SENTENCE_HPP_
