// SPDX-License-Identifier: Apache-2.0
//
// The JSON document.  Keys are stable: other programs read them.

#include <nlohmann/json.hpp>

#include "bench/limits.hpp"
#include "bench/ratios.hpp"
#include "bench/report.hpp"

namespace fg::bench {
namespace {

using Json = nlohmann::ordered_json;

Json times(const Times& t) {
  return {{"p20_ns", t.p20},   {"p50_ns", t.p50},      {"p80_ns", t.p80},
          {"host_ns", t.host}, {"samples", t.samples}, {"calls", t.calls}};
}

Json case_json(const Measured& m) {
  Json j{{"name", m.name}, {"state", state_name(m.state)}, {"shapes", m.shapes}, {"scaled_by", m.scaled}};
  if (m.state != Measured::State::timed) {
    j["reason"] = m.text;
    return j;
  }
  j["verified"] = m.text;
  j.update(times(m.times));
  j["bytes"] = m.bytes;
  j["gbps"] = m.gbps;
  if (m.flops > 0) {
    j["flops"] = m.flops;
    j["tflops"] = m.tflops;
  }
  if (m.percent_of_roofline > 0) {
    j["percent_of_roofline"] = m.percent_of_roofline;
    j["bound"] = m.bound;
    j["in_cache"] = m.in_cache;
  }
  if (m.beside.triad_gbps > 0) {
    j["triad_gbps_beside"] = m.beside.triad_gbps;
    j["read_gbps_beside"] = m.beside.read_gbps;
  }
  return j;
}

Json dispatch_json(const DispatchCost& d) {
  Json j{{"add_64_out", times(d.add_64_out)},
         {"add_64_new", times(d.add_64_new)},
         {"two_threads_loss_out_percent", d.loss_out_percent},
         {"two_threads_loss_new_percent", d.loss_new_percent}};
  if (d.prepared.samples > 0) j["prepared"] = times(d.prepared);
  if (!d.note.empty()) j["note"] = d.note;
  return j;
}

Json ratios_json(const PeerRatios& p) {
  Json j{{"peer", p.peer}, {"cases", p.cases}, {"geomean", p.geomean}, {"operators", Json::array()}};
  for (const OperatorRatio& o : p.operators) {
    j["operators"].push_back(
        {{"op", o.op}, {"cases", o.cases}, {"geomean", o.geomean}, {"least", o.least}, {"least_case", o.least_case}});
  }
  return j;
}

}  // namespace

std::string to_json(const Report& r) {
  Json j;
  j["tool"] = {{"name", "fg-bench"}, {"version", r.version}, {"format", 1}};
  j["plugin"] = r.plugin;
  j["device"] = {{"name", r.device}, {"driver", r.driver}};
  j["machine"] = {{"processor", r.machine.processor},
                  {"cores", r.machine.cpus.size()},
                  {"last_cache_bytes", r.machine.last_cache},
                  {"memory_available_bytes", r.machine.memory_available},
                  {"load", r.machine.load}};
  if (r.has_roofline) {
    j["roofline"] = {{"triad_gbps", r.roofline.triad_gbps},
                     {"triad_ordinary_gbps", r.roofline.triad_cached_gbps},
                     {"triad_streaming_gbps", r.roofline.triad_streaming_gbps},
                     {"copy_gbps", r.roofline.copy_gbps},
                     {"read_gbps", r.roofline.read_gbps},
                     {"array_mib", r.roofline.array_bytes / (1 << 20)},
                     {"fma_f32_gflops", r.roofline.fma_f32_gflops},
                     {"fma_f64_gflops", r.roofline.fma_f64_gflops},
                     {"fma_bf16_gflops", r.roofline.fma_bf16_gflops}};
  }
  j["limits"] = Json::object();
  for (const Limit& l : limits(r)) {
    j["limits"][l.key] = {{"value", l.measured ? Json(l.value) : Json(nullptr)},
                          {"limit", l.limit},
                          {"sense", l.at_least ? "at_least" : "at_most"},
                          {"unit", l.unit},
                          {"met", l.met()},
                          {"text", l.text}};
  }
  if (r.has_dispatch) j["dispatch"] = dispatch_json(r.dispatch);
  j["cases"] = Json::array();
  for (const Measured& m : r.cases) j["cases"].push_back(case_json(m));
  j["peers"] = Json::array();
  for (const PeerResult& p : r.peers) {
    Json one{{"peer", p.peer}, {"case", p.case_name}, {"tflops", p.tflops}};
    one.update(times(p.times));
    j["peers"].push_back(std::move(one));
  }
  j["ratios"] = Json::array();
  for (const PeerRatios& p : ratios(r)) j["ratios"].push_back(ratios_json(p));
  j["peer_notes"] = r.peer_notes;
  j["seconds"] = r.seconds;
  return j.dump(2) + "\n";
}

}  // namespace fg::bench
