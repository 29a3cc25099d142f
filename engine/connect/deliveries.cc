// Finds the route of a dependent and goes it.
#include "connect/deliveries.h"

#include <algorithm>

#include "base/process.h"
#include "connect/deliver_file.h"

namespace rescind {
namespace {

constexpr Seconds kConfirmTime{30};

}  // namespace

const DeliveryTarget* Deliveries::find(std::string_view item, std::string_view dependent) const {
  const DeliveryTarget* found = nullptr;
  int particular = 0;
  for (const DeliveryRoute& route : routes_) {
    const bool fits = (route.item.empty() || route.item == item) &&
                      (route.dependent.empty() || route.dependent == dependent);
    const int now = (route.dependent.empty() ? 0 : 2) + (route.item.empty() ? 0 : 1);
    if (fits && now > particular) {
      found = &route.target;
      particular = now;
    }
  }
  return found;
}

std::vector<std::string> Deliveries::dependents_of(std::string_view item) const {
  std::vector<std::string> out;
  for (const DeliveryRoute& route : routes_) {
    if (route.item == item && !route.dependent.empty()) {
      out.push_back(route.dependent);
    }
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

ActionResult Deliveries::deliver(const DeliveryRequest& request, const Secret& secret) {
  const std::lock_guard lock(mutex_);
  if (request.target.kind == DeliveryKind::File) {
    return deliver_to_file(request, secret);
  }
  Connector* const receiver = receivers_.find(request.target.system);
  if (receiver == nullptr) {
    ActionResult answer;
    answer.result = ResultClass::Failed;
    answer.detail = receivers_.why_unavailable(request.target.system);
    return answer;
  }
  return receiver->deliver(request, secret);
}

Deliveries::Confirmation Deliveries::confirm(const DeliveryRequest& request, const Secret& secret) {
  const std::lock_guard lock(mutex_);
  const DeliveryTarget& target = request.target;
  Confirmation out;
  if (target.kind == DeliveryKind::File) {
    out.probe = probe_file(request, secret);
    out.by = "file";
    if (out.probe.answer != ProbeAnswer::Done) {
      return out;
    }
  } else {
    Connector* const receiver = receivers_.find(target.system);
    if (receiver == nullptr) {
      out.probe.detail = receivers_.why_unavailable(target.system);
      return out;
    }
    out.probe = receiver->confirm_delivery(request);
    out.by = target.system;
    // A receiver that sees the dependent read it proves the use as well.
    out.proved = out.probe.answer == ProbeAnswer::Done;
  }
  if (target.proof == DeliveryProof::Written) {
    out.proved = out.probe.answer == ProbeAnswer::Done;
  } else if (target.proof == DeliveryProof::Command) {
    const Result<int> status = run_program(target.confirm, kConfirmTime);
    out.by = "command";
    out.proved = status && *status == 0;
    out.probe.answer = !status        ? ProbeAnswer::Unknown
                       : *status == 0 ? ProbeAnswer::Done
                                      : ProbeAnswer::NotDone;
    out.probe.detail = !status        ? status.error().message()
                       : *status == 0 ? "its program says so"
                                      : "its program says not yet";
  }
  return out;
}

}  // namespace rescind
