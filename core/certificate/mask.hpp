// SPDX-License-Identifier: Apache-2.0
//
// Which operators of a device are certified, asked when a plan is made; a plan's answer is kept with
// it, so a call pays nothing.

#ifndef FG_CORE_CERTIFICATE_MASK_HPP_
#define FG_CORE_CERTIFICATE_MASK_HPP_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "core/catalogue/op_info.hpp"
#include "core/certificate/certificate.hpp"

namespace fg::core {

class OperatorMask {
 public:
  // Nothing is certified, for this reason.
  explicit OperatorMask(std::string why) : nothing_(std::move(why)) {}
  // What `certificate` covers of this core's catalogue.
  explicit OperatorMask(const Certificate& certificate);

  // Why nothing at all is certified; empty otherwise.
  const std::string& nothing() const { return nothing_; }
  // Why a call of `op` may not be run `by` the plugin or the composition, empty when it may.
  // `dtype`: that of its first tensor, see certified_dtype().
  std::string denial(const OpInfo& op, std::string_view dtype, std::string_view by) const;
  // Why no call of `op` may, empty when one may.
  std::string denial(const OpInfo& op, std::string_view by) const;

 private:
  struct Rows {
    std::string problem;                // The schema is another one.
    std::map<std::string, bool> holds;  // by dtype
  };
  using Key = std::pair<std::string, std::string>;  // op, by

  std::string expression_denial(std::string_view dtype) const;

  std::string nothing_;
  std::map<Key, Rows> rows_;
  // Maps of expressions have no name of their own: an engine that is certified for every listed map of
  // a dtype is certified for them.
  std::map<std::string, bool, std::less<>> maps_;
};

}  // namespace fg::core

#endif  // FG_CORE_CERTIFICATE_MASK_HPP_
