// What conditions mean, as plainly as possible: a walk over the checked expressions with names as
// text, nothing shared, nothing indexed. The property tests hold the evaluator to it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "model/decision.h"

namespace rescind::testing {

struct Plain {
  enum class State : std::uint8_t { Known, Missing, Unknown };
  State state = State::Unknown;
  TypeKind kind = TypeKind::Bool;
  std::int64_t number = 0;            // also the cell of an item
  std::string text;                   // of strings, enums and references
  std::vector<std::string> elements;  // of sets of those
  std::vector<std::int64_t> numbers;  // of sets of numbers
  TypeKind element = TypeKind::String;
};

// "false" < "unknown" < "true".
enum class Truth : std::uint8_t { False, Unknown, True };

class Reference {
 public:
  Reference(const CheckedPolicy& policy, const Inventory& inventory, Instant now)
      : policy_(policy), inventory_(inventory), now_(now) {}

  // Whether the clause reaches the item for the cause.
  Truth reaches(const Cause& cause, const CheckedRule& rule, const CheckedClause& clause,
                ItemRef item);
  // Everything that the subject holds or was granted, and what is under its accounts.
  [[nodiscard]] std::vector<ItemRef> scope(IdentityRef subject) const;

 private:
  Plain evaluate(ExprId id);
  Truth truth(ExprId id);
  Plain attribute(const Plain& object, const Expr& expr);
  Plain read(Entity entity, std::uint32_t row, AttributeIndex index);
  Plain identity_attribute(const std::string& id, AttributeIndex index);
  Plain event_attribute(const std::string& name);
  Plain quantified(const Expr& expr);
  Truth compare(ExprOp op, const Plain& a, const Plain& b);
  Truth contains(const Plain& set, const Plain& element);
  Truth supports(const Plain& object, Verb verb);
  [[nodiscard]] Plain item(ItemRef ref) const;

  const CheckedPolicy& policy_;
  const Inventory& inventory_;
  Instant now_;
  const Cause* cause_ = nullptr;
  ItemRef item_;
  std::map<std::uint32_t, Plain> variables_;
};

}  // namespace rescind::testing
