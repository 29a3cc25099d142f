// Names of the connector port's result classes, as they appear in records, reports and plans, and
// the answers of connectors that neither rotate nor watch.
#include "connect/connector.h"

#include <array>
#include <cstddef>

namespace rescind {
namespace {

constexpr std::array<std::string_view, 13> kResultClassNames = {"changed",
                                                                "already_done",
                                                                "absent",
                                                                "async",
                                                                "residual_until",
                                                                "needs_human",
                                                                "needs_code_change",
                                                                "unsupported",
                                                                "conflict",
                                                                "throttled",
                                                                "auth_failed",
                                                                "failed",
                                                                "unknown"};

ActionResult no_successors() {
  ActionResult answer;
  answer.result = ResultClass::Unsupported;
  answer.detail = "this connector makes no successors";
  return answer;
}

}  // namespace

Successor Connector::create_successor(const ActionRequest& /*request*/) {
  Successor none;
  none.answer = no_successors();
  return none;
}

Successor Connector::find_successor(const ActionRequest& /*request*/) {
  Successor none;
  none.answer = no_successors();
  return none;
}

ActionResult Connector::delete_successor(const ActionRequest& /*request*/,
                                         const ItemAddress& /*successor*/) {
  return no_successors();
}

ActionResult Connector::deliver(const DeliveryRequest& /*request*/, const Secret& /*secret*/) {
  ActionResult answer;
  answer.result = ResultClass::Unsupported;
  answer.detail = "this connector delivers nothing";
  return answer;
}

ProbeResult Connector::confirm_delivery(const DeliveryRequest& /*request*/) {
  return {ProbeAnswer::Unknown, "this system does not show who uses what", std::nullopt};
}

Result<EvidenceReport> Connector::usage(const UsageQuery& /*query*/) {
  return fail(ErrorKind::Unsupported, "this system shows no use");
}

std::string_view result_class_name(ResultClass value) {
  return kResultClassNames[static_cast<std::size_t>(value)];
}

std::optional<ResultClass> find_result_class(std::string_view name) {
  for (std::size_t i = 0; i < kResultClassNames.size(); ++i) {
    if (kResultClassNames[i] == name) {
      return static_cast<ResultClass>(i);
    }
  }
  return std::nullopt;
}

}  // namespace rescind
