// The sandbox connector's class; its parts are in sandbox_connector.cc (reading and the verbs) and
// sandbox_successors.cc (rotation that delivers, evidence of use).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "connectors/sandbox/sandbox.h"
#include "connectors/sandbox/sandbox_items.h"

namespace rescind::sandbox {

using Fault = std::optional<SandboxFault>;

class SandboxConnector final : public Connector {
 public:
  SandboxConnector(std::string system, std::string path, SqliteDatabase file, Clock& clock)
      : system_(std::move(system)), path_(std::move(path)), file_(std::move(file)), clock_(clock) {}

  Result<Capabilities> capabilities() override;
  Result<Discovery> discover() override;
  Result<Discovery> discover_account(const ItemAddress& account) override;
  Result<Observation> observe(const ItemAddress& item) override;
  ActionResult perform(const ActionRequest& request) override;
  ProbeResult probe(const ActionRequest& request) override;
  ActionResult undo(const ActionRequest& request) override;
  std::vector<std::string> preview(const ActionRequest& request) override;
  Successor create_successor(const ActionRequest& request) override;
  Successor find_successor(const ActionRequest& request) override;
  ActionResult delete_successor(const ActionRequest& request,
                                const ItemAddress& successor) override;
  ActionResult deliver(const DeliveryRequest& request, const Secret& secret) override;
  ProbeResult confirm_delivery(const DeliveryRequest& request) override;
  Result<EvidenceReport> usage(const UsageQuery& query) override;
  // Fills the system from inventory files unless it has items.
  Status seed_once(const std::string& source);

 private:
  Result<Fault> take_fault(const std::string& call, const std::string& item, bool changes);
  Status reject_faulty_read(const std::string& call, const std::string& item);
  Status apply_pending();
  Status postpone(const ActionRequest& request, std::int64_t seconds);
  Result<ActionResult> act(const ActionRequest& request);
  Result<ActionResult> act_unless_done(const ActionRequest& request, const Fault& fault);
  std::optional<ActionResult> answer_without_effect(const Fault& fault) const;
  Result<Discovery> list(std::string_view where, const std::vector<std::string>& values,
                         const std::vector<Kind>& kinds);

  Result<Successor> make_successor(const ActionRequest& request);
  Result<Successor> look_for_successor(const ActionRequest& request);
  Result<ActionResult> end_successor(const ActionRequest& request, const ItemAddress& successor);
  Result<ActionResult> write_delivery(const DeliveryRequest& request, const Secret& secret);
  Result<ProbeResult> look_for_use(const DeliveryRequest& request);

  Result<std::optional<Item>> find(const ItemAddress& address) {
    return find_item(file_, system_, address.item, address.native_id);
  }

  [[nodiscard]] std::int64_t now() const { return clock_.now().time_since_epoch().count(); }

  std::string system_;
  std::string path_;
  SqliteDatabase file_;
  Clock& clock_;
};

ActionResult answer_of(ResultClass result, std::string detail);

}  // namespace rescind::sandbox
