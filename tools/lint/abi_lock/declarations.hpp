// SPDX-License-Identifier: Apache-2.0
//
// The declarations of the contract's headers, read from their text.  Knows the style of those
// headers alone, and refuses what it does not understand: nothing is silently left out of abi.lock.

#ifndef FG_TOOLS_LINT_ABI_LOCK_DECLARATIONS_HPP_
#define FG_TOOLS_LINT_ABI_LOCK_DECLARATIONS_HPP_

#include <string>
#include <vector>

namespace fg::abi_lock {

struct Member {
  std::string name;
  std::string type;  // Declaration without the name: "fg_status(FG_CALL*)(fg_instance*)".
};
struct Struct {
  std::string name;
  bool grows = false;  // Begins with fg_hdr; else frozen.
  std::vector<Member> members;
};
struct Constant {
  std::string name;
  bool text = false;  // A string literal.
};
struct Header {
  std::string path;  // As it is included.
  std::vector<Struct> structs;
  std::vector<std::string> enumerators;
  std::vector<Constant> constants;
  std::vector<std::string> declarations;  // Functions, typedefs and function-like macros, one line each.
};

// Throws std::runtime_error for text it cannot place.
Header parse_header(const std::string& include_path, const std::string& text);

}  // namespace fg::abi_lock

#endif  // FG_TOOLS_LINT_ABI_LOCK_DECLARATIONS_HPP_
