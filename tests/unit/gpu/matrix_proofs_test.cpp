// SPDX-License-Identifier: Apache-2.0
//
// A tile of matrix units is used only when a product of it came out right.  The device is the test's own: it computes
// on the host what plugins/gpu/product_matrix.hpp asks for, or nearly.

#include "plugins/gpu/matrix_proofs.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "fg/sdk/dtype.hpp"
#include "plugins/gpu/kernel_files.hpp"
#include "plugins/gpu/runtime.hpp"

namespace fg::gpu {

std::span<const KernelFile> kernel_files() { return {}; }
std::span<const TunableKernel* const> tunable_kernels() { return {}; }

namespace {

enum class Fault : std::uint8_t { none, one_element, beyond_the_edge, no_slice_but_the_first, does_not_compile, hangs };

struct HostBuffer final : fg_buffer {
  std::vector<std::byte> memory;
};

// The parameters as pack_params() lays them out.
struct Params {
  std::int64_t a_line, a_batch, b_line, b_batch, self_row, self_col, self_batch, out_row, out_col, out_batch, out_split;
  std::int32_t m, n, k, tiles_m, tiles_n, splits, split_k;
  float alpha, beta;
};

std::uint16_t* cells(const BufferRef& at) {
  return reinterpret_cast<std::uint16_t*>(static_cast<HostBuffer*>(at.buffer)->memory.data() + at.byte_offset);
}

struct HostStream final : fg_stream {
  explicit HostStream(Fault f) : fault(f) {}
  Result<void> dispatch(const Dispatch& d) override {
    Params p{};
    std::memcpy(&p, d.params.data(), std::min(sizeof p, d.params.size()));  // p may be padded.
    EXPECT_EQ(d.groups, static_cast<std::uint64_t>(p.tiles_m) * static_cast<std::uint64_t>(p.tiles_n));
    with_type(d.program->source.buffers[0].dtype, [&]<class Tag>(Tag) {
      using T = typename Tag::type;
      if constexpr (std::is_same_v<T, f16> || std::is_same_v<T, bf16>) multiply<T>(d, p);
    });
    return {};
  }
  template <class T>
  void multiply(const Dispatch& d, const Params& p) const {
    const auto number = [](std::uint16_t bits) {
      T x;
      x.bits = bits;
      return static_cast<float>(x);
    };
    const std::int64_t k_end = fault == Fault::no_slice_but_the_first ? 32 : p.k;
    const std::int64_t n_end = p.n + (fault == Fault::beyond_the_edge ? 1 : 0);
    for (std::int64_t i = 0; i < p.m; ++i) {
      for (std::int64_t j = 0; j < n_end; ++j) {
        float sum = fault == Fault::one_element && i == p.m - 1 && j == p.n - 1 ? 1 : 0;
        for (std::int64_t l = 0; l < k_end; ++l) {
          sum += number(cells(d.buffers[0])[i * p.a_line + l]) * number(cells(d.buffers[1])[l * p.b_line + j]);
        }
        cells(d.buffers[3])[i * p.out_row + j * p.out_col] = T(sum).bits;
      }
    }
  }
  Result<void> copy(const BufferRef& dst, const BufferRef& src, std::uint64_t bytes) override {
    std::memmove(cells(dst), cells(src), bytes);
    return {};
  }
  Result<void> fill(const BufferRef&, std::uint64_t, std::uint32_t) override { return {}; }
  Result<void> flush() override { return {}; }
  Result<void> signal(fg_timeline&, std::uint64_t) override { return {}; }
  Result<void> wait(fg_timeline&, std::uint64_t) override { return {}; }
  std::uint64_t pending() const override { return 0; }
  Fault fault;
};

struct HostTimeline final : fg_timeline {
  explicit HostTimeline(Fault f) : fault(f) {}
  Result<std::uint64_t> read() override { return std::uint64_t{1}; }
  Result<void> host_signal(std::uint64_t) override { return {}; }
  Result<bool> host_wait(std::uint64_t, std::int64_t) override { return fault != Fault::hangs; }
  Fault fault;
};

struct HostDevice final : Device {
  explicit HostDevice(Fault f) : fault(f) {
    features_.compute_units = 132;  // So many that a plan would split k.
    for (const fg_dtype dtype : {FG_F16, FG_BF16}) {
      features_.matrix.push_back({dtype, "large", 64, 32, 32, 64, 1, 2});
      features_.matrix.push_back({dtype, "small", 16, 16, 32, 64, 1, 1});
    }
  }
  const Features& features() const override { return features_; }
  fg_device_info info() const override {
    fg_device_info info{};
    info.alloc_align = 256;
    return info;
  }
  Result<std::unique_ptr<fg_buffer>> allocate(std::uint32_t, std::uint64_t bytes, std::uint64_t) override {
    auto b = std::make_unique<HostBuffer>();
    b->memory.resize(bytes);
    b->host = b->memory.data();
    return b;
  }
  Result<std::unique_ptr<fg_stream>> make_stream(std::int32_t) override { return std::make_unique<HostStream>(fault); }
  Result<std::unique_ptr<fg_timeline>> make_timeline(std::uint64_t) override {
    return std::make_unique<HostTimeline>(fault);
  }
  Result<Compiled> compile(const Source& source) override {
    ++compiled;
    EXPECT_TRUE(source.own);
    if (fault == Fault::does_not_compile) return fail(FG_E_COMPILE, "no such instruction");
    return Compiled{std::make_unique<Program>(), {}};
  }
  void say(std::int32_t, const std::string& text) const override { said += text + "\n"; }

  Fault fault;
  int compiled = 0;
  mutable std::string said;

 private:
  Features features_;
};

TEST(MatrixProofs, RightTilesAreTriedOnce) {
  HostDevice device(Fault::none);
  for (int round = 0; round < 2; ++round) {
    for (const MatrixTile& t : device.features().matrix) EXPECT_TRUE(device.proves(t)) << device.said;
  }
  EXPECT_EQ(device.compiled, 4);
  EXPECT_EQ(device.matrix_tiles(), UINT32_MAX);
}

TEST(MatrixProofs, WrongOnesAreLeftOutWithTheReason) {
  const std::pair<Fault, const char*> faults[] = {
      {Fault::one_element, "large 64x32x32 of f16: row 72 column 47 of a product is"},
      {Fault::beyond_the_edge, "large 64x32x32 of f16: row 0 column 48 of a product is"},
      {Fault::no_slice_but_the_first, "of a product is"},
      {Fault::does_not_compile, "no such instruction"},
      {Fault::hangs, "had not ended"}};
  for (const auto& [fault, reason] : faults) {
    HostDevice device(fault);
    EXPECT_FALSE(device.proves(device.features().matrix[0])) << reason;
    EXPECT_EQ(device.matrix_tiles(), ~1u) << "the others have not been tried";
    EXPECT_NE(device.said.find(reason), std::string::npos) << device.said;
  }
}

}  // namespace
}  // namespace fg::gpu
