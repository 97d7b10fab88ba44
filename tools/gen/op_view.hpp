// SPDX-License-Identifier: Apache-2.0
//
// An operator of the model as the core sees it, so that the generator checks case lines with the
// core's own rules.

#ifndef FG_TOOLS_GEN_OP_VIEW_HPP_
#define FG_TOOLS_GEN_OP_VIEW_HPP_

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "tools/gen/model.hpp"

namespace fg::gen {

class OpView {
 public:
  explicit OpView(const Op& op);  // Borrowed.
  OpView(const OpView&) = delete;
  OpView& operator=(const OpView&) = delete;
  const core::OpInfo& info() const { return info_; }

 private:
  std::span<const std::string_view> views(const std::vector<std::string>& texts);

  std::vector<core::ArgInfo> args_;
  std::vector<core::OutInfo> outs_;
  std::vector<std::string> symbols_;
  std::deque<std::vector<std::string_view>> lists_;
  core::OpInfo info_{};
};

}  // namespace fg::gen

#endif  // FG_TOOLS_GEN_OP_VIEW_HPP_
