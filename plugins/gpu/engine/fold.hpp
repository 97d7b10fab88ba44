// SPDX-License-Identifier: Apache-2.0
//
// What reductions and scans share: their programs as they were prepared, and the pieces of text for
// prologue, epilogue, states in shared memory and states in the workspace.

#ifndef FG_PLUGINS_GPU_ENGINE_FOLD_HPP_
#define FG_PLUGINS_GPU_ENGINE_FOLD_HPP_

#include <memory>
#include <string>
#include <vector>

#include "plugins/gpu/engine/monoid.hpp"
#include "plugins/gpu/engine/operands.hpp"
#include "plugins/gpu/programs.hpp"
#include "plugins/gpu/runtime.hpp"

namespace fg::gpu {

struct Fold {
  ProgramCopy prologue, epilogue;
  Monoid monoid;
  std::size_t n_out = 0, n_in = 0;
  std::vector<fg_dtype> dtypes;  // Outputs, then inputs.
  std::vector<std::uint32_t> index_dims;
  std::vector<ScalarUse> scalars;
  std::shared_ptr<Variants> variants = std::make_shared<Variants>();

  std::size_t n() const { return n_out + n_in; }
};

// From the members that fg_reduce_params and fg_scan_params share.
Result<Fold> make_fold(const char* who, const fg_sig& sig, const fg_expr* prologue, const fg_expr* epilogue,
                       std::uint32_t monoid);

// Builds one kernel: buffers first, then text.
class FoldText {
 public:
  FoldText(const Fold& fold, const char* name, bool wide);
  Source& source() { return source_; }

  void add_inputs();                 // x0, x1, ...
  void add_outputs();                // y0, y1, ...
  void add_partials(Access access);  // w0, w1, ...: states in the workspace
  void add_scalars() { add_scalar_params(source_, fold_.scalars); }

  // Declares "<name>..." as the state of the element at offsets "<offset><k>" of the inputs.
  Result<std::string> element(const std::string& name, const std::string& offset, const std::string& position);
  // The same in two parts, so that several are loaded before the first is used: `ahead.load` loads number w, the
  // element at "<offset><k>" or, above 1, the piece of `each` neighbours there; the result declares the state of its
  // element j.
  struct Ahead {
    std::string declare, load;
  };
  Result<std::string> element_ahead(const std::string& name, const std::string& offset, const std::string& position,
                                    std::int64_t each, Ahead& ahead);
  // EACH neighbours from element `own` of a line on, in private arrays, or, in pieces, for lines that are whole pieces:
  // `keep_elements` loads what lies before `end`, `places` declaring the offsets "q<k>" of element r; `use` is what
  // moves them out of the way of the next; `kept_element` declares the state of number j of those.
  struct Keep {
    std::string declare, load, use;
  };
  Keep keep_elements(const std::string& places, std::int64_t each, bool pieces) const;
  Result<std::string> kept_element(const std::string& name, const std::string& position);
  // Stores epilogue(state "<name>...") at "<offset><j>" of the outputs; `count`: an i64 expression.
  Result<std::string> finish(const std::string& name, const std::string& offset, const std::string& count);
  // The same into number j of EACH neighbours, which `store_finished` stores as pieces at "o<k> + own".
  Result<std::string> finish_kept(const std::string& name, const std::string& count);
  std::string declare_finished() const;
  std::string store_finished(std::int64_t each) const;
  Result<std::string> combine(const std::string& into, const std::string& a, const std::string& b) {
    return fold_.monoid.combine(into, a, b, source_.functions, helpers_);
  }
  std::string load_partial(const std::string& name, const std::string& at) const;  // declares
  std::string partial_ahead(const std::string& name, const std::string& at, Ahead& ahead) const;
  std::string store_partial(const std::string& name, const std::string& at) const;
  void share_states();                                                            // part0[GROUP_SIZE], ...
  std::string load_shared(const std::string& name, const std::string& at) const;  // declares
  std::string store_shared(const std::string& name, const std::string& at) const;
  // Those of the work-item that `shuffle` (SUBGROUP_XOR or SUBGROUP_UP) names with `reach`.
  std::string shuffled(const std::string& name, const std::string& from, const std::string& shuffle,
                       const std::string& reach) const;  // declares
  // "<name>..." of all work-items of the group combined in a fixed order; work-item 0 has it.
  Result<std::string> group_join(const std::string& name);

 private:
  Result<std::string> group_tree(const std::string& name);
  Result<std::string> element_of(const std::string& name, const std::string& loads, const std::string& position);
  // `store(j, value)`: the text that stores output j.
  template <class Store>
  Result<std::string> finish_with(const std::string& name, const std::string& count, Store&& store);

  const Fold& fold_;
  Source source_;
  std::vector<std::string> helpers_;
};

// Elements that a piece of 16 bytes of the widest of these types holds.
std::int64_t piece_elements(std::span<const fg_dtype> dtypes);

// Storage of state part k in buffers.
fg_dtype state_dtype(std::uint16_t type);
std::uint64_t state_bytes(const Monoid& monoid);
// Workspace buffers of `count` states, one array a part.
std::vector<BufferRef> partial_buffers(const Monoid& monoid, BufferRef workspace, std::uint64_t count);
std::uint64_t partial_bytes(const Monoid& monoid, std::uint64_t count);

}  // namespace fg::gpu

#endif  // FG_PLUGINS_GPU_ENGINE_FOLD_HPP_
