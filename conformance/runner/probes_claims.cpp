// SPDX-License-Identifier: Apache-2.0
//
// Claims, query, prepare and launch say the same.

#include "conformance/cases/plan.hpp"
#include "conformance/runner/direct.hpp"
#include "conformance/runner/judge.hpp"
#include "conformance/runner/probes_areas.hpp"
#include "core/registry/registry.hpp"
#include "fg/abi/ops.h"

namespace fg::conformance {
namespace {

constexpr std::int64_t kElements = 64;

// The kernel of a claim declares the claim's class.
Result<std::string> same_class(const Device& device, const Direct& d, const fg_sig& sig, const char* op) {
  FG_TRY_ASSIGN(const core::Device* found, core::Registry::get().find_device(device.name()));
  const fg_op_claim* claim = core::Registry::get().claim(*found, sig.op_uid);
  if (claim == nullptr) return "";
  FG_TRY_ASSIGN(const Owned<fg_kernel> kernel, d.prepare(sig));
  if (kernel->accuracy_class == claim->accuracy_class) return "";
  return std::string(op) + ": the claim has accuracy class " + std::to_string(claim->accuracy_class) + ", the kernel " +
         std::to_string(kernel->accuracy_class);
}

}  // namespace

Result<std::string> query_is_pure(const Device& device) {
  constexpr int kQueries = 50;
  FG_TRY_ASSIGN(const Direct d, Direct::of(device));
  FG_TRY_ASSIGN(const std::unique_ptr<RawAxpy> axpy, RawAxpy::make(d, kElements, 2));
  const std::optional<fg_test_counts> before = d.counts();
  if (!before) return "";  // it shows nothing
  fg_status first = FG_OK;
  for (int k = 0; k < kQueries; ++k) {
    fg_verdict v{};
    v.hdr.struct_size = sizeof v;
    if (const fg_status s = d.api().query(d.instance(), &axpy->sig(), &v); s < 0)
      return expect_status("query", s, FG_OK);
    if (k == 0) first = v.code;
    if (v.code != first) return "the same query was answered with two verdicts";
  }
  const std::optional<fg_test_counts> after = d.counts();
  if (after &&
      (after->buffers != before->buffers || after->bytes != before->bytes || after->kernels != before->kernels))
    return "a query leaves buffers or kernels behind";
  return "";
}

Result<std::string> claimed_accuracy(const Device& device) {
  FG_TRY_ASSIGN(const Direct d, Direct::of(device));
  FG_TRY_ASSIGN(const std::unique_ptr<RawAxpy> axpy, RawAxpy::make(d, kElements, 2));
  FG_TRY_ASSIGN(std::string text, same_class(device, d, axpy->sig(), FG_OP_MAP));
  if (!text.empty()) return text;
  const fg_mm_params mm{{sizeof(fg_mm_params), 0, nullptr}};
  RawCall product(d, FG_OP_MM_UID, FG_OP_MM_SCHEMA_HASH,
                  {{nullptr, FG_F32, {8, 8}}, {nullptr, FG_F32, {8, 8}}, {nullptr, FG_F32, {8, 8}}}, 1, &mm);
  return same_class(device, d, product.sig(), "mm");
}

Result<std::string> claims_are_kept(const Device& device) {
  FG_TRY_ASSIGN(const core::Device* found, core::Registry::get().find_device(device.name()));
  core::Registry& registry = core::Registry::get();
  for (const Case& c : plan(Tier::quick)) {
    const core::OpInfo* op = core::find_op(c.op);
    if (c.area != "op" || c.composite || op == nullptr || op->kind != core::Kind::composite) continue;
    if (registry.claim(*found, op->uid) == nullptr) continue;
    run_case(device, c);
    // The core composes what the kernel refuses, and then no longer believes the claim.
    if (registry.claim(*found, op->uid) == nullptr) return "it claims " + c.op + " and refused " + name_of(c);
  }
  return "";
}

}  // namespace fg::conformance
