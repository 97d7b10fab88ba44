// SPDX-License-Identifier: Apache-2.0
//
// What a run judged: by which suite, on which device, with which plan.  It heads every journal, report
// and certificate.

#ifndef FG_CONFORMANCE_REPORT_SUBJECT_HPP_
#define FG_CONFORMANCE_REPORT_SUBJECT_HPP_

#include <cstddef>
#include <string>
#include <vector>

#include "core/catalogue/profile.hpp"

namespace fg::conformance {

struct Subject {
  // The suite.
  std::string version, abi;   // "0.1.0", "1.0"
  std::string catalogue;      // hash over all schemas, hex
  std::size_t operators = 0;  // in the catalogue
  // The plugin.
  std::string spec;  // what --plugin was given
  std::string vendor, plugin_version, build_id;
  std::string plugin_path, plugin_sha256;  // absolute; hex
  // The machine.
  std::string device, device_uuid, description, arch, driver;  // "cpu:0", hex, for people ...
  std::string os, processor;
  bool flushes_subnormals = false;  // the device says so (no FG_D_DENORMALS): bounds allow for it
  // The plan: which cases there are.  Shards of one run differ in `shard` alone.
  std::string profile{core::kProfiles.front()};
  std::string tier;  // or the corpus
  std::vector<std::string> filters;
  int seed = 0;
  std::string plan_root;    // hash over the names of all cases of the plan, hex
  std::size_t planned = 0;  // cases of the plan, of all shards
  unsigned shard = 1, shards = 1;

  bool operator==(const Subject&) const = default;
};

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_REPORT_SUBJECT_HPP_
