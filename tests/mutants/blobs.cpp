// SPDX-License-Identifier: Apache-2.0

#include "tests/mutants/blobs.hpp"

#include <cstring>
#include <string>

#include "fg/sdk/op_uid.hpp"

namespace fg::mutants {
namespace {

std::string bytes_of(const std::vector<fg_expr_node>& nodes) {
  return {reinterpret_cast<const char*>(nodes.data()), nodes.size() * sizeof(fg_expr_node)};
}

std::string checksum(const std::string& text) {
  const std::uint64_t h = sdk::op_uid(text);
  return {reinterpret_cast<const char*>(&h), sizeof h};
}

std::string key_of(const Program& program) {
  std::vector<fg_expr_node> nodes = program.nodes();
  for (fg_expr_node& n : nodes) {
    if (has(fault("cache_without_constants")) && n.op == FG_EX_CONST) n.arg[0] = n.arg[1] = 0;
  }
  const fg_expr head = program.view();
  std::string key = "mutant/1/" + bytes_of(nodes);
  for (std::uint16_t j = 0; j < head.n_out; ++j) key += "," + std::to_string(head.out[j]);
  return key;
}

// The blob as this plugin may use it; empty: not at all.
std::string accepted(std::string blob, std::size_t length) {
  constexpr std::size_t kSum = 8;
  if (has(fault("cache_takes_truncated"))) {
    blob.resize(length + kSum);
    return blob.substr(kSum);
  }
  if (blob.size() != length + kSum) return {};
  const std::string body = blob.substr(kSum);
  const bool right = has(fault("cache_takes_garbage")) || blob.substr(0, kSum) == checksum(body);
  return right ? body : std::string();
}

}  // namespace

void through_blobs(const fg_instance& instance, Program& program) {
  if (conformance::kFaults[g_fault.load()].family != "cache") return;
  const fg_host& host = *instance.host;
  const std::string key = key_of(program), body = bytes_of(program.nodes());
  std::size_t length = 0;
  if (host.blob_get(host.ctx, key.data(), key.size(), nullptr, &length) == FG_OK) {
    std::string blob(length, '\0');
    if (host.blob_get(host.ctx, key.data(), key.size(), blob.data(), &length) == FG_OK) {
      if (const std::string found = accepted(std::move(blob), body.size()); found.size() == body.size())
        return program.set_nodes(reinterpret_cast<const fg_expr_node*>(found.data()));
    }
  }
  const std::string blob = checksum(body) + body;
  host.blob_put(host.ctx, key.data(), key.size(), blob.data(), blob.size());
}

}  // namespace fg::mutants
