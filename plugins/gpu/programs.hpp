// SPDX-License-Identifier: Apache-2.0
//
// Compiled programs of a device, kept for its life, and the variants that one prepared kernel uses.

#ifndef FG_PLUGINS_GPU_PROGRAMS_HPP_
#define FG_PLUGINS_GPU_PROGRAMS_HPP_

#include <cstdint>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "fg/sdk/result.hpp"
#include "plugins/gpu/source.hpp"

namespace fg::gpu {

class Device;
class Program;

// [any-thread]  A program is compiled once: others who ask for it meanwhile wait for it, but not for files to be
// written.  Threads that ask for different programs never wait for each other.
class Programs {
 public:
  explicit Programs(Device& device);
  ~Programs();
  Result<const Program*> get(const Source& source);
  // For a device's destructor: programs go before what they were made with.
  void clear() { slots_.clear(); }

 private:
  struct Slot;
  class Claim;
  std::shared_ptr<Slot> slot_of(const Source& source);
  Device& device_;
  std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<Slot>> slots_;
};

// The programs of one prepared kernel, found by a number that the kernel makes of what decides among
// them (layout, width of the index, vectorised or not).  [any-thread]
class Variants {
 public:
  // `make` is called once for a number: Result<Source>().
  template <class Make>
  Result<const Program*> get(Device& device, std::uint64_t number, Make&& make) {
    if (const Program* found = find(device, number)) return found;
    FG_TRY_ASSIGN(const Source source, make());
    return add(device, number, source);
  }

 private:
  struct Entry {
    const Device* device;
    std::uint64_t number;
    const Program* program;
  };
  const Program* find(const Device& device, std::uint64_t number) const;
  Result<const Program*> add(Device& device, std::uint64_t number, const Source& source);

  mutable std::shared_mutex mutex_;
  std::vector<Entry> entries_;
};

}  // namespace fg::gpu

#endif  // FG_PLUGINS_GPU_PROGRAMS_HPP_
