// SPDX-License-Identifier: Apache-2.0
//
// The seeded bugs of libfg_mutant.so and the legal variants: one list for the plugin that has them and
// for whoever drives the suite against them.

#ifndef FG_CONFORMANCE_MUTANTS_FAULTS_HPP_
#define FG_CONFORMANCE_MUTANTS_FAULTS_HPP_

#include <array>
#include <cstddef>
#include <string_view>

namespace fg::conformance {

struct Fault {
  std::string_view name, family;
  std::string_view summary;
  // Globs of case names, by blanks: where the bug can show, for a run that asks no more than that.
  std::string_view filters;
};

// "none" comes first: the plugin without a bug, which must pass everything.
inline constexpr Fault kFaults[] = {
    {"none", "none", "forwards everything to the CPU plugin", "op.add/* op.mm/* op.sum/* memory.* stream.*"},

    {"drop_last_k", "index", "matrix products leave out the last term of every sum", "op.mm/* op.bmm/*"},
    {"skip_tail_lanes", "index", "maps leave out what lies beyond the last whole vector of 8", "op.neg/* op.add/*"},
    {"floor_grid", "index", "reductions run rows/4 blocks of 4 rows, rounded down", "op.sum/* op.amax/*"},
    {"off_by_one_pad", "index", "constant_pad_nd starts one element late", "op.constant_pad_nd/*"},
    {"rank3_stride", "index", "maps take rank-3 inputs for dense in their first dimension", "op.neg/* op.add/*"},
    {"index32", "index", "reductions count elements in 32 bits", "value.many_elements"},
    {"offset32", "index", "maps keep byte offsets in 32 bits", "value.*"},
    {"positions31", "index", "take keeps positions in 31 bits", "value.* op.take/*"},
    {"offset_ignored", "index", "maps read their inputs from the start of the buffer", "op.neg/* op.add/*"},
    {"swap_broadcast_axis", "index", "maps swap the strides of an input that repeats rows or columns",
     "op.add/* op.mul/*"},
    {"negative_stride", "index", "maps walk inputs with negative strides forwards",
     "op.neg/*:r/* op.add/*:r* op.neg/*"},
    {"zero_size_writes", "index", "a launch without elements writes one", "direct.*"},

    {"partial_sums_f16", "numeric", "matrix products of 16-bit types keep their sums in f16", "op.mm/* op.bmm/*"},
    {"products_rounded", "numeric", "matrix products round every product to the storage type", "op.mm/* op.bmm/*"},
    {"tf32_inputs", "numeric", "f32 matrix products read their inputs as tf32", "op.mm/* op.bmm/*"},
    {"row_scale", "numeric", "matrix products scale their last row by 1.002", "op.mm/* op.bmm/*"},
    {"rounds_up", "numeric", "f32 matrix products and sums round their results up", "op.mm/* op.bmm/* op.sum/*"},
    {"rz_undeclared", "numeric", "sums of products truncate, the claim says default", "op.mm/* op.bmm/*"},
    {"truncating_store", "numeric", "maps store f16 and bf16 truncated", "op.add/* op.mul/* op.exp/*"},
    {"double_rounding", "numeric", "maps round to tf32 before they round to bf16", "op.add/* op.mul/*"},
    {"softmax_no_max", "numeric", "softmax does not subtract the maximum", "op.softmax/*"},
    {"eps_outside_sqrt", "numeric", "rms_norm adds eps to the root", "op.rms_norm/* value.*"},
    {"square_of_mean", "numeric", "layer_norm's variance is the mean of squares less the square of the mean, in f32",
     "op.layer_norm/* value.*"},
    {"fast_exp", "numeric", "exp is a polynomial of degree 4", "op.exp/* op.silu/* op.sigmoid/*"},
    {"flush_to_zero", "numeric", "maps flush subnormal numbers", "op.add/* op.mul/* op.neg/*"},
    {"gelu_tanh_for_erf", "numeric", "erf is computed from tanh", "op.erf/* op.gelu/*"},
    {"random_repeats", "numeric", "uniform_ repeats itself after 65536 numbers", "random.* op.uniform_/*"},

    {"max_loses_nan", "special", "max(a, b) is a > b ? a : b", "op.maximum/* op.relu/* op.clamp/*"},
    {"softmax_inf_row", "special", "safe_softmax gives NaN where a row is all -inf", "op.safe_softmax/*"},
    {"negative_zero_lost", "special", "maps store -0 as +0", "value.negative_zero"},
    {"inf_minus_inf", "special", "a - a is 0, infinities included", "op.sub/*"},
    {"int_min_abs", "special", "abs of the lowest integer is the highest", "op.abs/* value.*"},
    {"clamp_nan", "special", "clamp turns NaN into the lower bound", "op.clamp/* op.hardtanh/*"},

    {"write_past_end", "memory", "maps store whole vectors: what lies behind the last element is overwritten",
     "op.neg/* op.add/*"},
    {"write_before_start", "memory", "maps write the element before their first", "op.neg/* op.add/*"},
    {"write_stride_gap", "memory", "maps write between the elements of a strided output", "op.neg/* op.add/*"},
    {"read_past_end", "memory", "the last row of a reduction is one element too long", "op.sum/* op.amax/*"},
    {"read_uninit_output", "memory", "matrix products add to what the output held", "op.mm/* op.bmm/*"},
    {"workspace_plus_one", "memory", "kernels write one byte behind their workspace", "direct.*"},
    {"modifies_input", "memory", "softmax leaves its exponentials in the input", "op.softmax/*"},
    {"workspace_offset_ignored", "memory", "kernels use the workspace's buffer from its start", "direct.*"},
    {"keeps_pointer", "memory", "maps keep the pointer to the scalars of their first launch", "op.add/* op.sub/*"},
    {"misaligned", "memory", "allocations begin at an odd multiple of 32 bytes", "memory.* op.neg/* op.mm/*"},

    {"ignores_wait", "async", "a stream does not wait for timelines", "stream.*"},
    {"signals_early", "async", "a timeline is raised when the signal is given, not when the work is done", "stream.*"},
    {"wrong_stream", "async", "launches go to one common queue, signals to their own", "stream.*"},
    {"flush_missing", "async", "a signal does not submit the launch that was held back", "stream.*"},
    {"missing_barrier", "async", "two launches of one stream run in any order", "stream.*"},
    {"event_reuse", "async", "all signals of a stream share one event: its value is that of the latest", "stream.*"},
    {"frees_early", "async", "what a launch keeps for later is freed when the next one is given", "stream.*"},

    {"shared_scratch", "thread", "launches of all threads share one table of descriptors", "thread.* stream.*"},
    {"racy_init", "thread", "a table is marked ready before it is filled, at the first launch", "thread.* stream.*"},
    {"cache_without_program", "thread", "kernels are kept by operator, dtypes and length of the program alone",
     "op.add/* op.sub/* op.mul/*"},
    {"non_atomic_counter", "thread", "live kernels are counted without a lock", "thread.* leak.*"},
    {"deadlock_on_log", "thread", "the log is called under the lock that a query takes", "thread.*"},

    {"ignores_must_understand", "abi", "unknown must_understand bits are ignored", "abi.*"},
    {"reads_beyond_struct_size", "abi", "device_info and errors are written whole, whatever the caller's struct_size",
     "abi.*"},
    {"exact_size_check", "abi", "structs larger than known are refused", "abi.*"},
    {"extra_export", "abi", "the library exports a second symbol", "op.neg/*"},
    {"throws", "abi", "a launch throws", "op.neg/*"},
    {"changes_mxcsr", "abi", "a launch leaves flush-to-zero on", "abi.*"},
    {"constructor_prints", "abi", "a static constructor prints", "abi.*"},

    {"uuid_of_process", "device", "the UUID has the number of the process in it", "device.*"},
    {"more_free_than_there_is", "device", "mem_free is 2^64 - 1", "device.*"},
    {"info_runs_over", "device", "device_info is written whole when struct_size is beyond its name", "device.*"},
    {"ordinal_ignored", "device", "device_info describes device 0, whatever was asked", "device.*"},
    {"instance_leaks_fd", "device", "every instance leaves a file open", "device.*"},
    {"max_alloc_too_small", "device", "mem_alloc gives four times what max_alloc says", "device.*"},

    {"refuses_claimed_dtype", "claims", "bf16 softmax is claimed and refused", "claims.* op.softmax/*"},
    {"query_impure", "claims", "a query allocates on the device", "claims.*"},
    {"query_lies", "claims", "query says yes, prepare says no: sums of rank 2 and more", "op.sum/* claim.*"},
    {"order_by_turns", "claims",
     "matrix products sum forwards and backwards by turns, and promise the same bits each time", "op.mm/* op.bmm/*"},
    {"wrong_accuracy_class", "claims", "the claim says default, the kernel tf32", "claims.*"},

    {"crash_on_null", "robust", "prepare reads through NULL", "direct.*"},
    {"hang_on_rank17", "robust", "prepare loops for ever on rank 17", "direct.*"},
    {"leaks_kernel", "robust", "release does not free", "leak.*"},
    {"leaks_fd", "robust", "every prepare opens a file", "leak.*"},
    {"wrong_arg_index", "robust", "refusals name the tensor before the one at fault", "direct.*"},

    {"cache_without_constants", "cache", "compiled programs are kept on disk without their constants in the key",
     "op.rad2deg/* op.deg2rad/* op.hardtanh/* op.relu6/*"},
    {"cache_takes_truncated", "cache", "a compiled program from disk is used whatever its length", "cache.*"},
    {"cache_takes_garbage", "cache", "a compiled program from disk is used whatever its bytes", "cache.*"},

    {"stale_hand_over", "model", "a map of two inputs right after the linear that wrote one of them does half its work",
     "op.linear/* op.silu_and_mul/* op.add/*"},
    {"remembers_result", "model", "linear gives its last result when its operands lie where they lay then",
     "op.linear/*"},

    // The suite's controller must survive these, and say which case it was.
    {"crasher", "controller", "one launch in 100, by a hash of its shapes, crashes", "op.add/* op.mul/* op.sum/*"},
    {"hanger", "controller", "one launch in 100, by a hash of its shapes, never returns", "op.add/* op.mul/* op.sum/*"},
    {"flooder", "controller", "every launch writes 64 KiB to stdout, stderr and the log", "op.neg/*"},
    {"liar", "controller", "one claimed launch in 5, by a hash of its shapes, is refused", "op.add/* op.sum/*"},
    {"corrupter", "controller", "one launch in 50 writes over the host's heap", "op.add/* op.mul/* op.sum/*"},
    {"menace", "controller",
     "of 500 launches, by a hash of their shapes, one crashes, one hangs, one writes behind an input", "op.*"},
    {"forker", "controller", "one launch in 100 forks, and the child runs on", "op.add/* op.mul/* op.sum/*"},
};

// Right in another way than the CPU plugin: libfg_legal_<name>.so must pass everything.
struct LegalVariant {
  std::string_view name, summary;
  std::string_view filters;
};
inline constexpr LegalVariant kLegalVariants[] = {
    {"fma", "products and sums fused, in order", "op.mm/* op.bmm/* op.sum/*"},
    {"tree", "sums by pairs", "op.mm/* op.bmm/* op.sum/*"},
    {"splitk", "sums in four parts, added at the end", "op.mm/* op.bmm/* op.sum/*"},
    {"reverse", "sums from the last term to the first", "op.mm/* op.bmm/* op.sum/*"},
    {"lanes", "sums in 16 lanes", "op.mm/* op.bmm/* op.sum/*"},
    {"turns", "sums forwards and backwards by turns, and no promise of the same bits", "op.mm/* op.bmm/* op.sum/*"},
    {"async", "a thread for each stream: nothing has completed when it returns",
     "op.add/* op.mm/* op.sum/* stream.* thread.* direct.*"},
    {"slow", "every launch takes a fifth of a millisecond more",
     "op.add/* op.mm/* op.sum/* stream.* thread.* direct.*"},
    {"oddstride", "allocations begin at an odd multiple of 64 bytes", "op.add/* op.mm/* op.sum/* memory.* direct.*"},
    {"nullopt", "query and get_table are NULL", "op.add/* op.mm/* op.sum/* direct.* abi.* claim.* claims.*"},
    {"ftz", "subnormal f32 are flushed, and the device says so",
     "op.add/* op.mul/* op.remainder/* op.floor_divide/* op.div/* op.pow/* op.sqrt/* op.clamp/* op.clamp_min/* op.to/* "
     "op.cummin/* op.sum/* op.mm/* op.softmax/* op.rms_norm/* "
     "op.sort/* op.topk/*"},
    {"rz", "sums of products truncate, and the claim says so", "op.mm/* op.bmm/*"},
};

inline constexpr std::size_t kNoFault = 0;

constexpr std::size_t find_fault(std::string_view name) {
  std::size_t i = 0;
  while (i < std::size(kFaults) && kFaults[i].name != name) ++i;
  return i;  // std::size(kFaults): none of this name
}

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_MUTANTS_FAULTS_HPP_
