// SPDX-License-Identifier: Apache-2.0
//
// Any text as the cases.json of a corpus, beside the tensors of the selection in this repository:
// refused with a message that names the case, or calls in the catalogue's terms.

#include <cstdlib>

#include "conformance/golden/golden.hpp"

namespace {

using namespace fg::conformance;

void must(bool holds) {
  if (!holds) std::abort();
}

fg::core::SafetensorsFile tensors() {
  auto file = fg::core::SafetensorsFile::open(FG_GOLDEN_SELECTION "/tensors.safetensors");
  must(file.has_value());
  return *std::move(file);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto corpus = Corpus::parse({reinterpret_cast<const std::byte*>(data), size}, tensors(), "fuzz");
  if (!corpus) {
    must(!corpus.error().message.empty());
    return 0;
  }
  for (std::size_t i = 0; i < corpus->size(); ++i) {
    const auto c = corpus->load(i);
    must(c.has_value() || c.error().message.find(corpus->id(i)) != std::string::npos);
    const fg::core::OpInfo* op = operator_of(corpus->op(i));
    if (!c || op == nullptr) continue;
    const auto call = adapt(*op, *c);
    must(call.has_value() || !call.error().message.empty());
  }
  const auto planned = plan_golden(*corpus, {});
  must(planned.has_value() || !planned.error().message.empty());
  return 0;
}
