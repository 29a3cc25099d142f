// Resolution of principals; `a ?? b` falls through when `a` names nobody who can act.
#include "evaluate/principals.h"

#include <algorithm>

namespace rescind {

PrincipalResolver::PrincipalResolver(Interpreter& interpreter,
                                     const std::function<bool(IdentityRef)>& leaves)
    : interpreter_(interpreter),
      bound_(interpreter.bound()),
      inventory_(bound_.inventory()),
      leaves_(leaves) {}

ResolvedPrincipals PrincipalResolver::resolve(const CompiledPrincipals& principals, ItemRef item) {
  ResolvedPrincipals result;
  for (const NodeId alternative : bound_.program().list(principals.alternatives)) {
    std::vector<std::string> ids;
    collect(alternative, item, ids);
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    result.alternatives.push_back(std::move(ids));
  }
  return result;
}

void PrincipalResolver::collect(NodeId id, ItemRef item, std::vector<std::string>& ids) {
  const Node& node = bound_.program().node(id);
  if (node.op == ExprOp::Coalesce) {
    const auto children = bound_.program().children_of(node);
    collect(children[0], item, ids);
    if (ids.empty()) {
      collect(children[1], item, ids);
    }
    return;
  }
  collect_value(interpreter_.evaluate(id, item), node.type, ids);
}

void PrincipalResolver::collect_value(const Value& value, const Type& type,
                                      std::vector<std::string>& ids) {
  if (!value.known()) {
    return;
  }
  if (value.kind != TypeKind::Set) {
    collect_one(value, ids);
    return;
  }
  for (std::size_t i = 0; i < value.count; ++i) {
    collect_one(interpreter_.element(value, i, type), ids);
  }
}

void PrincipalResolver::collect_one(const Value& value, std::vector<std::string>& ids) {
  if (!value.known()) {
    return;
  }
  const std::uint32_t symbol = bound_.symbol_of(value);
  const bool own = symbol < inventory_.symbols.size();
  const IdentityRef identity = own ? inventory_.identity_of(Symbol{symbol}) : IdentityRef{};
  const bool nobody = value.kind == TypeKind::Identity && value.word() == kMissingCell;
  if (nobody || (identity.valid() && !available(identity))) {
    return;
  }
  ids.emplace_back(bound_.text(symbol));
}

bool PrincipalResolver::available(IdentityRef identity) const {
  if (identity == interpreter_.cause().subject || leaves_(identity)) {
    return false;
  }
  const Value status = interpreter_.attribute_of(identity, identity_attribute::kStatus);
  return status.known() && bound_.text(status.word()) == "active";
}

}  // namespace rescind
