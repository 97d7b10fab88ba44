// SPDX-License-Identifier: Apache-2.0
//
// Folders, stub plugins and registries that see nothing of the machine they run on.

#ifndef FG_TESTS_UNIT_REGISTRY_FIXTURE_HPP_
#define FG_TESTS_UNIT_REGISTRY_FIXTURE_HPP_

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>

#include "core/registry/registry.hpp"
#include "core/registry/registry_options.hpp"

namespace fg::core::testing {

namespace fs = std::filesystem;

class TempDir {
 public:
  TempDir() {
    std::string name = (fs::temp_directory_path() / "fg-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path_ = fs::canonical(name);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  fs::path path() const { return path_; }
  std::string str(const std::string& below) const { return (path_ / below).string(); }

 private:
  fs::path path_;
};

inline void write_file(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}
inline std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline fs::path stub(const std::string& name) { return fs::path(FG_STUB_DIR) / ("libfg_" + name + ".so"); }

// A home, a plugin folder and the environment of one made-up user.
class RegistryTest : public ::testing::Test {
 protected:
  // A copy of a stub in folder "plugins", or in another one.
  fs::path install(const std::string& name, const std::string& folder = "plugins") {
    const fs::path to = dir_.path() / folder / ("libfg_" + name + ".so");
    fs::create_directories(to.parent_path());
    fs::copy_file(stub(name), to, fs::copy_options::overwrite_existing);
    return to;
  }
  void configure(const std::string& yaml) { write_file(dir_.path() / "config/fg/fg.yaml", yaml); }
  void set(const std::string& name, const std::string& value) { env_[name] = value; }

  RegistryOptions options(bool elevated = false) const {
    std::map<std::string, std::string> env = env_;
    env.try_emplace("XDG_CONFIG_HOME", dir_.str("config"));
    env.try_emplace("XDG_CACHE_HOME", dir_.str("cache"));
    env.try_emplace("FG_PLUGIN_PATH", dir_.str("plugins"));
    RegistryOptions o;
    o.env = Environment(std::move(env), elevated);
    o.system_config = dir_.str("etc/fg.yaml");
    o.system_folders = false;
    o.helper = FG_PROBE;
    o.set_log_level = false;
    return o;
  }
  std::unique_ptr<Registry> make() const { return std::make_unique<Registry>(options()); }

  TempDir dir_;
  std::map<std::string, std::string> env_;
};

inline Candidate candidate_named(Registry& registry, const std::string& name) {
  for (const Candidate& c : registry.candidates()) {
    if (c.name == name) return c;
  }
  ADD_FAILURE() << "no candidate " << name;
  return {};
}

inline bool has_notice(const Candidate& c, const std::string& id) {
  for (const Notice& n : c.notices) {
    if (n.id == id) return true;
  }
  return false;
}

}  // namespace fg::core::testing

#endif  // FG_TESTS_UNIT_REGISTRY_FIXTURE_HPP_
