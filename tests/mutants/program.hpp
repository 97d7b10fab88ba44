// SPDX-License-Identifier: Apache-2.0
//
// Expression programs that outlive the call that brought them, and changes to them.

#ifndef FG_TESTS_MUTANTS_PROGRAM_HPP_
#define FG_TESTS_MUTANTS_PROGRAM_HPP_

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "fg/abi/engine.h"

namespace fg::mutants {

// A program of our own.
class Program {
 public:
  Program() = default;
  explicit Program(const fg_expr& from)
      : node_(from.node, from.node + from.n_node), out_(from.out, from.out + from.n_out), head_(from) {}
  fg_expr view() const {
    fg_expr e = head_;
    e.node = node_.data();
    e.out = out_.data();
    e.n_node = static_cast<std::uint32_t>(node_.size());
    return e;
  }
  const std::vector<fg_expr_node>& nodes() const { return node_; }
  bool contains(std::uint16_t op) const {
    for (const fg_expr_node& n : node_) {
      if (n.op == op) return true;
    }
    return false;
  }

  // Appends nodes; the numbers that a rule returns stand for the node it replaces.
  std::uint32_t add(fg_expr_node node) {
    node_.push_back(node);
    return static_cast<std::uint32_t>(node_.size() - 1);
  }
  std::uint32_t add(std::uint16_t op, std::uint16_t type, std::uint32_t a = 0, std::uint32_t b = 0,
                    std::uint32_t c = 0) {
    return add(fg_expr_node{op, type, {a, b, c}});
  }
  std::uint32_t number(double x, std::uint16_t type);
  std::uint32_t integer(std::int64_t x, std::uint16_t type);

  // Builds the program anew: rule(program, node) says what a node becomes, nothing: itself.
  using Rule = std::function<std::optional<std::uint32_t>(Program&, const fg_expr_node&)>;
  void rewrite(const Rule& rule);
  // Replaces every output by rule(program, node number).
  void replace_outputs(const std::function<std::uint32_t(Program&, std::uint32_t)>& rule);
  // Other nodes, as many as before.
  void set_nodes(const fg_expr_node* nodes) {
    node_.assign(nodes, nodes + node_.size());
    rehash();
  }
  // An equal hash is an equal program: a changed one needs another.
  void rehash();

 private:
  std::vector<fg_expr_node> node_;
  std::vector<std::uint32_t> out_;
  fg_expr head_{};
};

// The programs of an engine operator and the parameter struct that carries them.
struct Programs {
  std::optional<Program> main, epilogue;
  std::uint32_t monoid = 0;
  std::uint16_t n_scalar = 0;

  static Programs of(std::uint64_t op_uid, const void* params);
};

// A parameter struct with programs of our own, valid as long as both.
class OwnParams {
 public:
  OwnParams(std::uint64_t op_uid, const Programs& programs, const void* params, const fg_scalar* scalar);
  const void* get() const { return params_; }

 private:
  fg_expr main_{}, epilogue_{};
  union {
    fg_map_params map;
    fg_reduce_params reduce;
    fg_scan_params scan;
  } u_{};
  const void* params_ = nullptr;
};
const fg_scalar* scalars_of(std::uint64_t op_uid, const void* params);

}  // namespace fg::mutants

#endif  // FG_TESTS_MUTANTS_PROGRAM_HPP_
