// SPDX-License-Identifier: Apache-2.0
//
// Programs that only move elements (copy_, clone, contiguous): rows as they lie, or transposed in
// cache blocks.

#ifndef FG_PLUGINS_CPU_ENGINE_COPY_HPP_
#define FG_PLUGINS_CPU_ENGINE_COPY_HPP_

#include "plugins/cpu/engine/space.hpp"
#include "plugins/cpu/threads.hpp"

namespace fg::cpu {

// Copies src to dst, both over `space`, in parallel; false when neither way fits the strides.
bool copy_operand(ThreadPool& pool, Space space, Operand dst, Operand src, bool stream);

}  // namespace fg::cpu

#endif  // FG_PLUGINS_CPU_ENGINE_COPY_HPP_
