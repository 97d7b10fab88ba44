// SPDX-License-Identifier: Apache-2.0
//
// Mistakes found in the catalogue, each with the file and line of the node that holds it.

#ifndef FG_TOOLS_GEN_DIAGNOSTICS_HPP_
#define FG_TOOLS_GEN_DIAGNOSTICS_HPP_

#include <string>
#include <utility>
#include <vector>

namespace fg::gen {

struct Where {
  std::string file;
  int line = 0;  // 1-based
};

class Diagnostics {
 public:
  void error(const Where& where, std::string message) { entries_.push_back({where, std::move(message)}); }
  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }
  // One line each, in the order of files and lines: "ops/reduce.yaml:12: message".
  std::string text() const;

 private:
  struct Entry {
    Where where;
    std::string message;
  };
  std::vector<Entry> entries_;
};

}  // namespace fg::gen

#endif  // FG_TOOLS_GEN_DIAGNOSTICS_HPP_
