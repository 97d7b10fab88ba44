// SPDX-License-Identifier: Apache-2.0

#include "bench/html.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "bench/html_plots.hpp"
#include "conformance/report/markup.hpp"

namespace fg::bench {
namespace {

using conformance::escaped;
using Json = nlohmann::json;

constexpr const char* kStyle = R"css(
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #667; --line: #d7dbe0; --paper: #fff; --good: #1a7f37; --bad: #cf222e;
  --c0: #0969da; --c1: #bf5700; --c2: #6f42c1; --c3: #1a7f37; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9aa4b0; --line: #30363d; --paper: #0d1117; --good: #3fb950;
  --bad: #f85149; --c0: #58a6ff; --c1: #f0883e; --c2: #bc8cff; --c3: #3fb950; } }
body { font: 15px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 960px; margin: 2em auto; padding: 0 1em; }
h1 { font-size: 1.5em; margin-bottom: .2em } h2 { font-size: 1.15em; margin-top: 2em }
p.note, .key { color: var(--soft) } code { font-size: .9em; overflow-wrap: anywhere }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums } th, td { text-align: right; padding: 3px 8px; border-bottom: 1px solid var(--line) }
th:first-child, td:first-child { text-align: left } .met { color: var(--good) } .missed { color: var(--bad); font-weight: 600 }
svg { width: 100%; height: auto } .grid { stroke: var(--line) } .one { stroke: var(--ink) } .tick, .value { font-size: 11px; fill: var(--soft) }
.axis, .name { font-size: 12px; fill: var(--ink) } .roof { fill: none; stroke: var(--ink); stroke-width: 1.5 } .roof-label { font-size: 11px; fill: var(--ink) }
.s0 { fill: var(--c0) } .s1 { fill: var(--c1) } .s2 { fill: var(--c2) } .s3 { fill: var(--c3) } circle { fill-opacity: .75 }
.faster { fill: var(--good); fill-opacity: .7 } .slower { fill: var(--bad); fill-opacity: .7 } .least { fill: var(--ink) }
.key i { display: inline-block; width: .7em; height: .7em; border-radius: 50%; margin: 0 .3em 0 1em } .scroll { overflow-x: auto }
)css";

std::string text_at(const Json& j, const char* key) {
  const auto it = j.find(key);
  if (it == j.end()) return "";
  return it->is_string() ? it->get<std::string>() : it->dump();
}
double number_at(const Json& j, const char* key) {
  const auto it = j.find(key);
  return it != j.end() && it->is_number() ? it->get<double>() : 0;
}
// An absent or wrong member reads as an empty list: the page shows what there is.
const Json& list_at(const Json& j, const char* key) {
  static const Json kNone = Json::array();
  const auto it = j.find(key);
  return it != j.end() && (it->is_array() || it->is_object()) ? *it : kNone;
}

std::string time_text(double ns) {
  if (ns < 1e3) return fmt::format("{:.0f} ns", ns);
  if (ns < 1e6) return fmt::format("{:.3g} µs", ns * 1e-3);
  if (ns < 1e9) return fmt::format("{:.3g} ms", ns * 1e-6);
  return fmt::format("{:.3g} s", ns * 1e-9);
}

struct Series {
  const char* dtype;
  int number;
};
constexpr Series kSeries[] = {{"f32", 0}, {"bf16", 1}, {"f16", 2}};
constexpr int kOtherSeries = 3;

int series_of(const std::string& name) {
  for (const Series& s : kSeries) {
    if (name.find("/" + std::string(s.dtype) + "/") != std::string::npos) return s.number;
  }
  return kOtherSeries;
}

std::string series_key() {
  constexpr const char* kEntry = "<i style=\"background:var(--c{})\"></i>{}";
  std::string out = "<p class=\"key\">";
  for (const Series& s : kSeries) out += fmt::format(fmt::runtime(kEntry), s.number, s.dtype);
  return out + fmt::format(fmt::runtime(kEntry), kOtherSeries, "others") + "</p>\n";
}

std::string head(const Json& j) {
  const Json& m = list_at(j, "machine");
  const Json& roof = list_at(j, "roofline");
  std::string out = fmt::format("<h1>fg-bench: plugin {}</h1>\n", escaped(text_at(j, "plugin")));
  out += fmt::format("<p>{}, {} cores, load {:.1f} at the start; {}</p>\n", escaped(text_at(m, "processor")),
                     text_at(m, "cores"), number_at(m, "load"), escaped(text_at(list_at(j, "device"), "name")));
  if (const double copy = number_at(roof, "copy_gbps"); copy > 0) {
    out += fmt::format(
        "<p class=\"note\">Measured in the same process: copy {:.1f} GB/s by the plugin's own copy. Every result was "
        "verified "
        "before it was timed; times are medians.</p>\n",
        copy);
  } else if (!roof.empty()) {
    out += fmt::format(
        "<p class=\"note\">Measured in the same process: triad {:.1f} GB/s, read {:.1f} GB/s, fused multiply-adds f32 "
        "{:.0f}, "
        "f64 {:.0f}, bf16 {:.0f} GFLOP/s. Every result was verified before it was timed; times are medians.</p>\n",
        number_at(roof, "triad_gbps"), number_at(roof, "read_gbps"), number_at(roof, "fma_f32_gflops"),
        number_at(roof, "fma_f64_gflops"), number_at(roof, "fma_bf16_gflops"));
  }
  return out;
}

std::string limits_table(const Json& j) {
  std::string rows;
  for (const auto& [key, l] : list_at(j, "limits").items()) {
    if (!l.is_object() || !l.contains("value") || !l["value"].is_number()) continue;
    const bool met = l.value("met", false);
    rows += fmt::format("<tr><td>{}</td><td>{:.4g} {}</td><td>{} {:g}</td><td class=\"{}\">{}</td></tr>\n",
                        escaped(text_at(l, "text")), number_at(l, "value"), escaped(text_at(l, "unit")),
                        text_at(l, "sense") == "at_least" ? "≥" : "≤", number_at(l, "limit"), met ? "met" : "missed",
                        met ? "met" : "missed");
  }
  if (rows.empty()) return "";
  return "<h2>Limits</h2>\n<table><tr><th>What</th><th>Measured</th><th>Limit</th><th></th></tr>\n" + rows +
         "</table>\n";
}

std::vector<const Json*> timed(const Json& j) {
  std::vector<const Json*> out;
  for (const Json& c : list_at(j, "cases")) {
    if (c.is_object() && text_at(c, "state") == "timed" && number_at(c, "p50_ns") > 0) out.push_back(&c);
  }
  return out;
}

std::string roofline_plot(const Json& j) {
  const Json& roof = list_at(j, "roofline");
  const double slope = number_at(roof, "triad_gbps");
  std::vector<Point> points;
  for (const Json* c : timed(j)) {
    const double flops = number_at(*c, "flops");
    const double bytes = number_at(*c, "bytes");
    if (flops <= 0 || bytes <= 0) continue;
    const double rate = flops / number_at(*c, "p50_ns");
    const std::string name = text_at(*c, "name");
    points.push_back({flops / bytes, rate, fmt::format("{}: {:.1f} GFLOP/s", name, rate), series_of(name)});
  }
  if (points.empty()) return "";
  std::vector<Roof> roofs;
  for (const auto& [key, label] : {std::pair{"fma_f32_gflops", "f32"}, std::pair{"fma_bf16_gflops", "bf16 products"}}) {
    if (number_at(roof, key) > 0) roofs.push_back({slope, number_at(roof, key), label});
  }
  return "<h2>Roofline</h2>\n<p class=\"note\">Calls whose operations the catalogue counts. Above a slope: the tensors "
         "stayed in a cache; above the line of bf16 products: computed in f32.</p>\n" +
         scatter("operations a byte", "GFLOP/s", points, roofs) + series_key();
}

std::string bandwidth_plot(const Json& j) {
  std::vector<Point> points;
  for (const Json* c : timed(j)) {
    const double bytes = number_at(*c, "bytes");
    if (bytes <= 0 || number_at(*c, "flops") > 0) continue;
    const double rate = bytes / number_at(*c, "p50_ns");
    const std::string name = text_at(*c, "name");
    points.push_back({bytes, rate, fmt::format("{}: {:.1f} GB/s", name, rate), series_of(name)});
  }
  if (points.empty()) return "";
  std::vector<Roof> roofs;
  if (const double triad = number_at(list_at(j, "roofline"), "triad_gbps"); triad > 0)
    roofs.push_back({0, triad, number_at(list_at(j, "roofline"), "copy_gbps") > 0 ? "copy" : "triad"});
  return "<h2>Bandwidth</h2>\n<p class=\"note\">All other calls: bytes of the tensors, each read or written "
         "once.</p>\n" +
         scatter("bytes of the call", "GB/s", points, roofs) + series_key();
}

std::string ratios_of(const Json& peer) {
  std::vector<Bar> bars;
  for (const Json& o : list_at(peer, "operators")) {
    const double mean = number_at(o, "geomean");
    const double least = number_at(o, "least");
    if (mean <= 0 || least <= 0) continue;
    bars.push_back({text_at(o, "op"), mean, least,
                    fmt::format("{} cases; least {:.2f}: {}", text_at(o, "cases"), least, text_at(o, "least_case"))});
  }
  return fmt::format(
             "<h2>{}: time over ours</h2>\n<p class=\"note\">Geometric mean of {} cases: <b>{:.2f}</b>. A bar is an "
             "operator's "
             "geometric mean, its dot the worst case.</p>\n",
             escaped(text_at(peer, "peer")), text_at(peer, "cases"), number_at(peer, "geomean")) +
         ratio_bars(bars);
}

std::string cases_table(const Json& j) {
  std::string rows;
  for (const Json& c : list_at(j, "cases")) {
    if (!c.is_object()) continue;
    const std::string name = escaped(text_at(c, "name"));
    if (text_at(c, "state") != "timed") {
      rows += fmt::format("<tr><td><code>{}</code></td><td colspan=\"4\" class=\"missed\">{}: {}</td></tr>\n", name,
                          escaped(text_at(c, "state")), escaped(text_at(c, "reason")));
      continue;
    }
    const double percent = number_at(c, "percent_of_roofline");
    rows += fmt::format("<tr><td><code>{}</code></td><td>{}</td><td>{:.3g}</td><td>{}</td><td>{}</td></tr>\n", name,
                        time_text(number_at(c, "p50_ns")), number_at(c, "gbps"),
                        number_at(c, "tflops") > 0 ? fmt::format("{:.3g}", number_at(c, "tflops")) : "",
                        percent > 0 ? fmt::format("{:.0f} %", percent) : "");
  }
  return "<h2>All cases</h2>\n<div "
         "class=\"scroll\"><table><tr><th>Case</th><th>Median</th><th>GB/s</th><th>TFLOP/s</th>"
         "<th>of the roofline</th></tr>\n" +
         rows + "</table></div>\n";
}

}  // namespace

Result<std::string> html_page(const std::string& document) {
  const Json j = Json::parse(document, nullptr, false);
  if (!j.is_object() || !j.contains("cases") || !j["cases"].is_array())
    return invalid("the document is not from fg-bench --json");
  std::string page =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width\"><title>fg-bench</title><style>" +
      std::string(kStyle) + "</style></head><body>\n";
  page += head(j) + limits_table(j) + roofline_plot(j) + bandwidth_plot(j);
  for (const Json& peer : list_at(j, "ratios")) page += ratios_of(peer);
  return page + cases_table(j) + "</body></html>\n";
}

}  // namespace fg::bench
