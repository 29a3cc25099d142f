// What one system's connector can do, in words that stages below the connectors may read: a plain
// copy of what the connector says of itself, taken when a plan is made.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/vocabulary.h"

namespace rescind {

struct SupportedVerb {
  Verb verb = Verb::Disable;
  Kind kind = Kind::Account;
  EffectSet effects{};  // what it really does there; empty: the defaults
  Reversible reversible = Reversible::Yes;
  std::optional<Seconds> undo_window{};  // with Window
};

struct SystemCapabilities {
  std::string connector;                   // "ldap"
  std::string version;                     // of the connector's behaviour
  std::string endpoint;                    // without secrets
  std::string acts_as;                     // item id of the connector's own credential; "" unknown
  std::vector<SupportedVerb> verbs;        // a pair that is not here is not supported
  KindSet enumerable;                      // kinds it can list completely
  KindSet evidence{};                      // kinds whose use it reports
  std::vector<Kind> order_inside_account;  // empty: the global order
};

// By system id. A system that is not here has no connector.
using CapabilityMap = std::map<std::string, SystemCapabilities, std::less<>>;

}  // namespace rescind
