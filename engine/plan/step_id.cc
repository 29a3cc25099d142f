#include "plan/step_id.h"

#include "base/hash.h"
#include "model/event.h"

namespace rescind {

std::string make_step_id(const StepName& name) {
  Sha256 hash;
  hash.update_field(stable_lineage(name.lineage))
      .update_field(name.item)
      .update_field(verb_name(name.verb))
      .update_field(name.action)
      .update_field(std::to_string(name.generation));
  if (name.item.empty()) {
    hash.update_field(name.about).update_field(name.target).update_field(name.text);
  }
  if (!name.stage.empty()) {
    hash.update_field("stage").update_field(name.stage);
  }
  return "step:" + to_hex(hash.finish()).substr(0, 16);
}

std::string step_id_in_generation(const PlanStep& step, std::string_view cause,
                                  std::uint32_t generation) {
  return make_step_id({.lineage = root_lineage(cause),
                       .item = step.item,
                       .verb = step.verb,
                       .action = step.action,
                       .stage = step.stage,
                       .generation = generation,
                       .about = step.holder,
                       .target = step.target,
                       .text = step.text});
}

std::string make_retirement_id(std::string_view lineage, std::string_view item) {
  Sha256 hash;
  hash.update_field(stable_lineage(root_lineage(lineage))).update_field(item);
  return "retirement:" + to_hex(hash.finish()).substr(0, 16);
}

}  // namespace rescind
