// SPDX-License-Identifier: Apache-2.0
#include "core/registry/registry.hpp"

#include <fmt/format.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <utility>

#include "core/registry/registry_state.hpp"
#include "core/trace/log.hpp"

namespace fg::core {

std::atomic<std::uint64_t> g_generation{1};
std::atomic<bool> g_forked{false};

namespace {

void mark_forked() { g_forked.store(true, std::memory_order_relaxed); }

void watch_fork() {
  static std::once_flag once;
  std::call_once(once, [] { pthread_atfork(nullptr, nullptr, &mark_forked); });
}

std::string absolute(std::string_view path) {
  if (path.starts_with('/')) return std::string(path);
  const std::unique_ptr<char, void (*)(void*)> cwd(::getcwd(nullptr, 0), &std::free);
  return cwd == nullptr ? std::string() : fmt::format("{}/{}", cwd.get(), path);
}

}  // namespace

tl::unexpected<Error> forked_error() {
  return fail(FG_E_FORKED,
              "called in a child of fork(): devices stay with the parent; call exec or start fg in the child only");
}

Registry& Registry::get() {
  // Never destroyed: at exit threads may still be at work, and plugins are not to be unloaded.
  static Registry* const registry = new Registry;
  return *registry;
}

Registry::Registry() : Registry(RegistryOptions{}) {}
Registry::Registry(RegistryOptions options) : state_(std::make_unique<State>(std::move(options))) { watch_fork(); }
Registry::~Registry() = default;

Result<Selection> Registry::default_selection() {
  if (forked()) return forked_error();
  if (const Selection* fast = state_->fast_choice.load(std::memory_order_acquire)) return *fast;
  const std::lock_guard lock(state_->mutex);
  FG_TRY(state_->ensure());
  if (!state_->chosen) {
    state_->chosen = std::make_unique<Result<Selection>>(state_->resolve(state_->spec));
    if (*state_->chosen) {
      FG_LOG(info, "device {} chosen ({}={})", (*state_->chosen)->device->name,
             state_->spec.source.empty() ? "default" : state_->spec.source, state_->spec.text);
      state_->fast_choice.store(&**state_->chosen, std::memory_order_release);
    }
  }
  return *state_->chosen;
}

Result<Device*> Registry::default_device() {
  if (const Selection* fast = state_->fast_choice.load(std::memory_order_acquire); fast != nullptr && !forked())
      [[likely]] {
    return fast->device;
  }
  FG_TRY_ASSIGN(const Selection selection, default_selection());
  return selection.device;
}

Result<Device*> Registry::find_device(std::string_view name) {
  if (forked()) return forked_error();
  FG_TRY_ASSIGN(const VendorItem item, parse_device_name(name));
  const std::lock_guard lock(state_->mutex);
  FG_TRY(state_->search());
  auto device = state_->device_for(item);
  if (!device) return tl::unexpected(std::move(device).error().while_doing("device " + std::string(name)));
  return device;
}

Result<Selection> Registry::select(std::string_view text) {
  if (forked()) return forked_error();
  FG_TRY_ASSIGN(const VendorSpec spec, parse_vendor_spec(text));
  const std::lock_guard lock(state_->mutex);
  FG_TRY(state_->search());
  return state_->resolve(spec);
}

Result<Device*> Registry::cpu() {
  if (Device* fast = state_->fast_cpu.load(std::memory_order_acquire); fast != nullptr && !forked()) return fast;
  FG_TRY_ASSIGN(Device* const device, find_device("cpu"));
  state_->fast_cpu.store(device, std::memory_order_release);
  return device;
}

std::vector<Device*> Registry::devices() {
  if (forked()) return {};
  const std::lock_guard lock(state_->mutex);
  if (!state_->ensure()) return {};
  return state_->ranked();
}

std::vector<Candidate> Registry::candidates() {
  if (forked()) return {};
  const std::lock_guard lock(state_->mutex);
  if (!state_->ensure()) return {};
  return {state_->candidates.begin(), state_->candidates.end()};
}

std::vector<std::string> Registry::log_lines() {
  const std::lock_guard lock(state_->mutex);
  return state_->notices;
}

Result<Config> Registry::config() {
  if (forked()) return forked_error();
  const std::lock_guard lock(state_->mutex);
  FG_TRY(state_->search());
  return state_->config;
}

Result<void> Registry::add_plugin_path(std::string_view folder) {
  if (forked()) return forked_error();
  const std::string path = absolute(folder);
  if (folder.empty() || path.empty()) return invalid("plugin path: an empty folder, expected a path");
  const std::lock_guard lock(state_->mutex);
  if (state_->searched) return fail(FG_E_STATE, fmt::format("plugin path {}: plugins were already searched", path));
  state_->api_folders.push_back(path);
  return {};
}

namespace {

// The candidate of a path given to load_plugin(), examined now if the search did not meet it.
FoundPlugin& candidate_of_path(Registry::State& state, const std::string& path) {
  for (FoundPlugin& c : state.candidates) {
    if (c.path == path) return c;
  }
  state.candidates.push_back(examine(path, "the application", state.rules, state.config));
  return state.candidates.back();
}

}  // namespace

Result<Device*> Registry::load_plugin(std::string_view path_or_name) {
  if (forked()) return forked_error();
  const std::string given(path_or_name);
  const bool is_path = given.find('/') != std::string::npos;
  if (!is_path && !given.ends_with(".so")) return find_device(given);
  const std::lock_guard lock(state_->mutex);
  FG_TRY(state_->search());
  FoundPlugin* found = nullptr;
  if (is_path) {
    const std::string real = resolved(absolute(given));
    if (real.empty()) return fail(FG_E_NOT_FOUND, fmt::format("plugin {}: no such file", given), FG_R_DEVICE);
    found = &candidate_of_path(*state_, real);
  } else {
    for (FoundPlugin& c : state_->candidates) {
      if (found == nullptr && c.path.ends_with("/" + given)) found = &c;
    }
    if (found == nullptr) {
      return fail(FG_E_NOT_FOUND,
                  fmt::format("plugin {}: no file of that name on the plugin path{}", given, state_->listing()),
                  FG_R_DEVICE);
    }
  }
  // An explicit path beats what was found first, as long as that has not been loaded.
  const bool idle = found->state == CandidateState::found || found->reason == Refusal::not_selected ||
                    found->state == CandidateState::shadowed;
  if (idle) state_->load(*found);
  if (found->state != CandidateState::loaded) {
    return unsupported(fmt::format("plugin {} is {}: {}: {}", found->path, state_name(found->state),
                                   refusal_name(found->reason), found->text),
                       FG_R_DEVICE);
  }
  return state_->plugin(found->name)->devices().front().get();
}

Result<void> Registry::serve_alone(const Device& device) {
  const std::string& name = device.plugin->name();
  FG_TRY_ASSIGN(VendorSpec spec, parse_vendor_spec(name, "--plugin"));
  const std::lock_guard lock(state_->mutex);
  if (state_->loaded) {
    return fail(FG_E_STATE, fmt::format("{} cannot serve alone: other plugins were already loaded", name));
  }
  state_->spec = std::move(spec);
  return {};
}

const fg_op_claim* Registry::claim(const Device& device, std::uint64_t op_uid) const {
  return device.plugin->claims(device.ordinal).find(op_uid);
}

std::vector<const fg_op_claim*> Registry::claims(const Device& device) const {
  return device.plugin->claims(device.ordinal).all();
}

void Registry::withdraw_claim(const Device& device, std::uint64_t op_uid, std::string_view why) {
  const std::lock_guard lock(state_->mutex);
  const fg_op_claim* claim = device.plugin->claims(device.ordinal).find(op_uid);
  if (claim == nullptr || !device.plugin->claims(device.ordinal).withdraw(op_uid)) return;
  FG_LOG(warn, "{}: claims {} but refuses it: {}; not asked again", device.name, claim->name, why);
  if (FoundPlugin* c = state_->candidate(device.plugin->name())) {
    c->notices.push_back({"CLAIM_REFUSED", fmt::format("{}: {}", claim->name, why)});
  }
  g_generation.fetch_add(1, std::memory_order_relaxed);
}

void Registry::lose(Device& device, std::string_view why) {
  const std::lock_guard lock(state_->mutex);
  if (std::find(state_->lost.begin(), state_->lost.end(), &device) != state_->lost.end()) return;
  state_->lost.push_back(&device);
  FG_LOG(error, "{} was lost: {}", device.name, why);
  if (FoundPlugin* c = state_->candidate(device.plugin->name())) {
    c->notices.push_back({"DEVICE_LOST", fmt::format("{}: {}", device.name, why)});
  }
  // Readers hold the old Selection by value; the new one is made at the next question.
  state_->fast_choice.store(nullptr, std::memory_order_release);
  state_->fast_cpu.store(nullptr, std::memory_order_release);
  state_->retired.push_back(std::move(state_->chosen));
  state_->chosen = nullptr;
  g_generation.fetch_add(1, std::memory_order_relaxed);
}

bool Registry::lift_quarantine(std::string_view name) {
  const std::lock_guard lock(state_->mutex);
  if (!state_->search()) return false;
  bool lifted = false;
  for (const FoundPlugin& c : state_->candidates) {
    if (c.name == name) lifted = state_->memory->forget(c.path) || lifted;
  }
  return lifted;
}

Result<void> Registry::shutdown() {
  if (forked()) return forked_error();
  const std::lock_guard lock(state_->mutex);
  state_->shut = true;
  state_->fast_choice.store(nullptr, std::memory_order_release);
  state_->fast_cpu.store(nullptr, std::memory_order_release);
  g_generation.fetch_add(1, std::memory_order_relaxed);
  Result<void> first;
  for (const auto& p : state_->plugins) {
    if (auto destroyed = p->destroy_instance(); !destroyed && first) first = destroyed;
  }
  return first;
}

}  // namespace fg::core
