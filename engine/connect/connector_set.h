// ConnectorSet: the connectors of one run, one per system. A system whose connector could not be
// made keeps its place with the reason, so that its steps wait and are reported instead of
// vanishing.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "connect/connector.h"

namespace rescind {

// Filled before use and not changed after. Different systems may be used by different threads at
// once, one system by one thread at a time.
class ConnectorSet {
 public:
  void add(std::string system, std::unique_ptr<Connector> connector);
  // The system is known but cannot be talked to (a setting is missing, its server refused us).
  void add_unavailable(std::string system, Error why);

  // Null when the system has no working connector; why_unavailable says why.
  [[nodiscard]] Connector* find(std::string_view system);
  [[nodiscard]] std::string why_unavailable(std::string_view system) const;
  [[nodiscard]] std::vector<std::string> systems() const;  // sorted
  // What the system can do; asked once and kept. A failed question is asked again at the next call.
  Result<Capabilities> capabilities(std::string_view system);

 private:
  struct Entry {
    std::unique_ptr<Connector> connector;
    std::optional<Error> why;
    std::optional<Capabilities> capabilities;
  };

  std::map<std::string, Entry, std::less<>> entries_;
};

// How a plan is bound to a connector: the key and value of Plan::bindings for one system. The value
// changes with the connector's behaviour and with where it points.
std::string connector_binding_key(std::string_view system);
std::string connector_binding_value(const Capabilities& capabilities);

}  // namespace rescind
