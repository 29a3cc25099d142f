#include "plan/describe.h"

#include <algorithm>

namespace rescind {
namespace {

struct Undo {
  Reversible reversible;
  Described described;
};

// Whether data goes with it that nothing in the plan keeps safe.
bool loses_data(const Draft& draft, const Order& order) {
  const auto kept = [&](ItemRef item) {
    const auto orders = draft.orders_on(item);
    return std::any_of(orders.begin(), orders.end(),
                       [&](std::uint32_t i) { return draft.orders[i].has(Effect::Preserves); });
  };
  return std::any_of(order.consequences.begin(), order.consequences.end(),
                     [&](ItemRef lost) { return lost.kind() == Kind::Data && !kept(lost); });
}

Undo undo_of(const Draft& draft, const Order& order) {
  switch (order.verb) {
  case Verb::Disable:
  case Verb::Lock:
    return {Reversible::Yes,
            {.kind = "restore", .text = "enable again, with a new secret and no old session"}};
  case Verb::Remove:
    if (loses_data(draft, order)) {
      return {Reversible::Never,
              {.kind = "none",
               .text = "granting it again does not bring back the data that goes with it"}};
    }
    return {Reversible::Yes, {.kind = "restore", .text = "grant again as captured"}};
  case Verb::Narrow:
    return {Reversible::Yes, {.kind = "restore", .text = "back to the captured level"}};
  case Verb::Transfer:
    return {Reversible::Yes, {.kind = "transfer", .text = "transfer back"}};
  case Verb::Redirect:
    return {Reversible::Yes, {.kind = "restore", .text = "end the redirection"}};
  case Verb::Archive:
    return {Reversible::Yes, {.kind = "restore", .text = "take out of the archive"}};
  case Verb::Revoke:
    return {Reversible::Never, {.kind = "none", .text = "a new one is issued at the next sign-in"}};
  case Verb::Rotate:
    return {Reversible::Never,
            {.kind = "none", .text = "the old value is gone; the new one is delivered"}};
  case Verb::Replace:
    return {Reversible::Yes, {.kind = "disable", .text = "disable the successor"}};
  case Verb::Delete:
  case Verb::Wipe:
    return {Reversible::Never, {.kind = "none", .text = "what is destroyed stays destroyed"}};
  case Verb::Restore:
  case Verb::Notify:
  case Verb::Ask:
    return {Reversible::Yes, {.kind = "none", .text = "nothing to undo"}};
  }
  return {Reversible::Never, {.kind = "none", .text = ""}};
}

std::string probe_text(const Order& order) {
  if (order.action == "capture") {
    return "the captured state is stored";
  }
  if (order.action == "sweep") {
    return "two listings in a row find nothing live";
  }
  switch (order.verb) {
  case Verb::Revoke:
    return "it is not accepted any more";
  case Verb::Disable:
    return "it reads back as disabled";
  case Verb::Lock:
    return "it reads back as locked";
  case Verb::Rotate:
    return "the old value is refused";
  case Verb::Replace:
    return "the successor is confirmed by who needs it";
  case Verb::Remove:
    return "it is not granted any more";
  case Verb::Narrow:
    return "it reads back at the level `" + order.text + "`";
  case Verb::Transfer:
    return "it reads back as held by " + order.target;
  case Verb::Redirect:
    return "it reads back as redirected to " + order.target;
  case Verb::Archive:
    return "it reads back as archived";
  case Verb::Delete:
    return "a fresh read by its id finds nothing";
  case Verb::Wipe:
    return "the device has confirmed the wipe";
  case Verb::Restore:
    return "it reads back as captured";
  case Verb::Notify:
    return "the message was accepted";
  case Verb::Ask:
    return "the person has answered";
  }
  return {};
}

std::map<std::string, std::string> facts_of(const Draft& draft, const Order& order) {
  std::map<std::string, std::string> facts;
  if (!order.item.valid() || order.action == "capture") {
    return facts;
  }
  facts["holder"] = std::string(draft.estate.holder_id(order.item));
  if (const ItemRef account = draft.estate.account_of(order.item); account.valid()) {
    facts["account"] = draft.item_text(account);
  }
  if (const std::string_view level = draft.estate.named_text(order.item, "level"); !level.empty()) {
    facts["level"] = std::string(level);
  }
  if (order.needs_handover) {
    facts["last_holder"] = "true";
  }
  return facts;
}

}  // namespace

void describe_step(const Draft& draft, const Order& order, PlanStep& step) {
  Undo undo = undo_of(draft, order);
  const SupportedVerb* declared =
      order.item.valid() ? draft.estate.declared(order.item, order.verb) : nullptr;
  if (declared != nullptr && order.action.empty() && declared->reversible == Reversible::Window) {
    undo.reversible = Reversible::Window;
    undo.described = {
        .kind = "restore",
        .text = "restore" + (declared->undo_window
                                 ? " within " + format_duration(*declared->undo_window)
                                 : std::string())};
  } else if (declared != nullptr && order.action.empty() &&
             declared->reversible == Reversible::Never) {
    undo.reversible = Reversible::Never;
  }
  if (order.action == "capture") {
    undo = {Reversible::Yes, {.kind = "none", .text = "nothing to undo"}};
  }
  step.reversible = undo.reversible;
  step.undo = undo.described;
  step.probe = {.kind = "read", .text = probe_text(order)};
  step.facts = facts_of(draft, order);
}

}  // namespace rescind
