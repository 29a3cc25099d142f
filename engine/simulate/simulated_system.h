// A simulated system behind the connector port.
#pragma once

#include <string>

#include "connect/connector.h"
#include "simulate/simulated_estate.h"

namespace rescind {

class SimulatedSystem final : public Connector {
 public:
  SimulatedSystem(SimulatedEstate& estate, std::string system)
      : estate_(estate), system_(std::move(system)) {}

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

 private:
  void watch(SimulatedEstate::Moment moment, std::string_view call, const std::string& item) const;
  // Why a reading fails now; success when it does not.
  Status reject_reading(const std::string& item);
  Result<Discovery> list(KindSet kinds, const std::string& account);
  EstateItem* find(const ItemAddress& address);
  ActionResult change(const ActionRequest& request);
  Successor describe_successor(const EstateItem& made, ResultClass result) const;

  SimulatedEstate& estate_;
  std::string system_;
};

}  // namespace rescind
