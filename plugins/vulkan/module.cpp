// SPDX-License-Identifier: Apache-2.0
//
// finish_module(): what GLSL cannot say, added to a SPIR-V module.

#include <array>
#include <spirv/unified1/spirv.hpp11>

#include "plugins/vulkan/spirv.hpp"

namespace fg::vulkan {
namespace {

constexpr std::size_t kHeader = 5;

std::uint32_t word(spv::Op op, std::uint32_t words) { return words << 16 | static_cast<std::uint32_t>(op); }
spv::Op op_of(std::uint32_t first) { return static_cast<spv::Op>(first & 0xFFFFu); }

bool may_contract(spv::Op op) {
  switch (op) {
    case spv::Op::OpFNegate:
    case spv::Op::OpFAdd:
    case spv::Op::OpFSub:
    case spv::Op::OpFMul:
    case spv::Op::OpFDiv:
    case spv::Op::OpFRem:
    case spv::Op::OpFMod:
    case spv::Op::OpVectorTimesScalar:
    case spv::Op::OpDot: return true;
    default: return false;
  }
}

struct Facts {
  std::uint32_t entry = 0;
  bool f16 = false, f32 = false, f64 = false;
  std::size_t capabilities_end = kHeader, modes_end = kHeader, annotations_end = kHeader;
  std::vector<std::uint32_t> exact;  // Results that must not be contracted.
};

Facts read(std::span<const std::uint32_t> m) {
  Facts f;
  for (std::size_t at = kHeader; at < m.size() && (m[at] >> 16) != 0;) {
    const std::size_t end = at + (m[at] >> 16);
    const spv::Op op = op_of(m[at]);
    if (op == spv::Op::OpCapability) f.capabilities_end = end;
    if (op == spv::Op::OpEntryPoint) f.entry = m[at + 2];
    if (op == spv::Op::OpEntryPoint || op == spv::Op::OpExecutionMode) f.modes_end = end;
    if (op == spv::Op::OpDecorate || op == spv::Op::OpMemberDecorate) f.annotations_end = end;
    if (op == spv::Op::OpTypeFloat) (m[at + 2] == 16 ? f.f16 : m[at + 2] == 32 ? f.f32 : f.f64) = true;
    if (may_contract(op)) f.exact.push_back(m[at + 2]);
    at = end;
  }
  return f;
}

struct Mode {
  bool wanted;
  std::uint32_t width;
  spv::Capability capability;
  spv::ExecutionMode mode;
};

std::vector<Mode> modes_of(const Facts& f, const FloatControls& c) {
  using Cap = spv::Capability;
  using Exec = spv::ExecutionMode;
  const Mode all[] = {
      {c.rte16 && f.f16, 16, Cap::RoundingModeRTE, Exec::RoundingModeRTE},
      {c.rte32 && f.f32, 32, Cap::RoundingModeRTE, Exec::RoundingModeRTE},
      {c.rte64 && f.f64, 64, Cap::RoundingModeRTE, Exec::RoundingModeRTE},
      {c.denormals16 && f.f16, 16, Cap::DenormPreserve, Exec::DenormPreserve},
      {c.denormals32 && f.f32, 32, Cap::DenormPreserve, Exec::DenormPreserve},
      {c.denormals64 && f.f64, 64, Cap::DenormPreserve, Exec::DenormPreserve},
      {c.nan16 && f.f16, 16, Cap::SignedZeroInfNanPreserve, Exec::SignedZeroInfNanPreserve},
      {c.nan32 && f.f32, 32, Cap::SignedZeroInfNanPreserve, Exec::SignedZeroInfNanPreserve},
      {c.nan64 && f.f64, 64, Cap::SignedZeroInfNanPreserve, Exec::SignedZeroInfNanPreserve},
  };
  std::vector<Mode> wanted;
  for (const Mode& m : all) {
    if (m.wanted) wanted.push_back(m);
  }
  return wanted;
}

void append(Spirv& to, std::span<const std::uint32_t> from) { to.insert(to.end(), from.begin(), from.end()); }

}  // namespace

Spirv without_names(std::span<const std::uint32_t> m) {
  Spirv out(m.begin(), m.begin() + kHeader);
  for (std::size_t at = kHeader; at < m.size() && (m[at] >> 16) != 0; at += m[at] >> 16) {
    const spv::Op op = op_of(m[at]);
    const bool name = op == spv::Op::OpName || op == spv::Op::OpMemberName || op == spv::Op::OpSource ||
                      op == spv::Op::OpSourceExtension;
    if (!name) append(out, m.subspan(at, m[at] >> 16));
  }
  return out;
}

Spirv finish_module(std::span<const std::uint32_t> m, const FloatControls& controls) {
  const Facts f = read(m);
  const std::vector<Mode> modes = modes_of(f, controls);
  Spirv out(m.begin(), m.begin() + static_cast<std::ptrdiff_t>(f.capabilities_end));
  for (std::size_t k = 0; k < modes.size(); ++k) {
    if (k > 0 && modes[k].capability == modes[k - 1].capability) continue;
    append(out, std::array{word(spv::Op::OpCapability, 2), static_cast<std::uint32_t>(modes[k].capability)});
  }
  append(out, m.subspan(f.capabilities_end, f.modes_end - f.capabilities_end));
  for (const Mode& mode : modes) {
    append(out,
           std::array{word(spv::Op::OpExecutionMode, 4), f.entry, static_cast<std::uint32_t>(mode.mode), mode.width});
  }
  append(out, m.subspan(f.modes_end, f.annotations_end - f.modes_end));
  for (const std::uint32_t id : f.exact) {
    append(out,
           std::array{word(spv::Op::OpDecorate, 3), id, static_cast<std::uint32_t>(spv::Decoration::NoContraction)});
  }
  append(out, m.subspan(f.annotations_end));
  return out;
}

}  // namespace fg::vulkan
