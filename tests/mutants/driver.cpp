// SPDX-License-Identifier: Apache-2.0
//
// The CPU plugin as this plugin's driver.

#include <dlfcn.h>

#include <string>

#include "tests/mutants/mutant.hpp"

namespace fg::mutants {
namespace {

std::string own_folder() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&open_driver), &info) == 0 || info.dli_fname == nullptr) return ".";
  const std::string path = info.dli_fname;
  return path.substr(0, path.rfind('/'));
}

}  // namespace

Result<const fg_api*> open_driver() {
  const std::string folder = own_folder();
  void* library = nullptr;
  for (const char* place : {"/libfg_cpu.so", "/../plugins/libfg_cpu.so"}) {
    if (library == nullptr) library = dlopen((folder + place).c_str(), RTLD_NOW | RTLD_LOCAL);
  }
  void* entry = library != nullptr ? dlsym(library, FG_PLUGIN_ENTRY) : nullptr;
  if (entry == nullptr) {
    return unsupported("no libfg_cpu.so in " + folder + " or in ../plugins beside it", FG_R_NO_DRIVER);
  }
  fg_query offer{};
  offer.hdr.struct_size = sizeof offer;
  offer.epoch = FG_ABI_EPOCH;
  offer.minor_max = FG_ABI_MINOR;
  const fg_api* api = nullptr;
  const fg_status s = reinterpret_cast<fg_plugin_query_fn>(entry)(&offer, &api, nullptr);
  if (s < 0) return fail(s, "libfg_cpu.so answered " + std::to_string(s) + " to " FG_PLUGIN_ENTRY, FG_R_NO_DRIVER);
  return api;
}

}  // namespace fg::mutants
