// Talks to the SCIM peer directly, not through the connector under test.
#include "scim_server.h"

#include <doctest/doctest.h>
#include <httplib.h>

#include "connectors/scim/scim.h"

namespace rescind::test {
namespace {

// "http://127.0.0.1:1234" and "/scim/v2"
std::pair<std::string, std::string> split_url(const std::string& url) {
  const std::size_t slash = url.find('/', url.find("://") + 3);
  return {url.substr(0, slash), url.substr(slash)};
}

}  // namespace

void ScimServer::reset() {
  const auto [origin, path] = split_url(peer_["ADMIN_URL"]);
  httplib::Client http(origin);
  const auto done = http.Post(path + "/reset");
  REQUIRE(done);
  REQUIRE(done->status == 204);
  REQUIRE(http.Delete(path + "/requests"));
}

void ScimServer::faults(const std::string& json_list) {
  const auto [origin, path] = split_url(peer_["ADMIN_URL"]);
  httplib::Client http(origin);
  const auto done = http.Put(path + "/faults", json_list, "application/json");
  REQUIRE(done);
  REQUIRE(done->status == 204);
}

std::vector<std::string> ScimServer::requests() {
  const auto [origin, path] = split_url(peer_["ADMIN_URL"]);
  httplib::Client http(origin);
  const auto answer = http.Get(path + "/requests");
  REQUIRE(answer);
  std::vector<std::string> lines;
  for (const nlohmann::json& one : nlohmann::json::parse(answer->body)) {
    lines.push_back(one["method"].get<std::string>() + " " + one["url"].get<std::string>());
  }
  return lines;
}

nlohmann::json ScimServer::resource(const std::string& path) {
  const auto [origin, base] = split_url(peer_["URL"]);
  httplib::Client http(origin);
  http.set_bearer_token_auth(peer_["TOKEN"]);
  const auto answer = http.Get(base + path);
  REQUIRE(answer);
  return answer->status == 200 ? nlohmann::json::parse(answer->body) : nlohmann::json();
}

nlohmann::json ScimServer::post(const std::string& path, const nlohmann::json& resource) {
  const auto [origin, base] = split_url(peer_["URL"]);
  httplib::Client http(origin);
  http.set_bearer_token_auth(peer_["TOKEN"]);
  const auto answer = http.Post(base + path, resource.dump(), "application/scim+json");
  REQUIRE(answer);
  REQUIRE_MESSAGE(answer->status == 201, answer->body);
  return nlohmann::json::parse(answer->body);
}

void ScimServer::put(const std::string& path, const nlohmann::json& resource) {
  const auto [origin, base] = split_url(peer_["URL"]);
  httplib::Client http(origin);
  http.set_bearer_token_auth(peer_["TOKEN"]);
  const auto answer = http.Put(base + path, resource.dump(), "application/scim+json");
  REQUIRE(answer);
  REQUIRE(answer->status == 200);
}

ConnectorConfig ScimServer::config() const {
  ConnectorConfig config;
  config.system = "crm";
  config.connector = "scim";
  config.settings = {{"url", peer_["URL"]}, {"token", peer_["TOKEN"]}, {"settle", "1s"}};
  return config;
}

std::unique_ptr<Connector> ScimServer::connect(Settings more) {
  ConnectorConfig config = this->config();
  for (const auto& [name, value] : more) {
    config.settings[name] = value;
  }
  auto connector = make_scim_connector(config, clock_);
  REQUIRE(connector);
  return std::move(*connector);
}

ItemAddress scim_account(const std::string& id) {
  ItemAddress item;
  item.item = "crm:" + id;
  item.kind = Kind::Account;
  item.system = "crm";
  item.native_id = id;
  return item;
}

ItemAddress scim_membership(const std::string& group, const std::string& user) {
  ItemAddress item;
  item.item = "crm:group:" + group + "/" + user;
  item.kind = Kind::Group;
  item.system = "crm";
  item.native_id = group + "/" + user;
  item.account = "crm:" + user;
  item.account_native_id = user;
  return item;
}

}  // namespace rescind::test
