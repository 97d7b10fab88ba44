// SPDX-License-Identifier: Apache-2.0
//
// Everything about one case, for the person who has to find out why it fails.

#ifndef FG_CONFORMANCE_RUNNER_EXPLAIN_HPP_
#define FG_CONFORMANCE_RUNNER_EXPLAIN_HPP_

#include "conformance/runner/judge.hpp"

namespace fg::conformance {

// The call, its arguments and their first elements, what the oracle says of the worst element and its
// neighbours, and where the bound comes from.  Runs the call once, in this process; never throws.
std::string explain(const Device& device, const Case& c);

// The part that needs no device: which rule decides what is allowed.
std::string bound_text(const core::OpInfo& op, const Case& c, bool statistical);
// What the device declares less than the rest of the contract asks; empty: nothing.
std::string declared_text(const reference::Arithmetic& declared);

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_RUNNER_EXPLAIN_HPP_
