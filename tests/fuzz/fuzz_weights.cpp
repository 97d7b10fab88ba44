// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a model's weights, through the class that models load them with: refused with a message, or every
// tensor that is named can be taken, and is read to its last element.

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "examples/models/io/weights.hpp"

namespace {

void must(bool holds) {
  if (!holds) std::abort();
}

// A file of this process alone, which every input overwrites.
const std::string& path() {
  static const std::string p =
      (std::filesystem::temp_directory_path() / ("fuzz-weights-" + std::to_string(::getpid()) + ".safetensors"))
          .string();
  return p;
}

void take_all(fg::models::Weights& weights) {
  std::uint64_t bytes = 0;
  for (const std::string& name : weights.names()) {
    const fg::SafetensorsFile::Info info = weights.info(name);
    bytes += info.bytes;
    try {
      const fg::Tensor t = weights.take(name, info.shape, info.dtype);
      must(t.shape() == info.shape && t.dtype() == info.dtype);
      if (t.numel() > 0) must(t.clone().numel() == t.numel());  // Touches all of it.
    } catch (const fg::Exception& e) {
      must(e.status() < 0 && e.what()[0] != '\0');
    }
  }
  must(weights.total_bytes() == bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::ofstream(path(), std::ios::binary)
      .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  try {
    fg::models::Weights weights = fg::models::Weights::open(path());
    take_all(weights);
  } catch (const fg::Exception& e) {
    must(e.status() < 0 && e.what()[0] != '\0');
  }
  std::filesystem::remove(path());
  return 0;
}
