// SPDX-License-Identifier: Apache-2.0
//
// The table of the mutant and of the legal variants.

#ifndef FG_TESTS_MUTANTS_PLUGIN_HPP_
#define FG_TESTS_MUTANTS_PLUGIN_HPP_

#include <cstdint>

#include "fg/abi/plugin.h"

namespace fg::mutants::entry {

fg_status probe(const fg_host*, std::uint32_t* n_devices, fg_error*) noexcept;
fg_status create(const fg_host*, const fg_ext*, fg_instance**, fg_error*) noexcept;
fg_status destroy(fg_instance*, fg_error*) noexcept;
fg_status device_info(fg_instance*, std::uint32_t device, fg_device_info*) noexcept;
fg_status mem_alloc(fg_instance*, std::uint32_t device, std::uint32_t kind, std::uint64_t bytes, std::uint64_t align,
                    fg_buffer**, void** ptr, fg_error*) noexcept;
fg_status mem_free(fg_instance*, fg_buffer*, fg_timeline* after, std::uint64_t value) noexcept;
fg_status copy(fg_stream*, fg_buffer* dst, std::uint64_t dst_offset, fg_buffer* src, std::uint64_t src_offset,
               std::uint64_t bytes, fg_error*) noexcept;
fg_status fill(fg_stream*, fg_buffer*, std::uint64_t offset, std::uint64_t bytes, std::uint32_t pattern,
               fg_error*) noexcept;
fg_status stream_create(fg_instance*, std::uint32_t device, std::int32_t priority, fg_stream**, fg_error*) noexcept;
fg_status stream_destroy(fg_stream*) noexcept;
fg_status timeline_create(fg_instance*, std::uint64_t initial, fg_timeline**, fg_error*) noexcept;
fg_status timeline_destroy(fg_timeline*) noexcept;
fg_status stream_flush(fg_stream*, fg_error*) noexcept;
fg_status stream_signal(fg_stream*, fg_timeline*, std::uint64_t value) noexcept;
fg_status stream_wait(fg_stream*, fg_timeline*, std::uint64_t value) noexcept;
fg_status host_signal(fg_timeline*, std::uint64_t value) noexcept;
fg_status host_wait(fg_timeline*, std::uint64_t value, std::int64_t timeout_ns, fg_error*) noexcept;
fg_status timeline_read(fg_timeline*, std::uint64_t* value, fg_error*) noexcept;
fg_status claims(fg_instance*, std::uint32_t device, const fg_op_claim** first, std::uint32_t* n,
                 std::uint32_t* stride) noexcept;
fg_status query(fg_instance*, const fg_sig*, fg_verdict*) noexcept;
fg_status prepare(fg_instance*, const fg_sig*, fg_kernel**, fg_error*) noexcept;
const void* get_table(fg_instance*, const char* id) noexcept;

}  // namespace fg::mutants::entry

namespace fg::mutants {

constexpr fg_api make_api(const char* name, bool no_optionals) {
  return {
      .hdr = {sizeof(fg_api), 0, nullptr},
      .name = name,
      .vendor = "fg",
      .version = "0.1.0",
      .build_id = "mutant",
      .abi_minor = FG_ABI_MINOR,
      .zero = 0,
      .probe = entry::probe,
      .create = entry::create,
      .destroy = entry::destroy,
      .device_info = entry::device_info,
      .mem_alloc = entry::mem_alloc,
      .mem_free = entry::mem_free,
      .copy = entry::copy,
      .fill = entry::fill,
      .stream_create = entry::stream_create,
      .stream_destroy = entry::stream_destroy,
      .timeline_create = entry::timeline_create,
      .timeline_destroy = entry::timeline_destroy,
      .stream_flush = entry::stream_flush,
      .stream_signal = entry::stream_signal,
      .stream_wait = entry::stream_wait,
      .host_signal = entry::host_signal,
      .host_wait = entry::host_wait,
      .timeline_read = entry::timeline_read,
      .claims = entry::claims,
      .query = no_optionals ? nullptr : entry::query,
      .prepare = entry::prepare,
      .get_table = no_optionals ? nullptr : entry::get_table,
  };
}

fg_status answer(const fg_query* offer, const fg_api& mine, const fg_api** api, fg_error* err) noexcept;

}  // namespace fg::mutants

#endif  // FG_TESTS_MUTANTS_PLUGIN_HPP_
