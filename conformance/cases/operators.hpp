// SPDX-License-Identifier: Apache-2.0
//
// From the catalogue's terms to the oracle's, which includes the standard library alone.

#ifndef FG_CONFORMANCE_CASES_OPERATORS_HPP_
#define FG_CONFORMANCE_CASES_OPERATORS_HPP_

#include "conformance/reference/reference.hpp"
#include "core/catalogue/op_info.hpp"

namespace fg::conformance {

reference::Type to_reference(fg_dtype dtype);
fg_dtype to_dtype(reference::Type type);
// What the oracle reads of `op`; made once, lives as long as the process.  [any-thread]
const reference::Operator& oracle_operator(const core::OpInfo& op);

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_CASES_OPERATORS_HPP_
