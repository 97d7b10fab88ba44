// SPDX-License-Identifier: Apache-2.0
//
// Any text as a vendor specification: refused with a message, or a request that keeps its promises
// and reads the same when it is read again.

#include <algorithm>
#include <cstdlib>
#include <string>

#include "core/registry/elf.hpp"
#include "core/registry/vendor_spec.hpp"

namespace {

void must(bool holds) {
  if (!holds) std::abort();
}

void check(const fg::core::VendorSpec& spec) {
  must(spec.none == spec.items.empty());
  for (const fg::core::VendorItem& item : spec.items) {
    must(fg::core::valid_plugin_name(item.name));
    must(item.uuid_prefix.size() <= 32);
    must(!item.ordinal || item.uuid_prefix.empty());
    must(item.is_auto() || spec.names(item.name));
  }
  for (const std::string& name : spec.excluded) must(spec.excludes(name) && !spec.admits(name));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto spec = fg::core::parse_vendor_spec(text, "GEMS_VENDOR");
  if (spec) {
    check(*spec);
    // What is kept for messages is cut and made printable.
    const auto again = fg::core::parse_vendor_spec(spec->text);
    must(spec->text != text ||
         (again && again->items.size() == spec->items.size() && again->excluded == spec->excluded));
  } else {
    must(!spec.error().message.empty());
  }
  const auto device = fg::core::parse_device_name(text);
  must(device ? !device->name.empty() : !device.error().message.empty());
  return 0;
}
