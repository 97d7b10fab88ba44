// SPDX-License-Identifier: Apache-2.0
//
// Probes that call the plugin as another core would, or look at more than one call.  Each: "" or what
// is wrong.

#ifndef FG_CONFORMANCE_RUNNER_PROBES_AREAS_HPP_
#define FG_CONFORMANCE_RUNNER_PROBES_AREAS_HPP_

#include "conformance/runner/judge.hpp"

namespace fg::conformance {

// probes_abi.cpp
Result<std::string> must_understand(const Device& device);
Result<std::string> struct_sizes(const Device& device);
Result<std::string> floating_point_mode(const Device& device);
Result<std::string> no_notices(const Device& device);

// probes_device.cpp
Result<std::string> sane_info(const Device& device);
Result<std::string> same_everywhere(const Device& device);
Result<std::string> cut_info(const Device& device);
Result<std::string> unknown_ordinals(const Device& device);
Result<std::string> create_and_destroy(const Device& device);
Result<std::string> beyond_max_alloc(const Device& device);

// probes_arguments.cpp
Result<std::string> null_pointers(const Device& device);
Result<std::string> bad_signatures(const Device& device);
Result<std::string> bad_ranks(const Device& device);
Result<std::string> bad_memory_calls(const Device& device);
Result<std::string> no_elements(const Device& device);
Result<std::string> workspace_bounds(const Device& device);

// probes_stream.cpp
Result<std::string> stream_order(const Device& device);
Result<std::string> waits_for_timeline(const Device& device);
Result<std::string> signals_after_work(const Device& device);
Result<std::string> descriptors_end_with_the_call(const Device& device);
Result<std::string> timelines(const Device& device);

// probes_thread.cpp
Result<std::string> parallel_prepare(const Device& device);
Result<std::string> parallel_first_launch(const Device& device);
Result<std::string> log_calls_back(const Device& device);
Result<std::string> nothing_left_behind(const Device& device);
Result<std::string> no_memory_lost(const Device& device);

// probes_claims.cpp
Result<std::string> query_is_pure(const Device& device);
Result<std::string> claimed_accuracy(const Device& device);
Result<std::string> claims_are_kept(const Device& device);

// probes_graph.cpp
Result<std::string> graph_replays(const Device& device);
Result<std::string> graph_rebinds(const Device& device);

// probes_cache.cpp
Result<std::string> damaged_blobs(const Device& device);

// probes_model.cpp: blocks of models, of so many dimensions
CaseResult small_llama(const Device& device, fg_dtype dtype);
CaseResult llama_with_past(const Device& device, fg_dtype dtype);
CaseResult large_llama(const Device& device, fg_dtype dtype);
CaseResult small_bert(const Device& device, fg_dtype dtype);
CaseResult large_bert(const Device& device, fg_dtype dtype);

// probes_values.cpp
Result<std::string> negative_zero(const Device& device);
Result<std::string> large_mean(const Device& device);
Result<std::string> eps_counts(const Device& device);
Result<std::string> lowest_integers(const Device& device);

// probes_many.cpp
Result<std::string> many_elements(const Device& device);
Result<std::string> many_bytes(const Device& device);
Result<std::string> far_positions(const Device& device);

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_RUNNER_PROBES_AREAS_HPP_
