// Who is meant by a principal of the policy, for one cause and item. People who are inactive, are
// the subject, or have an open leaver event count as missing, so that the next alternative is
// taken.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "evaluate/interpreter.h"
#include "model/decision.h"

namespace rescind {

class PrincipalResolver {
 public:
  // `leaves` tells whether an open cause ends the identity's engagement.
  PrincipalResolver(Interpreter& interpreter, const std::function<bool(IdentityRef)>& leaves);

  // The interpreter must have begun the cause. An invalid item: the clause is about none.
  [[nodiscard]] ResolvedPrincipals resolve(const CompiledPrincipals& principals, ItemRef item);

 private:
  // Appends the ids that the expression names; nothing when nobody is there.
  void collect(NodeId id, ItemRef item, std::vector<std::string>& ids);
  void collect_value(const Value& value, const Type& type, std::vector<std::string>& ids);
  void collect_one(const Value& value, std::vector<std::string>& ids);
  [[nodiscard]] bool available(IdentityRef identity) const;

  Interpreter& interpreter_;
  const Bound& bound_;
  const Inventory& inventory_;
  const std::function<bool(IdentityRef)>& leaves_;
};

}  // namespace rescind
