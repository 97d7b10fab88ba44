// SPDX-License-Identifier: Apache-2.0
//
// fg-probe: the process in which the core meets a plugin for the first time.  Not for people: the
// core starts it with a plugin's path and the number of the pipe to report to.

#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "core/registry/first_contact.hpp"

int main(int argc, char** argv) {
  if (argc != 3) {
    constexpr char kUsage[] = "fg-probe is started by libfg_core; see fg-info --help\n";
    return ::write(2, kUsage, sizeof kUsage - 1) > 0 ? 2 : 4;
  }
  // No destructor of the plugin or its libraries runs: they are not under test here.
  _exit(fg::core::meet_plugin(argv[1], std::atoi(argv[2])));
}
