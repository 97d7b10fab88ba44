// SPDX-License-Identifier: Apache-2.0

#include "plugins/gpu/graph_nodes.hpp"

#include <algorithm>
#include <iterator>
#include <string>

namespace fg::gpu {
namespace {

bool same_memory(const fg_tensor& a, const fg_tensor& b) {
  return a.buffer == b.buffer && a.byte_offset == b.byte_offset && a.ptr == b.ptr;
}

bool same_rebind(const fg_rebind& a, const fg_rebind& b) {
  return a.node == b.node && a.tensor == b.tensor && a.buffer == b.buffer && a.ptr == b.ptr &&
         a.byte_offset == b.byte_offset;
}

}  // namespace

GraphNodes::GraphNodes(std::span<const fg_graph_node> nodes) {
  for (const fg_graph_node& n : nodes) {
    const fg_launch& l = *n.launch;
    std::vector<fg_tensor> tensors(l.t, l.t + l.n_out + l.n_in);
    nodes_.push_back({n.kernel, l, tensors, tensors});
  }
}

Result<void> GraphNodes::launch(std::size_t i, fg_stream& stream) {
  Node& node = nodes_[i];
  fg_error why{};
  why.hdr.struct_size = sizeof why;
  node.launch.t = node.bound.data();
  node.launch.stream = &stream;
  node.launch.err = &why;
  const fg_status s = node.kernel->launch(node.kernel, &node.launch);
  node.launch.err = nullptr;
  if (s >= 0) return {};
  return fail(s, "launch " + std::to_string(i) + " of a graph: " + why.message, static_cast<fg_reason>(why.reason),
              why.arg_index);
}

Result<std::vector<std::uint32_t>> GraphNodes::rebind(std::span<const fg_rebind> rebinds) {
  std::vector<std::uint32_t> changed;
  if (std::equal(rebinds.begin(), rebinds.end(), rebinds_.begin(), rebinds_.end(), same_rebind)) return changed;
  std::vector<std::uint32_t> named;
  for (const fg_rebind& r : rebinds) {
    if (r.node >= nodes_.size() || r.tensor >= nodes_[r.node].captured.size()) {
      return invalid("rebind: tensor " + std::to_string(r.tensor) + " of node " + std::to_string(r.node) +
                     ", there are " + std::to_string(nodes_.size()) + " nodes");
    }
    named.push_back(r.node);
  }
  std::sort(named.begin(), named.end());
  named.erase(std::unique(named.begin(), named.end()), named.end());
  std::vector<std::uint32_t> touched;
  std::set_union(named.begin(), named.end(), rebound_.begin(), rebound_.end(), std::back_inserter(touched));
  std::vector<std::vector<fg_tensor>> wanted;
  for (const std::uint32_t node : touched) wanted.push_back(nodes_[node].captured);
  for (const fg_rebind& r : rebinds) {
    const auto at = std::lower_bound(touched.begin(), touched.end(), r.node) - touched.begin();
    fg_tensor& t = wanted[static_cast<std::size_t>(at)][r.tensor];
    t.buffer = r.buffer;
    t.ptr = r.ptr;
    t.byte_offset = r.byte_offset;
  }
  for (std::size_t k = 0; k < touched.size(); ++k) {
    Node& node = nodes_[touched[k]];
    if (std::equal(node.bound.begin(), node.bound.end(), wanted[k].begin(), same_memory)) continue;
    node.bound = std::move(wanted[k]);
    changed.push_back(touched[k]);
  }
  rebound_ = std::move(named);
  rebinds_.assign(rebinds.begin(), rebinds.end());
  return changed;
}

}  // namespace fg::gpu
