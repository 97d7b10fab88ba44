// SPDX-License-Identifier: Apache-2.0
//
// The rules by which the contract grows (docs/abi.md): sizes, bits, and what a call may not change.

#include <algorithm>
#include <cstring>

#include "conformance/runner/direct.hpp"
#include "conformance/runner/probes_areas.hpp"
#include "core/registry/fp_mode.hpp"
#include "core/registry/loader.hpp"
#include "core/registry/registry.hpp"

namespace fg::conformance {
namespace {

constexpr std::uint32_t kUnknownBit = 1u << 30;
constexpr std::int64_t kElements = 100;

// A call that is right, to be made wrong in one place.
struct Good {
  Direct direct;
  std::unique_ptr<RawAxpy> axpy;
  fg_sig& sig() { return axpy->sig(); }
};

Result<Good> good_call(const Device& device) {
  FG_TRY_ASSIGN(Direct d, Direct::of(device));
  FG_TRY_ASSIGN(std::unique_ptr<RawAxpy> axpy, RawAxpy::make(d, kElements, 2));
  FG_TRY_ASSIGN(const Owned<fg_kernel> served, d.prepare(axpy->sig()));  // else there is nothing to make wrong
  return Good{std::move(d), std::move(axpy)};
}

fg_verdict blank_verdict() {
  fg_verdict v{};
  v.hdr.struct_size = sizeof v;
  v.code = 12345;  // no answer
  return v;
}

// What query says: its status where it fails, else the verdict's code.
fg_status asked(const Direct& d, const fg_sig& sig) {
  fg_verdict v = blank_verdict();
  const fg_status s = d.api().query(d.instance(), &sig, &v);
  return s < 0 ? s : v.code;
}

fg_status prepared(const Direct& d, const fg_sig& sig, fg_error* err) {
  fg_kernel* kernel = nullptr;
  const fg_status s = d.api().prepare(d.instance(), &sig, &kernel, err);
  if (s >= 0 && kernel != nullptr && kernel->release != nullptr) kernel->release(kernel);
  return s;
}

// Both answers to a signature that must be refused with FG_E_UNSUPPORTED.
std::string refused(const Direct& d, const fg_sig& sig, const std::string& what) {
  fg_error err = core::fresh_error();
  const std::string text = expect_status("prepare with " + what, prepared(d, sig, &err), FG_E_UNSUPPORTED);
  if (!text.empty()) return text;
  if (err.reason != FG_R_UNKNOWN_BIT)
    return "prepare with " + what + " gave reason " + std::to_string(err.reason) + ", expected FG_R_UNKNOWN_BIT";
  return "";
}

}  // namespace

Result<std::string> must_understand(const Device& device) {
  FG_TRY_ASSIGN(Good g, good_call(device));
  g.sig().hdr.must_understand = kUnknownBit;
  if (std::string text = refused(g.direct, g.sig(), "an unknown must_understand bit"); !text.empty()) return text;
  g.sig().hdr.must_understand = 0;
  fg_ext extension{FG_EXT_CRITICAL | 0x7777u, sizeof(fg_ext), nullptr};
  g.sig().hdr.next = &extension;
  if (std::string text = refused(g.direct, g.sig(), "an unknown critical extension"); !text.empty()) return text;
  extension.id = 0x7777u;
  return expect_status("prepare with an unknown extension that is not critical", prepared(g.direct, g.sig(), nullptr),
                       FG_OK);
}

Result<std::string> struct_sizes(const Device& device) {
  FG_TRY_ASSIGN(Good g, good_call(device));
  const Direct& d = g.direct;
  // A newer core's struct is larger.
  struct {
    fg_sig sig;
    std::uint64_t more[8];
  } large{g.sig(), {}};
  large.sig.hdr.struct_size = sizeof large;
  if (std::string t = expect_status("query with a larger fg_sig", asked(d, large.sig), FG_OK); !t.empty()) return t;
  if (std::string t = expect_status("prepare with a larger fg_sig", prepared(d, large.sig, nullptr), FG_OK); !t.empty())
    return t;
  fg_sig small = g.sig();
  small.hdr.struct_size = FG_END(fg_sig, device);
  if (std::string t = expect_status("prepare with a cut fg_sig", prepared(d, small, nullptr), FG_E_ABI); !t.empty())
    return t;
  // What the callee fills ends where the caller's struct does.
  fg_device_info info;
  std::memset(&info, 0x5C, sizeof info);
  info.hdr = {FG_END(fg_device_info, name), 0, nullptr};
  if (d.api().device_info(d.instance(), d.ordinal(), &info) < 0) return "device_info refuses a smaller struct";
  const auto* bytes = reinterpret_cast<const unsigned char*>(&info);
  if (std::any_of(bytes + FG_END(fg_device_info, name), bytes + sizeof info, [](unsigned char c) { return c != 0x5C; }))
    return "device_info writes behind the caller's struct_size";
  constexpr std::size_t kShort = offsetof(fg_error, message) + 16;
  fg_error err;
  std::memset(&err, 0x5C, sizeof err);
  err.hdr = {kShort, 0, nullptr};
  fg_sig unknown = g.sig();
  unknown.op_uid ^= 1;
  prepared(d, unknown, &err);
  const auto* rest = reinterpret_cast<const unsigned char*>(&err);
  if (std::any_of(rest + kShort, rest + sizeof err, [](unsigned char c) { return c != 0x5C; }))
    return "prepare writes behind the struct_size of fg_error";
  return "";
}

Result<std::string> floating_point_mode(const Device& device) {
  FG_TRY_ASSIGN(Good g, good_call(device));
  const core::FpMode before = core::fp_mode();
  FG_TRY_ASSIGN(const Owned<fg_kernel> kernel, g.direct.prepare(g.sig()));
  FG_TRY_ASSIGN(const Owned<fg_stream> stream, g.direct.stream());
  const fg_launch l = g.axpy->call().launch(stream.get());
  const fg_status launched = kernel->launch(kernel.get(), &l);
  const bool kept = core::fp_mode() == before;
  core::set_fp_mode(before);
  FG_TRY(g.direct.finish(stream.get()));
  if (!kept) return "a launch leaves another floating-point mode behind";
  return expect_status("launch", launched, FG_OK);
}

Result<std::string> no_notices(const Device& device) {
  for (const core::Candidate& c : core::Registry::get().candidates()) {
    if (std::find(c.devices.begin(), c.devices.end(), device.name()) == c.devices.end()) continue;
    for (const core::Notice& n : c.notices) {
      // Permissions are the installation's business, operators of a newer catalogue no mistake.
      const bool claim = n.id.starts_with("CLAIM_") && n.id != "CLAIM_UNKNOWN_OP";
      if (claim || n.id == "STDERR") return "loading it gives notice " + n.id + ": " + n.text;
    }
  }
  return "";
}

}  // namespace fg::conformance
