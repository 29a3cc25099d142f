// The SCIM peer as the tests see it from outside: its state through its own HTTP, faults on demand.
#pragma once

#include <memory>
#include <string>

#include <nlohmann/json.hpp>

#include "connect/connector.h"
#include "peer.h"

namespace rescind::test {

class ScimServer {
 public:
  explicit ScimServer(const std::string& seed) : peer_("scim", seed) {}

  // Back to the seed, without faults and without a memory of requests.
  void reset();
  void faults(const std::string& json_list);
  // The methods and paths that came in since the last reset ("PATCH /scim/v2/Users/u1").
  std::vector<std::string> requests();
  // The resource as the server shows it, or null.
  nlohmann::json resource(const std::string& path);
  nlohmann::json post(const std::string& path, const nlohmann::json& resource);
  void put(const std::string& path, const nlohmann::json& resource);

  [[nodiscard]] ConnectorConfig config() const;
  std::unique_ptr<Connector> connect(Settings more = {});

  [[nodiscard]] const Peer& peer() const { return peer_; }

 private:
  Peer peer_;
  SystemClock clock_;
};

ItemAddress scim_account(const std::string& id);
ItemAddress scim_membership(const std::string& group, const std::string& user);

}  // namespace rescind::test
