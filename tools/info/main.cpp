// SPDX-License-Identifier: Apache-2.0
//
// fg-info: which plugins and devices there are, which one is chosen, and why not another.

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "core/catalogue/nearest.hpp"
#include "core/config/secure_env.hpp"
#include "fg/fg.h"
#include "tools/info/snapshot.hpp"

namespace {

using fg::core::Registry;

// The exit codes of all tools.
enum Exit : int { kOk = 0, kUsage = 2, kUnavailable = 3, kInternal = 4 };

struct Options {
  bool json = false, ops = false, env = false, env_markdown = false, version = false;
  std::string why, lift, color = "auto";
  std::vector<std::string> plugin_path, plugins;
};

constexpr const char* kExamples =
    "Examples:\n"
    "  fg-info                          what there is and what is used\n"
    "  GEMS_VENDOR=vulkan,cpu fg-info   what a program started like this would use\n"
    "  fg-info --why vulkan             everything known about one plugin\n"
    "  fg-info --json | jq .active\n\n"
    "Lists plugins and devices, the device that is chosen, and why others are not.\n";
constexpr const char* kFooter =
    "Exit codes: 0 a device can be used, 2 usage or configuration, 3 none can be used, 4 internal error.\n";

void out(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }
void say(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stderr); }

int exit_of(const fg::Error& error) {
  switch (error.status) {
    case FG_E_INVALID: return kUsage;
    case FG_E_NOT_FOUND:
    case FG_E_UNSUPPORTED:
    case FG_E_DEVICE_LOST: return kUnavailable;
    default: return kInternal;
  }
}

int complain(const fg::Error& error) {
  say("fg-info: " + error.message + "\n");
  return exit_of(error);
}

bool use_color(const std::string& wish) {
  const fg::core::Environment env;
  if (wish != "auto") return wish == "always";
  if (env.get("NO_COLOR")) return false;
  if (env.get("FORCE_COLOR") || env.get("CLICOLOR_FORCE")) return true;
  return ::isatty(1) == 1 && env.get("TERM").value_or("dumb") != "dumb";
}

int lift(Registry& registry, const std::string& name) {
  if (const auto config = registry.config(); !config) return complain(config.error());
  if (registry.lift_quarantine(name)) {
    out(fmt::format("{} is met anew at the next start\n", name));
    return kOk;
  }
  say(fmt::format("fg-info: nothing is remembered about a plugin named {}\n", name));
  return kUnavailable;
}

int why(const fg::info::Snapshot& snapshot, const std::string& name, const fg::info::Style& style) {
  if (const auto text = fg::info::why_text(snapshot, name, style)) {
    out(*text);
    return kOk;
  }
  std::vector<std::string> names;
  for (const auto& c : snapshot.plugins) names.push_back(c.name);
  say(fmt::format("fg-info: no plugin is named {}{}\n", name, fg::core::did_you_mean(name, names)));
  return kUnavailable;
}

int run(const Options& o) {
  if (o.version) {
    out(fmt::format("fg-info {}  plugin interface {}.{}\n", fg_version(), FG_ABI_EPOCH, FG_ABI_MINOR));
    return kOk;
  }
  if (o.env || o.env_markdown) {
    out(o.env ? fg::info::env_text() : fg::info::env_markdown());
    return kOk;
  }
  Registry& registry = Registry::get();
  for (const std::string& folder : o.plugin_path) {
    if (const auto added = registry.add_plugin_path(folder); !added) return complain(added.error());
  }
  for (const std::string& plugin : o.plugins) {
    if (const auto loaded = registry.load_plugin(plugin); !loaded && loaded.error().status == FG_E_NOT_FOUND) {
      return complain(loaded.error());  // a refused one is shown in the list with its reason
    }
  }
  if (!o.lift.empty()) return lift(registry, o.lift);
  const fg::info::Snapshot snapshot = fg::info::take_snapshot(registry);
  const fg::info::Style style{use_color(o.color)};
  if (!o.why.empty()) return why(snapshot, o.why, style);
  if (o.ops) {
    const auto rows = fg::info::operator_rows(registry, snapshot);
    out(o.json ? fg::info::ops_json(snapshot, rows) : fg::info::ops_text(snapshot, rows, style));
  } else {
    out(o.json ? fg::info::summary_json(snapshot) : fg::info::summary_text(snapshot, style));
  }
  if (snapshot.active) return kOk;
  // People see the error in the summary; with --json or --ops it would be missing from stderr.
  return (o.json || o.ops) ? complain(snapshot.active.error()) : exit_of(snapshot.active.error());
}

}  // namespace

int main(int argc, char** argv) {
  Options o;
  CLI::App app(kExamples, "fg-info");
  app.footer(kFooter);
  app.add_flag("--json", o.json, "one JSON document with the keys plugins, devices, active");
  app.add_option("--why", o.why, "everything known about one plugin")->type_name("NAME");
  app.add_flag("--ops", o.ops, "operators and how each device serves them");
  app.add_flag("--env", o.env, "the environment variables that fg reads");
  app.add_flag("--env-markdown", o.env_markdown, "the same as docs/environment.md")->group("");
  app.add_option("--lift", o.lift, "try a plugin again that crashed or hung")->type_name("NAME");
  app.add_option("--plugin", o.plugins, "also load this plugin: a path, a file name or a name")->type_name("PLUGIN");
  app.add_option("--plugin-path", o.plugin_path, "also look for plugins in this folder, first")->type_name("DIR");
  app.add_option("--color", o.color, "auto, always or never")->check(CLI::IsMember({"auto", "always", "never"}));
  app.add_flag("--version", o.version, "versions of fg and of the plugin interface");
  try {
    app.parse(argc, argv);
    return run(o);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? kOk : kUsage;
  } catch (const std::exception& e) {
    say(fmt::format("fg-info: {}\n", e.what()));
    return kInternal;
  }
}
