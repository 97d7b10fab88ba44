// SPDX-License-Identifier: Apache-2.0
//
// fg-tune: times the candidates of a plugin's tunable kernels and keeps the best for later processes.

#include <fmt/format.h>
#include <fnmatch.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "core/api/api_call.hpp"
#include "core/config/config.hpp"
#include "core/config/secure_env.hpp"
#include "core/registry/registry.hpp"
#include "core/tuning/apply.hpp"
#include "core/tuning/tuner.hpp"
#include "tools/tune/rows_json.hpp"
#include "tools/tune/workload.hpp"

namespace {

using fg::core::Registry;
using fg::core::TuningRow;
using fg::core::TuningStore;

// The exit codes of all tools.
enum Exit : int { kOk = 0, kFailures = 1, kUsage = 2, kUnavailable = 3, kInternal = 4, kNothing = 5 };

struct Options {
  bool json = false, list = false, version = false;
  std::string plugin, model = "llama-7b", export_to, import_from;
  std::vector<std::string> plugin_path, filters;
};

constexpr const char* kExamples =
    "Examples:\n"
    "  fg-tune --plugin opencl --model llama-7b   tune what a Llama of 7 billion weights calls\n"
    "  fg-tune --plugin vulkan -f 'mm/*'          its products alone\n"
    "  fg-tune --list                             what is known\n"
    "  fg-tune --export results.json              to carry it to machines with the same device\n\n"
    "Runs a workload, times every candidate of the kernels that it meets, and keeps the best.\n";
constexpr const char* kFooter =
    "Exit codes: 0 done, 1 a candidate gave another result, 2 usage, 3 no such plugin or nothing tunable in it,\n"
    "4 internal error, 5 nothing selected.\n";

void out(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }
void say(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stderr); }

int complain(const fg::Error& e) {
  say("fg-tune: " + e.message + "\n");
  switch (e.status) {
    case FG_E_INVALID: return kUsage;
    case FG_E_NOT_FOUND:
    case FG_E_UNSUPPORTED:
    case FG_E_TIMEOUT:
    case FG_E_DEVICE_LOST: return kUnavailable;
    default: return kInternal;
  }
}

// Where the core looks for results.
fg::Result<std::string> folder() {
  FG_TRY_ASSIGN(const fg::core::Config config, Registry::get().config());
  const std::string cache = config.cache_dir.empty() ? fg::core::user_cache_dir({}) : config.cache_dir;
  if (!config.cache_enabled || cache.empty())
    return fg::unsupported("there is no cache folder: results cannot be kept (XDG_CACHE_HOME, HOME, fg.yaml: cache)");
  return fg::core::tuning_folder(cache);
}

std::string line(const TuningRow& r) {
  const std::string values = fmt::format("{}", fmt::join(r.values, " "));
  return fmt::format("{:<10} {:<14} {:<28} {:<10} {:>10.1f} us {:>10.1f} us  {:.2f}x\n", r.identity.plugin, r.kernel,
                     r.bucket, values, r.default_us, r.best_us, r.best_us > 0 ? r.default_us / r.best_us : 1.0);
}

int list(TuningStore& store, const Options& o) {
  const auto rows = store.all();
  if (!rows) return complain(rows.error());
  if (o.json) {
    out(fg::tune::to_json(*rows));
    return kOk;
  }
  if (rows->empty()) say("fg-tune: " + store.path() + " has no results\n");
  for (const TuningRow& r : *rows) out(line(r));
  return kOk;
}

int export_rows(TuningStore& store, const std::string& path) {
  const auto rows = store.all();
  if (!rows) return complain(rows.error());
  std::ofstream file(path, std::ios::binary);
  file << fg::tune::to_json(*rows);
  file.close();
  if (!file) return complain({FG_E_INVALID, path + ": cannot be written"});
  say(fmt::format("{} results in {}\n", rows->size(), path));
  return kOk;
}

int import_rows(TuningStore& store, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return complain({FG_E_INVALID, path + ": cannot be read"});
  const auto rows = fg::tune::from_json({std::istreambuf_iterator<char>(file), {}});
  if (!rows) return complain({FG_E_INVALID, path + ": " + rows.error().message});
  for (const TuningRow& r : *rows) {
    if (const auto put = store.put(r); !put) return complain(put.error());
  }
  say(fmt::format("{} results from {}\n", rows->size(), path));
  return kOk;
}

std::vector<fg::tune::Step> selected(const Options& o) {
  std::vector<fg::tune::Step> steps = fg::tune::steps_of(o.model);
  if (o.filters.empty()) return steps;
  std::erase_if(steps, [&](const fg::tune::Step& s) {
    return std::none_of(o.filters.begin(), o.filters.end(),
                        [&](const std::string& f) { return ::fnmatch(f.c_str(), s.name.c_str(), 0) == 0; });
  });
  return steps;
}

// One step; its results are read as f32.  Calls take turns with sets of arguments that together lie beyond a cache, as
// the layers of a model do.
class Work {
 public:
  explicit Work(const fg::tune::Step& step) {
    constexpr std::int64_t kBeyondCaches = std::int64_t{256} << 20, kMost = 8;
    const std::int64_t sets = step.bytes == 0 ? 1 : std::clamp<std::int64_t>(kBeyondCaches / step.bytes, 1, kMost);
    for (std::int64_t k = 0; k < sets; ++k) calls_.push_back(step.make());
  }
  fg::core::TuningWork tuning() {
    return {[this]() -> fg::Result<void> { return run(); },
            [this]() -> fg::Result<std::vector<float>> { return last_.to_vector<float>(); },
            [this](int runs) { return record(runs); }};
  }

 private:
  fg::Result<void> run() {
    last_ = calls_[turn_++ % calls_.size()]();
    return {};
  }
  fg::Result<std::function<fg::Result<void>()>> record(int runs) try {
    fg::Capture capture;
    for (int k = 0; k < runs; ++k) FG_TRY(run());
    const auto graph = std::make_shared<fg::Graph>(capture.end());
    return [graph]() -> fg::Result<void> {
      graph->replay();
      return {};
    };
  } catch (const fg::Exception& e) {
    return tl::unexpected(fg::Error{e.status(), e.what()});
  }

  std::vector<std::function<fg::Tensor()>> calls_;
  std::size_t turn_ = 0;
  fg::Tensor last_;
};

int tune(TuningStore& store, const Options& o) {
  const std::vector<fg::tune::Step> steps = selected(o);
  if (steps.empty()) {
    say(fmt::format("fg-tune: nothing selected; models: {}\n", fmt::join(fg::tune::models(), ", ")));
    return kNothing;
  }
  const fg::UseVendor vendor(o.plugin);
  auto tuner = fg::core::Tuner::make(fg::core::from_handle(fg::Device::current().handle()), store);
  if (!tuner) return complain(tuner.error());
  std::uint32_t wrong = 0;
  std::vector<TuningRow> rows;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    say(fmt::format("{}/{} {}\n", i + 1, steps.size(), steps[i].name));
    Work work(steps[i]);
    const auto tuned = tuner->tune(work.tuning());
    if (!tuned) return complain(tuned.error());
    for (const fg::core::TunedPoint& t : *tuned) {
      wrong += t.wrong;
      rows.push_back(t.row);
      if (!o.json) out(line(t.row));
    }
  }
  if (o.json) out(fg::tune::to_json(rows));
  return wrong == 0 ? kOk : kFailures;
}

int run(const Options& o) {
  if (o.version) {
    out(fmt::format("fg-tune {}\n", fg_version()));
    return kOk;
  }
  for (const std::string& path : o.plugin_path) {
    if (const auto added = Registry::get().add_plugin_path(path); !added) return complain(added.error());
  }
  const auto where = folder();
  if (!where) return complain(where.error());
  auto store = TuningStore::open(*where);
  if (!store) return complain(store.error());
  if (o.list) return list(*store, o);
  if (!o.export_to.empty()) return export_rows(*store, o.export_to);
  if (!o.import_from.empty()) return import_rows(*store, o.import_from);
  if (o.plugin.empty()) {
    say("fg-tune: which plugin? --plugin NAME, or --list, --export, --import; see --help\n");
    return kUsage;
  }
  return tune(*store, o);
}

}  // namespace

int main(int argc, char** argv) {
  Options o;
  CLI::App app(kExamples, "fg-tune");
  app.footer(kFooter);
  app.add_option("--plugin", o.plugin, "whose kernels: a vendor, or vendor:ordinal")->type_name("NAME");
  app.add_option("--model", o.model, "the workload, llama-7b by default")
      ->check(CLI::IsMember(fg::tune::models()))
      ->type_name("NAME");
  app.add_option("-f,--filter", o.filters, "only steps whose name matches this glob, e.g. 'mm/*'")->type_name("GLOB");
  app.add_flag("--list", o.list, "show the results that are kept");
  app.add_option("--export", o.export_to, "write the results that are kept as JSON")->type_name("FILE");
  app.add_option("--import", o.import_from, "take results from such a file")->type_name("FILE");
  app.add_flag("--json", o.json, "one JSON document on stdout, as --export writes");
  app.add_option("--plugin-path", o.plugin_path, "also look for plugins in this folder, first")->type_name("DIR");
  app.add_flag("--version", o.version, "version of fg");
  try {
    app.parse(argc, argv);
    return run(o);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? kOk : kUsage;
  } catch (const fg::Exception& e) {
    return complain({e.status(), e.what()});
  } catch (const std::exception& e) {
    say(fmt::format("fg-tune: {}\n", e.what()));
    return kInternal;
  }
}
