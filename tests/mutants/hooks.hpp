// SPDX-License-Identifier: Apache-2.0
//
// The wrong launches, by what is wrong with them.

#ifndef FG_TESTS_MUTANTS_HOOKS_HPP_
#define FG_TESTS_MUTANTS_HOOKS_HPP_

#include "tests/mutants/mutant.hpp"

namespace fg::mutants {

// layout.cpp
fg_status drop_last_k(const Call&);
fg_status skip_tail_lanes(const Call&);
fg_status floor_grid(const Call&);
fg_status off_by_one_pad(const Call&);
fg_status rank3_stride(const Call&);
fg_status index32(const Call&);
fg_status offset32(const Call&);
fg_status positions31(const Call&);
fg_status offset_ignored(const Call&);
fg_status swap_broadcast_axis(const Call&);
fg_status negative_stride(const Call&);
fg_status zero_size_writes(const Call&);

// products.cpp: products and sums in every legal and illegal order
fg_status product(const Call&);
fg_status sum(const Call&);
bool is_plain_sum(const Kernel&);

// rows.cpp
fg_status softmax_no_max(const Call&);
fg_status softmax_inf_row(const Call&);
fg_status eps_outside_sqrt(const Call&);
fg_status square_of_mean(const Call&);

// rounding.cpp
fg_status truncating_store(const Call&);
fg_status double_rounding(const Call&);
fg_status flush_to_zero(const Call&);
fg_status changes_mxcsr(const Call&);

// memory.cpp
fg_status write_past_end(const Call&);
fg_status write_before_start(const Call&);
fg_status write_stride_gap(const Call&);
fg_status read_past_end(const Call&);
fg_status workspace_plus_one(const Call&);
fg_status modifies_input(const Call&);
fg_status workspace_offset_ignored(const Call&);
fg_status keeps_pointer(const Call&);

// chains.cpp
fg_status stale_hand_over(const Call&);
fg_status remembers_result(const Call&);
fg_status random_repeats(const Call&);

// threads.cpp
fg_status shared_scratch(const Call&);
fg_status racy_init(const Call&);

}  // namespace fg::mutants

#endif  // FG_TESTS_MUTANTS_HOOKS_HPP_
