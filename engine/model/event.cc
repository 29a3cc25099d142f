// Lineages: how events are named from plan to plan.
#include "model/event.h"

namespace rescind {
namespace {

// Where "#2" begins; npos: it has none.
std::size_t revision_mark(std::string_view root) {
  const std::size_t mark = root.rfind('#');
  const bool numbered = mark != std::string_view::npos && mark + 1 < root.size() &&
                        root.find_first_not_of("0123456789", mark + 1) == std::string_view::npos;
  return numbered ? mark : std::string_view::npos;
}

}  // namespace

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
  const std::size_t mark = revision_mark(root);
  return mark == std::string::npos
             ? std::string(lineage)
             : root.substr(0, mark) + "#1" + std::string(lineage.substr(root.size()));
}

std::string claim_cause(std::string_view lineage) {
  const std::string root = root_lineage(lineage);
  return root.substr(0, revision_mark(root));
}

}  // namespace rescind
