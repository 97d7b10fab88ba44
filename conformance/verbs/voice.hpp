// SPDX-License-Identifier: Apache-2.0
//
// What a run says to people while it goes on: on stdout, unless a document goes there.

#ifndef FG_CONFORMANCE_VERBS_VOICE_HPP_
#define FG_CONFORMANCE_VERBS_VOICE_HPP_

#include <cstdio>

#include "conformance/verbs/verbs.hpp"

namespace fg::conformance {

class Voice {
 public:
  Voice(const CommandLine& line, const Report& report);
  void begin() const;
  void result(const CaseResult& r) const;
  void end(const std::string& waived = "") const;

 private:
  void say(const std::string& text) const;

  const Report& report_;
  Style style_;
  bool quiet_;
  std::FILE* stream_;
};

// Everything that a finished run says, and its documents; the exit code.
int tell(const CommandLine& line, const Report& report);

}  // namespace fg::conformance

#endif  // FG_CONFORMANCE_VERBS_VOICE_HPP_
