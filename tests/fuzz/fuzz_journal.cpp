// SPDX-License-Identifier: Apache-2.0
//
// Any text as a journal, and each of its lines as a case and as a subject, since no mutation finds a
// chain that holds: refused with a message, or read and written again to the same meaning.

#include <algorithm>
#include <cstdlib>
#include <string>

#include "conformance/journal/journal.hpp"
#include "conformance/journal/subject_json.hpp"
#include "conformance/report/case_json.hpp"

namespace {

using namespace fg::conformance;

void must(bool holds) {
  if (!holds) std::abort();
}

void check_line(std::string_view line) {
  if (const auto r = case_from_json(line)) {
    // Bytes that are no UTF-8 were replaced once; from then on nothing changes.
    const auto again = case_from_json(to_json(*r));
    must(again.has_value() && to_json(*again) == to_json(*r));
  } else {
    must(!r.error().message.empty());
  }
  if (const auto s = subject_from_json(line)) {
    const auto again = subject_from_json(subject_to_json(*s));
    must(again.has_value() && *again == *s);
  } else {
    must(!s.error().message.empty());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto journal = parse_journal(text);
  must(journal ? journal->lines > 0 && journal->bytes <= size : !journal.error().message.empty());
  std::size_t at = 0;
  while (at <= size) {
    const std::size_t end = std::min(text.find('\n', at), size);
    check_line(text.substr(at, end - at));
    at = end + 1;
  }
  return 0;
}
