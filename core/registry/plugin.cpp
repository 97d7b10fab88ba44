// SPDX-License-Identifier: Apache-2.0
#include "core/registry/plugin.hpp"

#include <fmt/format.h>

#include <utility>

#include "core/registry/permissions.hpp"
#include "core/registry/sha256.hpp"

namespace fg::core {

Judged<std::unique_ptr<Plugin>> Plugin::load(FoundPlugin& found, const std::string& identity,
                                             std::shared_ptr<BlobCache> cache) {
  std::unique_ptr<Plugin> p(new Plugin);
  p->path_ = found.path;
  p->sha256_ = found.sha256;
  p->priority_ = found.priority;
  p->host_ = std::make_unique<HostServices>(found.name, found.settings.options, found.sha256, std::move(cache));
  p->host_->set_identity(identity);

  const auto before = stamp_of(found.path);
  auto opened = open_plugin(found.path, p->host_->host());
  if (!opened) return tl::unexpected(opened.error());
  if (before != stamp_of(found.path)) return refuse(Refusal::changed_file, "the file changed while it was loaded");
  p->opened_ = *std::move(opened);
  if (p->opened_.name != found.name) {
    return refuse(Refusal::name_mismatch, fmt::format("its table says {}, its file {}", p->opened_.name, found.name));
  }
  const auto count = probe_devices(p->api(), p->host_->host());
  if (!count) return tl::unexpected(count.error());
  auto instance = create_instance(p->api(), p->host_->host());
  if (!instance) return tl::unexpected(instance.error());
  p->instance_ = *instance;
  p->devices_.resize(*count);
  if (auto listed = p->list_devices(found.notices); !listed) return tl::unexpected(listed.error());
  p->host_->set_identity(p->identity());
  return p;
}

Judged<void> Plugin::list_devices(std::vector<Notice>& notices) {
  for (std::uint32_t i = 0; i < devices_.size(); ++i) {
    const auto info = device_info_of(api(), instance_, i);
    if (!info) return tl::unexpected(info.error());
    const auto claims = claim_array(api(), instance_, i);
    if (!claims) return tl::unexpected(claims.error());
    auto device = std::make_unique<Device>();
    device->plugin = this;
    device->api = &opened_.api;
    device->instance = instance_;
    device->ordinal = i;
    device->name = fmt::format("{}:{}", name(), i);
    device->info = *info;
    devices_[i] = std::move(device);
    claims_.emplace_back(*claims, notices);
  }
  return {};
}

std::string Plugin::identity() const {
  std::string out;
  for (const auto& device : devices_) out += hex(device->info.uuid) + " " + device->info.driver + ";";
  return out;
}

void Plugin::mask(std::uint32_t ordinal, OperatorMask mask) {
  ClaimTable& table = claims_[ordinal];
  for (const fg_op_claim* claim : table.all()) {
    const OpInfo* op = find_op(claim->op_uid);  // none: an engine, which serves many operators
    const bool denied = op == nullptr ? !mask.nothing().empty() : !mask.denial(*op, kByPlugin).empty();
    if (denied) table.withdraw(claim->op_uid);
  }
  masks_.push_back(std::make_unique<const OperatorMask>(std::move(mask)));
  devices_[ordinal]->mask = masks_.back().get();
}

Result<void> Plugin::destroy_instance() {
  fg_instance* instance = std::exchange(instance_, nullptr);
  if (instance == nullptr) return {};
  fg_error error = fresh_error();
  const fg_status status = opened_.api.destroy(instance, &error);
  if (status < 0) return fail(status, fmt::format("{}: destroy: {}", name(), describe(status, error)));
  return {};
}

Plugin::~Plugin() {
  (void)destroy_instance();  // nobody is left to tell
}

}  // namespace fg::core
