// SPDX-License-Identifier: Apache-2.0
//
// The modules that the build made agree with what is pushed to them.  Without any, all is skipped, which the test's
// program alone says.

#include <gtest/gtest.h>

#include <algorithm>
#include <spirv/unified1/spirv.hpp11>
#include <vector>

#include "plugins/gpu/product_matrix.hpp"
#include "plugins/vulkan/glsl.hpp"
#include "plugins/vulkan/matrix_units.hpp"

namespace fg::vulkan {
namespace {

// The largest offset of a member of the block that is pushed, and the constants by their numbers.
struct Interface {
  std::uint32_t last_offset = 0;
  std::vector<std::uint32_t> constants;
};

Interface interface_of(std::span<const std::uint32_t> m) {
  Interface out;
  std::uint32_t pushed = 0, block = 0;
  const auto each = [&](auto&& use) {
    for (std::size_t at = 5; at < m.size() && (m[at] >> 16) != 0; at += m[at] >> 16)
      use(static_cast<spv::Op>(m[at] & 0xFFFFu), m.subspan(at, m[at] >> 16));
  };
  each([&](spv::Op op, std::span<const std::uint32_t> w) {
    if (op == spv::Op::OpVariable && w[3] == static_cast<std::uint32_t>(spv::StorageClass::PushConstant)) pushed = w[1];
    if (op == spv::Op::OpDecorate && w[2] == static_cast<std::uint32_t>(spv::Decoration::SpecId))
      out.constants.push_back(w[3]);
  });
  each([&](spv::Op op, std::span<const std::uint32_t> w) {
    if (op == spv::Op::OpTypePointer && w[1] == pushed) block = w[3];
  });
  each([&](spv::Op op, std::span<const std::uint32_t> w) {
    if (op == spv::Op::OpMemberDecorate && w[1] == block && w[3] == static_cast<std::uint32_t>(spv::Decoration::Offset))
      out.last_offset = std::max(out.last_offset, w[4]);
  });
  return out;
}

TEST(MatrixUnits, ModulesReadWhatIsPushedToThem) {
  if (modules().empty()) GTEST_SKIP() << "built without a new glslang";
  MatrixUnits all{true, true, true, true, 32};
  for (const gpu::MatrixTile& t : matrix_tiles(all, modules())) {
    const gpu::Source s = gpu::matrix_source(t, true, false, gpu::Finish::plain, t.dtype);
    const auto module = module_of(s);
    ASSERT_TRUE(module) << module.error().message;
    const Interface found = interface_of(module->words);
    EXPECT_EQ(found.last_offset + 4, argument_layout(s, {true, true, false, 256}).bytes) << module->name;
    // Constants by the order of the defines, the size of a group behind them; BF16 is a module of its own.
    for (std::uint32_t k = 0; k <= s.defines.size(); ++k) {
      EXPECT_EQ(std::count(found.constants.begin(), found.constants.end(), k) > 0, k != 6) << module->name << k;
    }
  }
}

}  // namespace
}  // namespace fg::vulkan
