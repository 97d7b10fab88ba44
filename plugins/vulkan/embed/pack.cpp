// SPDX-License-Identifier: Apache-2.0
//
// fg-vulkan-pack FOLDER FILE: what was collected in the folder as the file that embedded.hpp describes.

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "plugins/vulkan/embedded.hpp"

namespace {

struct File {
  fg::vulkan::EmbeddedRow row;
  std::string bytes;
};

// "<digest>.<characters>.spv"
File read(const std::filesystem::path& path) {
  File f;
  unsigned long long digest = 0, characters = 0;
  if (std::sscanf(path.filename().c_str(), "%llu.%llu.spv", &digest, &characters) != 2) {
    throw std::runtime_error(path.string() + ": expected <digest>.<characters>.spv");
  }
  std::ifstream in(path, std::ios::binary);
  f.bytes.assign(std::istreambuf_iterator<char>(in), {});
  f.row = {digest, characters, 0, f.bytes.size() / 4};
  return f;
}

void pack(const std::filesystem::path& folder, const char* to) {
  std::vector<File> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".spv") files.push_back(read(entry.path()));
  }
  std::sort(files.begin(), files.end(), [](const File& a, const File& b) { return a.row.digest < b.row.digest; });
  std::ofstream out(to, std::ios::binary);
  const std::uint64_t count = files.size();
  out.write(reinterpret_cast<const char*>(&count), sizeof count);
  std::uint64_t words = 0;
  for (File& f : files) {
    f.row.first = words;
    words += f.row.count;
    out.write(reinterpret_cast<const char*>(&f.row), sizeof f.row);
  }
  for (const File& f : files) out.write(f.bytes.data(), static_cast<std::streamsize>(f.bytes.size()));
  if (!out.flush()) throw std::runtime_error(std::string("cannot write ") + to);
  std::printf("%llu kernels, %llu bytes of SPIR-V\n", static_cast<unsigned long long>(count),
              static_cast<unsigned long long>(4 * words));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: fg-vulkan-pack FOLDER FILE\n");
    return 2;
  }
  try {
    pack(argv[1], argv[2]);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "fg-vulkan-pack: %s\n", e.what());
    return 1;
  }
  return 0;
}
