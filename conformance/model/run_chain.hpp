// SPDX-License-Identifier: Apache-2.0
//
// A chain on the device, several times, and its judgement.
//
// A link is legal when its result lies in the oracle's intervals at the values that it read, and a chain
// when all its links are: that is the composition of what is legal for each, and no bound grows along the
// way.  The values are what the tensors hold when the last link has been given; one whose memory a later
// link takes over is copied on the device just before.

#ifndef FG_CONFORMANCE_MODEL_RUN_CHAIN_HPP_
#define FG_CONFORMANCE_MODEL_RUN_CHAIN_HPP_

#include "conformance/model/chain.hpp"
#include "conformance/runner/judge.hpp"

namespace fg::conformance {

// How links get their results' memory.
enum class Memory : std::uint8_t {
  fresh,   // a new tensor for each
  again,   // each writes where it wrote the time before
  shared,  // in place, or into what no later link reads, as an application does
};

CaseResult run_chain(const Device& device, const Chain& chain);

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_MODEL_RUN_CHAIN_HPP_
