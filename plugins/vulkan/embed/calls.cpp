// SPDX-License-Identifier: Apache-2.0
//
// fg-vulkan-embed FOLDER calls: operators that most programs call, so that the plugin on FG_PLUGIN_PATH (collect.cpp)
// is asked for their kernels; those of language models come from fg-models itself (collect.sh).
// fg-vulkan-embed FOLDER pack FILE: what was collected as the file that embedded.hpp describes.

#include <algorithm>
#include <cstdio>
#include <fg/fg.hpp>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "plugins/vulkan/embedded.hpp"

namespace {

void elementwise(const fg::Tensor& x, const fg::Tensor& y) {
  for (const fg::Tensor& z : {x + y, x - y, x * y, x / y, x + 1.0f, x * 2.0f, x - 1.0f, x / 2.0f}) (void)z;
  for (const auto f :
       {fg::abs, fg::exp, fg::log, fg::neg, fg::relu, fg::rsqrt, fg::sigmoid, fg::silu, fg::sqrt, fg::tanh})
    f(x);
  fg::gelu(x);
  fg::gelu(x, "tanh");
  fg::silu_and_mul(x, y);
  fg::where(fg::gt(x, y), x, y);
  for (const fg::Dtype to : {fg::Dtype{FG_F32}, fg::Dtype{FG_F16}, fg::Dtype{FG_BF16}}) x.to(to);
}

void rows(const fg::Tensor& x, const fg::Tensor& weight) {
  const std::int64_t n = x.size(-1);
  fg::sum(x);
  fg::sum(x, {-1});
  fg::mean(x, {-1});
  fg::amax(x, {-1});
  fg::argmax(x, -1);
  fg::softmax(x, -1);
  fg::log_softmax(x, -1);
  fg::cumsum(x, -1);
  fg::layer_norm(x, {n}, weight, weight);
  fg::rms_norm(x, {n}, weight);
  fg::fused_add_rms_norm(x, x, {n}, weight);
}

void moves(const fg::Tensor& x) {
  x.clone();
  x.t().contiguous();
  fg::zeros(fg::Dims{8, 4}, x.dtype());
  fg::fill(x, 1.0f);
  fg::cat({x, x}, 0);
  fg::rand({8, 4}, x.dtype());
  fg::randn({8, 4}, x.dtype());
  const fg::Tensor places = fg::Tensor::empty({4}, fg::Dtype{FG_I64});
  fg::embedding(x, places);
  fg::index_select(x, 0, places);
}

void products(fg::Dtype dtype) {
  const auto a = fg::Tensor::empty({64, 4096}, dtype), row = fg::Tensor::empty({1, 4096}, dtype);
  const auto w = fg::Tensor::empty({4096, 4096}, dtype), bias = fg::Tensor::empty({4096}, dtype);
  for (const fg::Tensor& x : {a, row}) {
    fg::mm(x, w);
    fg::linear(x, w);
    fg::linear(x, w, bias);
  }
  const auto q = fg::Tensor::empty({1, 32, 64, 128}, dtype), one = fg::Tensor::empty({1, 32, 1, 128}, dtype);
  fg::bmm(q.select(0, 0), q.select(0, 0).transpose(1, 2));
  fg::scaled_dot_product_attention(q, q, q, {}, true);
  fg::scaled_dot_product_attention(q, q, q);
  fg::scaled_dot_product_attention(one, q, q);
}

void call_operators() {
  for (const std::uint32_t d : {FG_F32, FG_F16, FG_BF16}) {
    const fg::Dtype dtype{d};
    const auto x = fg::Tensor::empty({8, 4096}, dtype), y = fg::Tensor::empty({8, 4096}, dtype);
    elementwise(x, y);
    elementwise(fg::Tensor::empty({4, 3}, dtype), fg::Tensor::empty({4, 3}, dtype));
    for (const std::int64_t n : {768, 1024, 4096})
      rows(fg::Tensor::empty({8, n}, dtype), fg::Tensor::empty({n}, dtype));
    moves(x);
    products(dtype);
  }
  fg::arange(0, 16);
}

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
  const std::string verb = argc > 2 ? argv[2] : "";
  try {
    if (verb == "calls" && argc == 3) return call_operators(), 0;
    if (verb == "pack" && argc == 4) return pack(argv[1], argv[3]), 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "fg-vulkan-embed: %s\n", e.what());
    return 1;
  }
  std::fprintf(stderr, "usage: fg-vulkan-embed FOLDER calls | FOLDER pack FILE\n");
  return 2;
}
