// SPDX-License-Identifier: Apache-2.0
//
// Opening a plugin, and calls to it.

#include "conformance/runner/device.hpp"

#include <algorithm>
#include <array>

#include "core/registry/registry.hpp"
#include "core/tensor/tensor.hpp"
#include "fg/abi/ops.h"

namespace fg::conformance {
namespace {

// op_uid of the engine that serves operators of this kind, 0: none.
std::uint64_t engine_of(const core::OpInfo& op) {
  switch (op.kind) {
    case core::Kind::map: return FG_OP_MAP_UID;
    case core::Kind::reduce: return FG_OP_REDUCE_UID;
    case core::Kind::scan: return FG_OP_SCAN_UID;
    default: return 0;
  }
}

// Sums of products, and the ones that the core's own function of it is made of.
struct Products {
  std::string_view op;
  std::array<std::string_view, 2> made_of{};
};
constexpr std::array<Products, 11> kProducts{{{"mm"},
                                              {"bmm"},
                                              {"addmm"},
                                              {"baddbmm"},
                                              {"mv"},
                                              {"addmv"},
                                              {"dot"},
                                              {"vdot"},
                                              {"linear", {"mm", "addmm"}},
                                              {"addbmm", {"addmm"}},
                                              {"scaled_dot_product_attention", {"bmm"}}}};

std::string text(const char* s) { return s != nullptr ? s : ""; }

static_assert(static_cast<std::uint32_t>(reference::SumClass::f32_rz) == FG_ACC_F32_RZ &&
              static_cast<std::uint32_t>(reference::SumClass::f16) == FG_ACC_F16 &&
              static_cast<std::uint32_t>(reference::SumClass::tf32) == FG_ACC_TF32);

}  // namespace

Error error_of(fg_status status, const fg_error& err) {
  return Error{status, err.message, err.reason, err.arg_index, err.vendor_code};
}

Result<Device> Device::open(std::string_view plugin, std::string_view profile) {
  core::Registry& registry = core::Registry::get();
  FG_TRY(registry.ignore_certificates());  // what is judged here has none yet, or an old one
  FG_TRY_ASSIGN(core::Device * found, plugin.empty() ? registry.default_device() : registry.load_plugin(plugin));
  if (!plugin.empty()) FG_TRY(registry.serve_alone(*found));
  Device d;
  fg_error err = FG_ERROR_INIT;
  if (const fg_status s = fg_device_find(found->name.c_str(), &d.handle_, &err); s < 0)
    return tl::unexpected(error_of(s, err));
  if (const fg_status s = fg_set_fallback(FG_FALLBACK_FORBID, &err); s < 0) return tl::unexpected(error_of(s, err));
  d.device_ = found;
  d.profile_ = profile;
  d.name_ = text(fg_device_name(d.handle_));
  d.vendor_ = text(fg_device_vendor(d.handle_));
  d.spec_ = plugin.empty() ? d.vendor_ : std::string(plugin);
  d.info_.hdr.struct_size = sizeof(d.info_);
  if (const fg_status s = fg_device_get_info(d.handle_, &d.info_, &err); s < 0) return tl::unexpected(error_of(s, err));
  for (const core::Candidate& c : registry.candidates()) {
    if (std::find(c.devices.begin(), c.devices.end(), d.name_) == c.devices.end()) continue;
    d.version_ = c.version;
    d.build_id_ = c.build_id;
    d.path_ = c.path;
  }
  for (const fg_op_claim* claim : registry.claims(*found)) {
    d.claims_[claim->op_uid] = {claim->n_slots,
                                {claim->rows, claim->rows + std::size_t{claim->n_rows} * claim->n_slots},
                                claim->accuracy_class};
  }
  return d;
}

bool Device::claim_was_withdrawn(const core::OpInfo& op) const {
  return claims_.count(op.uid) != 0 && core::Registry::get().claim(*device_, op.uid) == nullptr;
}

std::string_view Device::served_by(const core::OpInfo& op) const {
  if (claims_.count(op.uid) != 0) return "kernel";
  return claims_.count(engine_of(op)) != 0 ? "engine" : "";
}

bool Device::claims(const core::OpInfo& op, std::span<const fg_dtype> dtypes) const {
  const auto named = claims_.find(op.uid);
  if (named != claims_.end()) {
    const Claim& c = named->second;
    const std::size_t width = std::min<std::size_t>(c.n_slots, dtypes.size());
    for (std::size_t row = 0; width > 0 && (row + 1) * c.n_slots <= c.rows.size(); ++row) {
      if (std::equal(dtypes.begin(), dtypes.begin() + static_cast<std::ptrdiff_t>(width),
                     c.rows.begin() + static_cast<std::ptrdiff_t>(row * c.n_slots))) {
        return true;
      }
    }
  }
  const auto engine = claims_.find(engine_of(op));
  if (engine == claims_.end()) return false;
  const std::vector<fg_dtype>& rows = engine->second.rows;
  return std::all_of(dtypes.begin(), dtypes.end(),
                     [&](fg_dtype d) { return std::find(rows.begin(), rows.end(), d) != rows.end(); });
}

reference::SumClass Device::class_of(std::uint64_t op_uid) const {
  const auto found = claims_.find(op_uid);
  // A class that this suite does not know is held to the standard one.
  if (found == claims_.end() || found->second.accuracy_class > FG_ACC_TF32) return reference::SumClass::standard;
  return static_cast<reference::SumClass>(found->second.accuracy_class);
}

reference::Arithmetic Device::arithmetic(const core::OpInfo& op, std::span<const fg_dtype> dtypes,
                                         bool composite) const {
  reference::Arithmetic a;
  a.subnormals = (info_.caps & FG_D_DENORMALS) != 0;
  const auto products =
      std::find_if(kProducts.begin(), kProducts.end(), [&](const Products& p) { return p.op == op.name; });
  if (products == kProducts.end()) return a;
  if (!composite && claims(op, dtypes)) {
    a.sums = class_of(op.uid);
    return a;
  }
  for (const std::string_view part : products->made_of) {
    if (!part.empty() && a.sums == reference::SumClass::standard) a.sums = class_of(core::find_op(part)->uid);
  }
  return a;
}

Result<Handle> Device::empty(fg_dtype dtype, std::span<const std::int64_t> shape) const {
  Handle t;
  fg_error err = FG_ERROR_INIT;
  const fg_status s =
      fg_tensor_empty(handle_, dtype, static_cast<std::int32_t>(shape.size()), shape.data(), t.put(), &err);
  if (s < 0) return tl::unexpected(error_of(s, err));
  return t;
}

Result<Handle> Device::view(const Handle& base, std::span<const std::int64_t> shape,
                            std::span<const std::int64_t> stride, std::int64_t offset) const {
  // The core's own function: as_strided has no negative strides.
  const core::Tensor storage = core::Tensor::share(base.get());
  const auto bytes = static_cast<std::uint64_t>(offset * dtype_bytes(storage.dtype()));
  FG_TRY_ASSIGN(core::Tensor view, core::make_view(storage, storage.dtype(), shape, stride, bytes));
  return Handle(view.leak());
}

Result<void> Device::call(std::string_view op, std::uint32_t form, std::span<const fg_value> args,
                          std::span<fg_tensor_handle> outs) const {
  fg_error err = FG_ERROR_INIT;
  const fg_status s = fg_call(std::string(op).c_str(), form, args.data(), static_cast<std::uint32_t>(args.size()),
                              outs.data(), static_cast<std::uint32_t>(outs.size()), handle_, &err);
  if (s < 0) return tl::unexpected(error_of(s, err));
  return {};
}

}  // namespace fg::conformance
