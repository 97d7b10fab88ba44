// SPDX-License-Identifier: Apache-2.0
//
// Calls that follow each other as a model makes them: what one writes the next one reads, and the host
// looks at nothing before the last was given.

#ifndef FG_CONFORMANCE_MODEL_CHAIN_HPP_
#define FG_CONFORMANCE_MODEL_CHAIN_HPP_

#include <optional>
#include <string_view>
#include <vector>

#include "conformance/reference/tensor.hpp"
#include "core/catalogue/op_info.hpp"

namespace fg::conformance {

using ValueId = std::size_t;

// An argument of a link by name: a value of the chain, or an attribute.
struct LinkArg {
  std::string_view name;
  reference::Argument value;  // of tensors: the kind alone
  std::vector<ValueId> of;    // the tensors

  static LinkArg tensor(std::string_view name, ValueId of);
  static LinkArg list(std::string_view name, std::vector<ValueId> of);
  static LinkArg flag(std::string_view name, bool x);
  static LinkArg integer(std::string_view name, std::int64_t x);
  static LinkArg dims(std::string_view name, std::vector<std::int64_t> d);
};

struct Link {
  const core::OpInfo* op = nullptr;
  std::vector<LinkArg> args;  // one for each argument of the operator
  ValueId first = 0;          // results are first, first + 1, ...
};

// The program of a chain.  Values are given or made, numbered in the order in which they appear.
class Chain {
 public:
  // A weight.
  ValueId given(reference::Tensor data);
  // An input, which the second time has other data of the same shape.
  ValueId given(reference::Tensor first, reference::Tensor second);
  // The first result of `op`, the others follow.  Throws std::logic_error for a name that does not exist.
  ValueId link(std::string_view op, std::vector<LinkArg> args);

  struct Given {
    reference::Tensor first;
    std::optional<reference::Tensor> second;
  };
  struct Value {
    std::optional<Given> given;
    ValueId base = 0;                     // whose memory it is: itself, or what it is a view of
    std::optional<std::size_t> last_use;  // the link that reads it last
  };
  const std::vector<Value>& values() const { return values_; }
  const std::vector<Link>& links() const { return links_; }
  // Whether no link after `link` reads the memory of `v`, which is not given.
  bool is_free_after(ValueId v, std::size_t link) const;

 private:
  std::vector<Value> values_;
  std::vector<Link> links_;
};

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_MODEL_CHAIN_HPP_
