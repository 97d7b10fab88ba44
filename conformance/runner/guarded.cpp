// SPDX-License-Identifier: Apache-2.0
//
// Guarded tensors.

#include "conformance/runner/guarded.hpp"

#include <algorithm>
#include <cstring>

#include "conformance/cases/operators.hpp"
#include "conformance/data/rng.hpp"
#include "core/tensor/tensor.hpp"

namespace fg::conformance {

template <class F>
void GuardedTensor::each_element(F&& f) const {
  const std::int64_t n = reference::numel(shape_);
  std::vector<std::int64_t> index(shape_.size(), 0);
  const auto size = static_cast<std::int64_t>(reference::bytes(type_));
  for (std::int64_t i = 0; i < n; ++i, reference::next_index(index, shape_)) {
    f(static_cast<std::size_t>(i),
      static_cast<std::size_t>((placement_.offset + reference::dot(index, placement_.stride)) * size));
  }
}

Result<GuardedTensor> GuardedTensor::make(const Device& device, reference::Type type, const Shape& shape,
                                          const Placement& placement, const std::vector<reference::Real>& values,
                                          std::uint64_t poison) {
  GuardedTensor t;
  t.type_ = type;
  t.shape_ = shape;
  t.placement_ = placement;
  t.before_.resize(static_cast<std::size_t>(placement.length) * reference::bytes(type));
  for (std::size_t i = 0; i < t.before_.size(); i += 8) {
    const std::uint64_t pattern = mix(poison ^ (i / 8));
    std::memcpy(&t.before_[i], &pattern, std::min<std::size_t>(8, t.before_.size() - i));
  }
  if (!values.empty()) {
    t.each_element([&](std::size_t i, std::size_t at) { reference::save(type, values[i], &t.before_[at]); });
  }
  const fg_dtype dtype = to_dtype(type);
  FG_TRY_ASSIGN(t.storage_, device.empty(dtype, std::vector<std::int64_t>{placement.length}));
  fg_error err = FG_ERROR_INIT;
  const fg_status s = fg_tensor_write(t.storage_.get(), t.before_.data(), t.before_.size(), &err);
  if (s < 0) return tl::unexpected(error_of(s, err));
  FG_TRY_ASSIGN(t.view_, device.view(t.storage_, shape, placement.stride, placement.offset));
  return t;
}

core::HostRead GuardedTensor::readback() {
  after_.resize(before_.size());
  const core::Tensor storage = core::Tensor::share(storage_.get());
  return {storage.storage(), core::storage_offset_bytes(storage), after_};
}

std::optional<std::int64_t> GuardedTensor::first_write_outside() const {
  if (std::memcmp(before_.data(), after_.data(), before_.size()) == 0) return std::nullopt;
  const std::size_t size = reference::bytes(type_);
  std::vector<bool> inside(before_.size() / size, false);
  each_element([&](std::size_t, std::size_t at) { inside[at / size] = true; });
  for (std::size_t i = 0; i < before_.size(); ++i) {
    if (before_[i] == after_[i] || inside[i / size]) continue;
    return static_cast<std::int64_t>(i) - placement_.offset * static_cast<std::int64_t>(size);
  }
  return std::nullopt;
}

bool GuardedTensor::elements_changed() const {
  bool changed = false;
  const std::size_t size = reference::bytes(type_);
  each_element(
      [&](std::size_t, std::size_t at) { changed = changed || std::memcmp(&before_[at], &after_[at], size) != 0; });
  return changed;
}

std::vector<std::byte> GuardedTensor::element_bytes() const {
  const std::size_t size = reference::bytes(type_);
  std::vector<std::byte> out(static_cast<std::size_t>(reference::numel(shape_)) * size);
  each_element([&](std::size_t i, std::size_t at) { std::memcpy(&out[i * size], &after_[at], size); });
  return out;
}

std::vector<reference::Real> decode(reference::Type type, const std::vector<std::byte>& bytes) {
  const std::size_t size = reference::bytes(type);
  std::vector<reference::Real> v(bytes.size() / size);
  for (std::size_t i = 0; i < v.size(); ++i) v[i] = reference::load(type, &bytes[i * size]);
  return v;
}

}  // namespace fg::conformance
