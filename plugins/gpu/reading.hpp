// SPDX-License-Identifier: Apache-2.0
//
// What products and attention share: how a matrix is read, slices of it in shared memory
// (kernels/slice.fgk), and the type in which sums are kept.

#ifndef FG_PLUGINS_GPU_READING_HPP_
#define FG_PLUGINS_GPU_READING_HPP_

#include <string>

#include "plugins/gpu/launch.hpp"

namespace fg::gpu {

// A matrix of lines along which sums run.  Strides in elements; 0 repeats.
struct Lines {
  BufferRef at;
  std::int64_t count = 0, step = 0;     // Lines, and from one to the next.
  std::int64_t length = 0, stride = 0;  // Of a line, and from element to element.
  std::int64_t batch = 0;               // Any other stride: all matrices begin at multiples of it.
};

// `along` where neighbours lie along a line; vec elements at once, 16 bytes or 1.
struct Reading {
  bool along = true;
  int vec = 1;
};
Reading reading_of(const Lines& x, fg_dtype dtype);

// A number for Variants of what decides among the texts of a kernel.
class Number {
 public:
  Number& add(std::int64_t value, int bits) {
    number_ = number_ << bits | static_cast<std::uint64_t>(value);
    return *this;
  }
  Number& add(const Reading& r) { return add(r.along, 1).add(r.vec, 5); }
  std::uint64_t value() const { return number_; }

 private:
  std::uint64_t number_ = 0;
};

// In which sums of `dtype` are kept in memory, and the dialect's type for them: integers wrap, which signed ones may
// not.
fg_dtype sum_dtype(fg_dtype dtype);
std::string sum_word(fg_dtype dtype);
// ACC, ZERO, MAC(x, y, z) = x * y + z
void add_sums(Source& s, fg_dtype dtype);

// X_PIECE X_NONE X_LOAD(i) X_OF(p, j) X_VEC X_ALONG: what of buffer `x` is read at once, its type, nothing,
// the piece that begins at element i, its element j as ACC.
void add_reading(Source& s, const std::string& x, const std::string& X, const Reading& r);
// X_K(p) X_LINE(p) X_PIECES X_EACH X_PITCH X_AT(j): the pieces of a slice of `lines` lines by `k` elements; the text
// of slice.fgk must be there.
void add_slice(Source& s, const std::string& X, const Reading& r, int lines, int k);
// FETCH and KEEP, and UNROLL_K before loops over a slice.
Result<void> add_slice_text(Source& s, const Features& features);

// Elements behind each line of a slice: the next line begins in another bank.
inline constexpr int kSlicePad = 4;

}  // namespace fg::gpu

#endif  // FG_PLUGINS_GPU_READING_HPP_
