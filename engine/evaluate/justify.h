// Why an item may stay: a role that its holder has after the event grants it, or a keep matches.
// Residual access is what is held and not justified; movers and reconciliation act on that
// difference.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "evaluate/interpreter.h"

namespace rescind {

// One per thread; remembers answers for as long as the cause is the same.
class RoleJustifier final : public Justifier {
 public:
  explicit RoleJustifier(const Bound& bound);

  void begin(const BoundCause& cause);
  Tri justified(ItemRef item) override;
  // "role acme.sales_rep", "keep acme.requested", for an account also "… through ITEM", for what
  // goes with an account "account ID"; empty when nothing justifies the item for sure.
  std::string reason(ItemRef item);

 private:
  struct Held {
    std::uint32_t role = 0;
    Tri certainty = Tri::True;
  };

  struct Answer {
    Tri tri = Tri::Unknown;
    std::string by;
  };

  Answer answer(ItemRef item);
  Answer compute(ItemRef item);
  Answer by_role_or_keep(ItemRef item);
  Tri keep_holds(std::size_t keep, ItemRef item, IdentityRef holder);
  Answer account(ItemRef item);
  Answer follower(ItemRef item);
  Answer through_account(ItemRef item, ItemRef on);
  Answer through_accounts_of_holder(ItemRef item);
  // The identity whose roles count for the item: its holder, else the holder of its account.
  [[nodiscard]] IdentityRef holder_of(ItemRef item) const;
  const std::vector<Held>& roles_of(IdentityRef identity);
  std::vector<Held> find_roles(IdentityRef identity);
  Tri holds_role(std::uint32_t role, IdentityRef identity);
  Tri is_active(IdentityRef identity);
  Tri removal_on(ItemRef account);

  const Bound& bound_;
  const Inventory& inventory_;
  Interpreter interpreter_;
  const BoundCause* cause_ = nullptr;
  // Roles that grant a right, by grant_key.
  std::unordered_map<std::uint64_t, std::vector<std::uint32_t>> granted_by_;
  std::unordered_map<std::uint32_t, std::vector<Held>> roles_;  // by identity cell
  std::unordered_map<std::uint32_t, Answer> answers_;           // by item cell
  std::unordered_map<std::uint32_t, Tri> removals_;             // by account cell
};

}  // namespace rescind
