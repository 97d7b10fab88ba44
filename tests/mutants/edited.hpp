// SPDX-License-Identifier: Apache-2.0
//
// A launch whose descriptors may be changed, and help to read and write elements.

#ifndef FG_TESTS_MUTANTS_EDITED_HPP_
#define FG_TESTS_MUTANTS_EDITED_HPP_

#include <array>
#include <cstddef>

#include "tests/mutants/mutant.hpp"

namespace fg::mutants {

class Edited {
 public:
  explicit Edited(const fg_launch& l) : launch_(l), t_(l.t, l.t + l.n_out + l.n_in), extents_(t_.size()) {
    for (std::size_t i = 0; i < t_.size(); ++i) {
      std::copy_n(t_[i].shape, t_[i].ndim, extents_[i].shape.begin());
      std::copy_n(t_[i].stride, t_[i].ndim, extents_[i].stride.begin());
      t_[i].shape = extents_[i].shape.data();
      t_[i].stride = extents_[i].stride.data();
    }
    launch_.t = t_.data();
  }
  Edited(const Edited&) = delete;
  Edited& operator=(const Edited&) = delete;

  std::size_t size() const { return t_.size(); }
  std::size_t n_out() const { return launch_.n_out; }
  fg_launch& launch() { return launch_; }
  fg_tensor& tensor(std::size_t i) { return t_[i]; }
  std::int64_t& shape(std::size_t i, std::int32_t d) { return extents_[i].shape[static_cast<std::size_t>(d)]; }
  std::int64_t& stride(std::size_t i, std::int32_t d) { return extents_[i].stride[static_cast<std::size_t>(d)]; }
  void shift(std::size_t i, std::int64_t elements) {
    const std::int64_t bytes = elements * dtype_bytes(t_[i].dtype);
    t_[i].byte_offset += static_cast<std::uint64_t>(bytes);
    t_[i].ptr = static_cast<std::byte*>(t_[i].ptr) + bytes;
  }
  // A dimension of every tensor that has it.
  void set_length(std::int32_t d, std::int64_t n) {
    for (std::size_t i = 0; i < t_.size(); ++i) {
      if (d < t_[i].ndim) shape(i, d) = n;
    }
  }

 private:
  struct Extents {
    std::array<std::int64_t, FG_MAX_NDIM> shape{}, stride{};
  };
  fg_launch launch_;
  std::vector<fg_tensor> t_;
  std::vector<Extents> extents_;
};

inline const fg_tensor& out_of(const Call& c, int i = 0) { return c.launch.t[i]; }
inline const fg_tensor& in_of(const Call& c, int i = 0) { return c.launch.t[c.launch.n_out + i]; }

inline bool same_place(const fg_tensor& a, const fg_tensor& b) { return a.ptr == b.ptr; }

// f16, bf16, f32: what is computed in f32.
inline bool is_small_float(fg_dtype d) { return d == FG_F16 || d == FG_BF16 || d == FG_F32; }

inline float load(const fg_tensor& t, std::int64_t offset) {
  float x = 0;
  with_type(t.dtype,
            [&](auto tag) { x = static_cast<float>(static_cast<typename decltype(tag)::type*>(t.ptr)[offset]); });
  return x;
}
inline void store(const fg_tensor& t, std::int64_t offset, float x) {
  with_type(t.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    static_cast<T*>(t.ptr)[offset] = static_cast<T>(x);
  });
}

// Element offset of the last element in row-major order.
inline std::int64_t last_offset(const fg_tensor& t) {
  std::int64_t at = 0;
  for (std::int32_t d = 0; d < t.ndim; ++d) at += (t.shape[d] - 1) * t.stride[d];
  return at;
}

// f(offset of t's element) for all elements.
template <class F>
void each(const fg_tensor& t, F&& f) {
  for (sdk::Odometer<1> at(sdk::shape_of(t), {sdk::strides_of(t)}); !at.done(); at.next()) f(at.offset(0));
}

// Changes the element at position `at` from element 0.
inline void scribble(const fg_tensor& t, std::int64_t at) {
  const std::int64_t size = dtype_bytes(t.dtype);
  auto* to = static_cast<unsigned char*>(t.ptr) + at * size;
  for (std::int64_t k = 0; k < size; ++k) to[k] = static_cast<unsigned char>(to[k] ^ 0xA5);
}

}  // namespace fg::mutants

#endif  // FG_TESTS_MUTANTS_EDITED_HPP_
