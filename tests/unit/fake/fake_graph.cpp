// SPDX-License-Identifier: Apache-2.0
//
// The fake device's "fg.batch/1" and "fg.graph/1".  A graph copies the descriptors when it is built, so
// that only the list of rebinds can change what a later replay uses.

#include <vector>

#include "fg/abi/ext/batch.h"
#include "fg/abi/ext/graph.h"
#include "tests/unit/fake/fake_device.hpp"

namespace fg::test {
namespace {

struct FakeNode {
  const fg_kernel* kernel;
  fg_launch launch;
  std::vector<fg_tensor> t;
};
struct FakeGraph {
  FakeDevice* device;
  std::vector<FakeNode> nodes;
};

FakeDevice* device_of(fg_stream* s) { return *reinterpret_cast<FakeDevice**>(s); }  // A stream's one member.
FakeGraph* of(fg_graph* g) { return reinterpret_cast<FakeGraph*>(g); }

fg_status submit(fg_stream* stream, const fg_batch_item* item, std::uint32_t n, std::uint32_t* done,
                 fg_error*) noexcept {
  ++device_of(stream)->submits;
  for (*done = 0; *done < n; ++*done) {
    const fg_batch_item& i = item[*done];
    if (i.launch->stream != stream) device_of(stream)->complain("batch: a launch has another stream");
    if (const fg_status s = i.kernel->launch(i.kernel, i.launch); s < 0) return s;
  }
  return FG_OK;
}

fg_status build(fg_instance* instance, std::uint32_t, const fg_graph_node* node, std::uint32_t n, fg_graph** out,
                fg_error*) noexcept {
  auto* device = reinterpret_cast<FakeDevice*>(instance);
  if (const fg_status forced = device->next_build.exchange(FG_OK); forced < 0) return forced;
  auto* g = new FakeGraph{device, {}};
  for (std::uint32_t i = 0; i < n; ++i) {
    if (i > 0 && (node[i].n_deps != 1 || node[i].deps[0] != i - 1)) device->complain("graph: the order is lost");
    const fg_launch& l = *node[i].launch;
    g->nodes.push_back({node[i].kernel, l, {l.t, l.t + l.n_out + l.n_in}});
  }
  ++device->graphs;
  *out = reinterpret_cast<fg_graph*>(g);
  return FG_OK;
}

fg_status launch(fg_graph* graph, fg_stream* stream, const fg_rebind* rebind, std::uint32_t n, fg_error*) noexcept {
  FakeGraph& g = *of(graph);
  ++g.device->graph_launches;
  for (std::size_t i = 0; i < g.nodes.size(); ++i) {
    FakeNode node = g.nodes[i];
    for (std::uint32_t k = 0; k < n; ++k) {
      if (rebind[k].node != i) continue;
      fg_tensor& t = node.t[rebind[k].tensor];
      t.buffer = rebind[k].buffer;
      t.ptr = rebind[k].ptr;
      t.byte_offset = rebind[k].byte_offset;
    }
    node.launch.t = node.t.data();
    node.launch.stream = stream;
    if (const fg_status s = node.kernel->launch(node.kernel, &node.launch); s < 0) return s;
  }
  return FG_OK;
}

fg_status destroy(fg_graph* graph, fg_timeline*, std::uint64_t) noexcept {
  --of(graph)->device->graphs;
  delete of(graph);
  return FG_OK;
}

}  // namespace

const void* fake_table(const FakeOptions& options, const std::string& id) {
  static constexpr fg_batch_table kBatch{{sizeof(fg_batch_table), 0, nullptr}, submit};
  static constexpr fg_graph_table kGraph{{sizeof(fg_graph_table), 0, nullptr}, build, launch, destroy};
  if (options.batch && id == FG_TABLE_BATCH) return &kBatch;
  return options.graph && id == FG_TABLE_GRAPH ? &kGraph : nullptr;
}

}  // namespace fg::test
