// Lineages: how events are named from plan to plan.
#include "model/event.h"

namespace rescind {

bool ends_departure(std::string_view back, std::string_view departure) {
  if (back == "leave_end") {
    return departure == "leave_start";
  }
  return back == "rehire" &&
         (departure == "leaver" || departure == "contract_end" || departure == "leave_start");
}

std::string lineage_of(const Event& event) {
  return event.type + "/" + event.subject + "@" + event.source + ":" + event.id + "#" +
         std::to_string(event.revision);
}

std::string root_lineage(std::string_view lineage) {
  return std::string(lineage.substr(0, lineage.find(" > ")));
}

std::string stable_lineage(std::string_view lineage) {
  const std::string root = root_lineage(lineage);
  const std::string_view derived = lineage.substr(root.size());
  const std::size_t mark = root.rfind('#');
  if (mark == std::string::npos || mark + 1 == root.size() ||
      root.find_first_not_of("0123456789", mark + 1) != std::string::npos) {
    return std::string(lineage);
  }
  return root.substr(0, mark) + "#1" + std::string(derived);
}

}  // namespace rescind
