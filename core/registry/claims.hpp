// SPDX-License-Identifier: Apache-2.0
//
// What a device claims, checked once: names and uids agree, numbers are sane, both sides were built
// with the same schema of the operator.  A claim that fails is dropped with a notice; the plugin stays.

#ifndef FG_CORE_REGISTRY_CLAIMS_HPP_
#define FG_CORE_REGISTRY_CLAIMS_HPP_

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/registry/candidate.hpp"
#include "core/registry/loader.hpp"
#include "fg/abi/plugin.h"

namespace fg::core {

class ClaimTable {
 public:
  ClaimTable() = default;
  // Copies the claims that hold; what does not becomes a notice.
  ClaimTable(const ClaimArray& raw, std::vector<Notice>& notices);

  const fg_op_claim* find(std::uint64_t op_uid) const;  // No lock.
  std::vector<const fg_op_claim*> all() const;
  // True when the claim was there until now.
  bool withdraw(std::uint64_t op_uid);

 private:
  std::size_t position(std::uint64_t op_uid) const;  // size() when absent

  std::vector<fg_op_claim> sorted_;  // By op_uid.
  std::unique_ptr<std::atomic<bool>[]> withdrawn_;
};

}  // namespace fg::core

#endif  // FG_CORE_REGISTRY_CLAIMS_HPP_
