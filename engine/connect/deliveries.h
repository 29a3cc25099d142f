// Deliveries: where each dependent reads its credential, and the way there. Holds connectors of its
// own for the systems that receive, because those of a run are busy with the run's steps.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"
#include "connect/connector.h"
#include "connect/connector_set.h"
#include "model/delivery.h"

namespace rescind {

// Thread-safe: one delivery at a time.
class Deliveries {
 public:
  Deliveries(std::vector<DeliveryRoute> routes, ConnectorSet receivers)
      : routes_(std::move(routes)), receivers_(std::move(receivers)) {}

  // Where the dependent reads that item: a route for both, else one for the dependent, else one for
  // the item. Null: nobody said.
  [[nodiscard]] const DeliveryTarget* find(std::string_view item, std::string_view dependent) const;
  // The dependents that routes name for the item. Sorted.
  [[nodiscard]] std::vector<std::string> dependents_of(std::string_view item) const;

  ActionResult deliver(const DeliveryRequest& request, const Secret& secret);

  // Whether it stands where the dependent reads it and, as far as the target's own proof goes,
  // whether the dependent has taken it up. `proved`: no other evidence of use is needed.
  struct Confirmation {
    ProbeResult probe;
    bool proved = false;
    std::string by;  // what proves it: "file", "command", the system
  };

  Confirmation confirm(const DeliveryRequest& request, const Secret& secret);

 private:
  std::vector<DeliveryRoute> routes_;
  std::mutex mutex_;
  ConnectorSet receivers_;
};

}  // namespace rescind
