// SPDX-License-Identifier: Apache-2.0
//
// The plugin under test, used as an application uses it: through the C API, with the fallback to
// other plugins forbidden, so that what ran is what is judged.

#ifndef FG_CONFORMANCE_RUNNER_DEVICE_HPP_
#define FG_CONFORMANCE_RUNNER_DEVICE_HPP_

#include <map>
#include <span>
#include <string>
#include <vector>

#include "conformance/reference/declared.hpp"
#include "core/catalogue/op_info.hpp"
#include "core/catalogue/profile.hpp"
#include "core/registry/device.hpp"
#include "fg/abi/kernel.h"
#include "fg/fg.h"
#include "fg/sdk/result.hpp"

namespace fg::conformance {

// Owns one reference of a tensor.
class Handle {
 public:
  Handle() = default;
  explicit Handle(fg_tensor_handle t) : t_(t) {}
  Handle(Handle&& o) noexcept : t_(std::exchange(o.t_, nullptr)) {}
  Handle& operator=(Handle&& o) noexcept {
    std::swap(t_, o.t_);
    return *this;
  }
  ~Handle() { fg_tensor_release(t_); }
  fg_tensor_handle get() const { return t_; }
  fg_tensor_handle* put() { return &t_; }

 private:
  fg_tensor_handle t_ = nullptr;
};

class Device {
 public:
  // `plugin`: a path, a file name on the plugin path, or a vendor; empty: the default device.  `profile`, one of
  // core::kProfiles, says what it must serve.
  static Result<Device> open(std::string_view plugin, std::string_view profile = core::kProfiles.front());

  fg_device_handle handle() const { return handle_; }
  const std::string& name() const { return name_; }
  const std::string& vendor() const { return vendor_; }
  const std::string& version() const { return version_; }
  const std::string& build_id() const { return build_id_; }
  const std::string& path() const { return path_; }  // of the plugin, absolute
  const fg_device_info& info() const { return info_; }
  // What the user would type again.
  const std::string& spec() const { return spec_; }

  // Whether the plugin claims `op` for these dtypes (outputs first), by name or through an engine.
  bool claims(const core::OpInfo& op, std::span<const fg_dtype> dtypes) const;
  // Whether the core has taken a claim of `op` back since the start: the plugin refused what it claims, and
  // something else answered.
  bool claim_was_withdrawn(const core::OpInfo& op) const;
  // What the device and its claims declare about the arithmetic of this call.  An accuracy class counts for
  // sums of products alone; where the core composes one, for those that it is made of.
  reference::Arithmetic arithmetic(const core::OpInfo& op, std::span<const fg_dtype> dtypes, bool composite) const;
  // Whether the profile asks for `op`: not serving it is a gap.
  bool must_serve(const core::OpInfo& op) const { return core::profile_includes(profile_, op.profile); }
  // How the claim is made: "kernel", "engine" or "".
  std::string_view served_by(const core::OpInfo& op) const;

  Result<Handle> empty(fg_dtype dtype, std::span<const std::int64_t> shape) const;
  Result<Handle> view(const Handle& base, std::span<const std::int64_t> shape, std::span<const std::int64_t> stride,
                      std::int64_t offset) const;
  // fg_call with an Error in place of the record.
  Result<void> call(std::string_view op, std::uint32_t form, std::span<const fg_value> args,
                    std::span<fg_tensor_handle> outs) const;

 private:
  struct Claim {
    std::uint32_t n_slots = 0;
    std::vector<fg_dtype> rows;
    std::uint32_t accuracy_class = FG_ACC_DEFAULT;
  };
  reference::SumClass class_of(std::uint64_t op_uid) const;
  fg_device_handle handle_ = nullptr;
  const core::Device* device_ = nullptr;
  std::string name_, vendor_, version_, build_id_, path_, spec_, profile_;
  fg_device_info info_{};
  std::map<std::uint64_t, Claim> claims_;  // as they were at the start: the core withdraws broken ones
};

Error error_of(fg_status status, const fg_error& err);

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_RUNNER_DEVICE_HPP_
