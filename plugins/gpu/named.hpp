// SPDX-License-Identifier: Apache-2.0
//
// What the named kernels of moving and indexing share: preparing, the pieces in which memory moves, walks over several
// tensors, and numbers given as arguments.

#ifndef FG_PLUGINS_GPU_NAMED_HPP_
#define FG_PLUGINS_GPU_NAMED_HPP_

#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "plugins/gpu/engine/operands.hpp"
#include "plugins/gpu/launch.hpp"
#include "plugins/gpu/programs.hpp"
#include "plugins/gpu/runtime.hpp"

namespace fg::gpu {

// The state of a prepared kernel that has none but its programs.
using Prepared = std::shared_ptr<Variants>;

// F: Result<void> f(const Prepared&, const sdk::Launch&); W: Result<std::uint64_t> w(the same).
template <auto F>
Result<sdk::PreparedKernel> prepare(const fg_sig&) {
  return sdk::make_kernel<F>(std::make_shared<Variants>());
}
template <auto F, auto W>
Result<sdk::PreparedKernel> prepare(const fg_sig&) {
  return sdk::make_kernel<F, W>(std::make_shared<Variants>());
}

// Up to eight numbers below 256 as one.
std::uint64_t variant_number(std::initializer_list<std::int64_t> numbers);

// A kernel file with these dtypes of its buffers, changed by `change(source)`.
template <class Change>
Result<Source> make_source(const char* name, std::initializer_list<fg_dtype> dtypes, bool wide, Change&& change) {
  FG_TRY_ASSIGN(Source source, source_of(name, {dtypes.begin(), dtypes.size()}));
  source.wide_index = wide;
  change(source);
  return source;
}
// Groups in which each work-item takes one of `items`.
inline std::uint64_t groups_of(const Program& program, std::int64_t items) {
  return groups_for(static_cast<std::uint64_t>(items), program.source.group_size);
}

// --- walks over some operands, dimensions of length 1 left out ---
Walk make_walk(std::size_t operands);
void add_to_walk(Walk& walk, std::int64_t size, std::initializer_list<std::int64_t> strides);
std::int64_t stride_of(const fg_tensor& t, int d);  // 0 where t has no such dimension
// Stride of dimension d of `t`, seen as one that broadcasts to a tensor of rank `ndim`.
std::int64_t broadcast_stride(const fg_tensor& t, int d, int ndim);

// Defines `word` as the text that declares idx <offset>0 ..., and adds its parameters.
void define_locate(Source& source, const char* word, const Locate& names, int ndim, std::span<const std::size_t> used);

// --- pieces ---

// Bytes of the largest piece, from an element's to 16, that divides all of these numbers of bytes.
std::int64_t piece_bytes(std::int64_t element, const std::vector<std::int64_t>& bytes);
// The same for the places of a walk whose last dimension is dense in all operands; the walk then counts pieces.
std::int64_t walk_in_pieces(Walk& walk, std::int64_t element, const std::vector<std::int64_t>& bytes);
std::int64_t bytes_of(const fg_tensor& t);  // All elements'.
inline std::int64_t offset_of(const fg_tensor& t) { return static_cast<std::int64_t>(t.byte_offset); }
// Storage with which a kernel moves such pieces.
fg_dtype piece_dtype(std::int64_t bytes);
// READ(i) of buffer x, WRITE(i, v) of buffer y, NOTHING: a piece of zeros.
void define_piece(Source& source, std::int64_t bytes);

// y from x over a walk of both (operand 0 is y, 1 is x, both of one dtype).  `from`: where in x the walk begins.
Result<void> move_pieces(const Prepared& k, const sdk::Launch& l, const BufferRef& y, const BufferRef& x, Walk walk,
                         std::int64_t element, std::int64_t from = 0);
// out becomes self, both dense and of one shape; nothing where they are the same memory.
Result<void> copy_self(const sdk::Launch& l, const fg_tensor& out, const fg_tensor& self);

// Of an index that a kernel has read from buffer k as `raw`, with parameters i64 bound and wraps (bound, where a
// negative index counts from the end, else 0): COUNTED_FROM_END(raw) is an i64, INSIDE(i) whether it names something.
void define_index(Source& source);

// --- numbers ---

// A number as an element of that dtype can hold it: floats are cut to the range of an integer dtype.
fg_scalar stored_number(const fg_scalar& number, fg_dtype dtype);
// Writes an i64 that the host knows.
Result<void> put_count(const sdk::Launch& l, const fg_tensor& to, std::int64_t value);

}  // namespace fg::gpu

#endif  // FG_PLUGINS_GPU_NAMED_HPP_
