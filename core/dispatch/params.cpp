// SPDX-License-Identifier: Apache-2.0
//
// Filling of parameter structs; their layout is tools/gen/params.cpp's.

#include "core/dispatch/params.hpp"

#include <cstring>
#include <mutex>

#include "core/catalogue/shape_rules.hpp"

namespace fg::core {
namespace {

// Rank that dimensions of the operator count in: that of its first tensor, of a list's widest.
std::int32_t rank_of(const Call& c) {
  std::int32_t rank = 0;
  std::size_t first = c.op.args.size();
  each_tensor(c, [&](fg_tensor_handle t, std::size_t i) {
    if (first == c.op.args.size()) first = i;
    if (i == first && t->desc.ndim > rank) rank = t->desc.ndim;
  });
  return rank;
}

struct DefaultGenerator {
  std::mutex mutex;
  fg_generator state{0, 0};
};
DefaultGenerator& default_generator() {
  static DefaultGenerator g;
  return g;
}

}  // namespace

void seed_default_generator(std::uint64_t seed) {
  const std::lock_guard lock(default_generator().mutex);
  default_generator().state = {seed, 0};
}

fg_generator take_default_numbers(std::uint64_t count) {
  const std::lock_guard lock(default_generator().mutex);
  const fg_generator at = default_generator().state;
  default_generator().state.offset += count;
  return at;
}

template <class T>
void Params::put(std::size_t offset, const T& value) {
  std::memcpy(reinterpret_cast<std::byte*>(blob_.data()) + offset, &value, sizeof(T));
  if constexpr (!std::is_pointer_v<T>) {
    const auto* bytes = reinterpret_cast<const std::byte*>(&value);
    key_.insert(key_.end(), bytes, bytes + sizeof(T));
  }
}

Result<void> Params::fill_dims(const Call& c, std::size_t i, std::int32_t ndim) {
  const ArgInfo& a = c.op.args[i];
  const fg_value& v = c.arg(i);
  std::span<const std::int64_t> given = a.default_dims;
  if (v.tag == FG_V_DIMS) given = {v.v.dims, v.n};
  if (v.tag == FG_V_INT) given = {&v.v.i, 1};
  std::vector<std::int64_t> list(given.begin(), given.end());
  if (a.type == ArgType::dims) {
    std::int32_t wrapped[FG_MAX_NDIM];
    FG_TRY_ASSIGN(const std::int32_t n, wrap_dims(c.op, a, given, ndim, wrapped));
    list.assign(wrapped, wrapped + n);
  }
  lists_.push_back(std::move(list));
  const std::vector<std::int64_t>& kept = lists_.back();
  put(a.params_offset, kept.data());
  put(a.params_offset + sizeof(void*), static_cast<std::int64_t>(kept.size()));
  const auto* bytes = reinterpret_cast<const std::byte*>(kept.data());
  key_.insert(key_.end(), bytes, bytes + kept.size() * sizeof(std::int64_t));
  if (a.optional) put(a.params_offset + sizeof(void*) + 8, static_cast<std::int32_t>(v.tag != FG_V_NONE));
  return {};
}

Result<void> Params::fill_argument(const Call& c, std::size_t i) {
  const ArgInfo& a = c.op.args[i];
  const fg_value& v = c.arg(i);
  const std::size_t at = a.params_offset;
  const fg_scalar s = scalar_of(a, v);
  const double real = s.kind == FG_SCALAR_FLOAT ? s.v.f : static_cast<double>(s.v.i);
  const std::int32_t present = v.tag != FG_V_NONE;
  switch (a.type) {
    case ArgType::tensor:
    case ArgType::tensor_list: return {};
    case ArgType::scalar: put(at, s); return {};
    case ArgType::float_:
      put(at, s.kind == FG_SCALAR_NONE ? 0.0 : real);
      if (a.optional) put(at + 8, present);
      return {};
    case ArgType::int_:
      put(at, s.v.i);
      if (a.optional) put(at + 8, present);
      return {};
    case ArgType::dim: {
      std::int64_t dim = 0;
      if (s.kind != FG_SCALAR_NONE) {
        FG_TRY_ASSIGN(dim, wrap_dim(c.op, a, s.v.i, rank_of(c)));
      }
      put(at, dim);
      if (a.optional) put(at + 8, present);
      return {};
    }
    case ArgType::bool_:
      put(at, static_cast<std::int32_t>(s.v.i != 0));
      if (a.optional) put(at + 4, present);
      return {};
    case ArgType::enum_: {
      FG_TRY_ASSIGN(const std::int32_t number, enum_value(c.op, a, v));
      put(at, number);
      return {};
    }
    case ArgType::dtype: put(at, v.tag == FG_V_DTYPE ? static_cast<fg_dtype>(v.v.i) : fg_dtype{0}); return {};
    case ArgType::dims:
    case ArgType::sizes: return fill_dims(c, i, rank_of(c));
    case ArgType::generator:
      generator_ = v.tag == FG_V_GENERATOR ? v.v.generator : nullptr;
      if (generator_ != nullptr) put(at, *generator_);
      return {};
  }
  return {};
}

Result<void> Params::fill(const Call& c) {
  blob_.assign((c.op.params_size + 7) / 8 + 2, 0);
  lists_.reserve(c.op.args.size());  // Their addresses are in the struct.
  fg_hdr hdr{};
  hdr.struct_size = c.op.params_size;
  std::memcpy(blob_.data(), &hdr, sizeof(hdr));
  for (std::size_t i = 0; i < c.op.args.size(); ++i) FG_TRY(fill_argument(c, i));
  return {};
}

}  // namespace fg::core
