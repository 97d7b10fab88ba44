// SPDX-License-Identifier: Apache-2.0
//
// Which bug touches which kernels.

#include "tests/mutants/hooks.hpp"

#include <algorithm>

#include "tests/mutants/controller.hpp"
#include "tests/mutants/edited.hpp"

namespace fg::mutants {
namespace {

using Filter = bool (*)(const Kernel&);

bool every(const Kernel&) { return true; }
bool maps(const Kernel& k) { return k.is_map() && k.n_in > 0; }
bool reductions(const Kernel& k) { return k.is_reduce() && k.n_in == 1; }
bool products(const Kernel& k) { return k.is_product() && is_small_float(k.dtypes[0]); }
bool f32_products(const Kernel& k) { return k.is_product() && k.dtypes[0] == FG_F32; }
bool all_products(const Kernel& k) { return k.is_product(); }
template <std::uint64_t UID>
bool named(const Kernel& k) {
  return k.uid == UID;
}
bool narrow_maps(const Kernel& k) {
  return maps(k) && k.n_out == 1 && (k.dtypes[0] == FG_F16 || k.dtypes[0] == FG_BF16);
}
bool float_maps(const Kernel& k) { return maps(k) && is_small_float(k.dtypes[0]); }

fg_status throws(const Call&) { throw 1; }
fg_status liar(const Call& c) {
  constexpr std::uint64_t kOneIn = 5;
  if (hash_of(c) % kOneIn != 0) return forward(c);
  return sdk::report(c.launch.err, Error{FG_E_UNSUPPORTED, "not these shapes", FG_R_SHAPE});
}

struct Row {
  std::size_t fault;
  Filter touches;
  Hook hook;
};
const Row kRows[] = {
    {fault("drop_last_k"), all_products, drop_last_k},
    {fault("skip_tail_lanes"), maps, skip_tail_lanes},
    {fault("floor_grid"), reductions, floor_grid},
    {fault("off_by_one_pad"), named<FG_OP_CONSTANT_PAD_ND_UID>, off_by_one_pad},
    {fault("rank3_stride"), maps, rank3_stride},
    {fault("index32"), reductions, index32},
    {fault("offset32"), maps, offset32},
    {fault("positions31"), named<FG_OP_TAKE_UID>, positions31},
    {fault("offset_ignored"), maps, offset_ignored},
    {fault("swap_broadcast_axis"), maps, swap_broadcast_axis},
    {fault("negative_stride"), maps, negative_stride},
    {fault("zero_size_writes"), every, zero_size_writes},
    {fault("partial_sums_f16"), products, product},
    {fault("products_rounded"), products, product},
    {fault("tf32_inputs"), f32_products, product},
    {fault("row_scale"), products, product},
    {fault("rounds_up"), f32_products, product},
    {fault("rounds_up"), is_plain_sum, sum},
    {fault("rz_undeclared"), products, product},
    {fault("order_by_turns"), products, product},
    {fault("read_uninit_output"), products, product},
    {fault("truncating_store"), narrow_maps, truncating_store},
    {fault("double_rounding"), narrow_maps, double_rounding},
    {fault("softmax_no_max"), named<FG_OP_SOFTMAX_UID>, softmax_no_max},
    {fault("softmax_inf_row"), named<FG_OP_SAFE_SOFTMAX_UID>, softmax_inf_row},
    {fault("eps_outside_sqrt"), named<FG_OP_RMS_NORM_UID>, eps_outside_sqrt},
    {fault("square_of_mean"), named<FG_OP_LAYER_NORM_UID>, square_of_mean},
    {fault("flush_to_zero"), float_maps, flush_to_zero},
    {fault("changes_mxcsr"), every, changes_mxcsr},
    {fault("write_past_end"), maps, write_past_end},
    {fault("write_before_start"), maps, write_before_start},
    {fault("write_stride_gap"), maps, write_stride_gap},
    {fault("read_past_end"), reductions, read_past_end},
    {fault("workspace_plus_one"), every, workspace_plus_one},
    {fault("modifies_input"), named<FG_OP_SOFTMAX_UID>, modifies_input},
    {fault("workspace_offset_ignored"), every, workspace_offset_ignored},
    {fault("keeps_pointer"), maps, keeps_pointer},
    {fault("shared_scratch"), maps, shared_scratch},
    {fault("racy_init"), maps, racy_init},
    {fault("stale_hand_over"), every, stale_hand_over},
    {fault("remembers_result"), named<FG_OP_LINEAR_UID>, remembers_result},
    {fault("random_repeats"), named<FG_OP_UNIFORM_UID>, random_repeats},
    {fault("throws"), maps, throws},
    {fault("liar"), every, liar},
};

// Orders of summation are legal for products and sums alike.
Hook legal_hook(const Kernel& k) {
  constexpr std::string_view kOrders[] = {"fma", "tree", "splitk", "reverse", "lanes", "turns"};
  const bool order = std::find(std::begin(kOrders), std::end(kOrders), kVariant) != std::end(kOrders);
  if ((order || legal("rz")) && products(k)) return product;
  if (order && is_plain_sum(k)) return sum;
  return legal("ftz") && is_small_float(k.dtypes[0]) ? flush_to_zero : nullptr;
}

}  // namespace

Hook hook_of(const Kernel& k) {
  if (!kVariant.empty()) return legal_hook(k);
  for (const Row& r : kRows) {
    if (has(r.fault) && r.touches(k)) return r.hook;
  }
  return nullptr;
}

bool wants_wide(const Kernel& k) {
  return (has(fault("truncating_store")) || has(fault("double_rounding"))) && narrow_maps(k);
}

}  // namespace fg::mutants
