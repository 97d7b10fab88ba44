// SPDX-License-Identifier: Apache-2.0
//
// The monoids of fg/abi/engine.h as text: their states are variables, and combining two states is an
// expression program of its own, so that every language prints it by its own rules.

#ifndef FG_PLUGINS_GPU_ENGINE_MONOID_HPP_
#define FG_PLUGINS_GPU_ENGINE_MONOID_HPP_

#include <cstdint>
#include <string>
#include <vector>

#include "fg/abi/engine.h"
#include "fg/sdk/result.hpp"

namespace fg::gpu {

class Monoid {
 public:
  // `type`: FG_CT_* of the prologue's value.
  static Result<Monoid> make(std::uint32_t monoid, std::uint16_t type);

  // Compute types of the state's parts.
  const std::vector<std::uint16_t>& types() const { return types_; }
  std::size_t parts() const { return types_.size(); }
  // Declares "<name>0", ... as the identity.
  std::string declare_identity(const std::string& name) const;
  // Declares "<name>0", ... as the state of one element: `value`, and the i64 expression `position`.
  std::string declare_element(const std::string& name, const std::string& value, const std::string& position) const;
  // "<into>... = combine(<a>..., <b>...)", a before b.  Helpers go to `functions`.
  Result<std::string> combine(const std::string& into, const std::string& a, const std::string& b,
                              std::string& functions, std::vector<std::string>& helpers) const;
  bool positional() const;
  // Of a positional one, the best of elements that come by rising position: where b0 replaces a0, `place` becomes `at`.
  std::string take_next(const std::string& a, const std::string& b, const std::string& place,
                        const std::string& at) const;

 private:
  std::uint32_t kind_ = 0;
  std::vector<std::uint16_t> types_;
  std::vector<fg_expr_node> node_;  // Inputs: the parts of a, then those of b.
  std::vector<std::uint32_t> out_;
};

// "f32": the dialect's word for FG_CT_*.
std::string type_word(std::uint16_t type);

}  // namespace fg::gpu

#endif  // FG_PLUGINS_GPU_ENGINE_MONOID_HPP_
