// The SCIM connector's HTTP against small servers in this process: TLS, redirects, sizes, dead
// ports.
#include <filesystem>
#include <memory>
#include <thread>

#include <doctest/doctest.h>
#include <httplib.h>

#include "connectors/scim/http.h"
#include "connectors/scim/scim.h"
#include "peer.h"
#include "scim_server.h"

namespace rescind::test {
namespace {

// A server on a free port of 127.0.0.1, in a thread of its own.
class LocalServer {
 public:
  explicit LocalServer(std::unique_ptr<httplib::Server> server) : server_(std::move(server)) {
    server_->set_keep_alive_timeout(1);
    port_ = server_->bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_->listen_after_bind(); });
    while (!server_->is_running()) {
      std::this_thread::yield();
    }
  }

  ~LocalServer() {
    server_->stop();
    thread_.join();
  }

  LocalServer(const LocalServer&) = delete;
  LocalServer& operator=(const LocalServer&) = delete;

  [[nodiscard]] int port() const { return port_; }

 private:
  std::unique_ptr<httplib::Server> server_;
  int port_ = 0;
  std::thread thread_;
};

struct Certificate {
  std::string key;
  std::string cert;
};

Certificate make_certificate(const std::string& folder, const std::string& names) {
  Certificate made{folder + "/key.pem", folder + "/cert.pem"};
  const CommandResult done =
      run_command({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                   "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=test",
                   "-addext", "subjectAltName=" + names, "-keyout", made.key, "-out", made.cert});
  REQUIRE_MESSAGE(done.status == 0, done.output);
  return made;
}

std::string scratch_folder() {
  std::string path = (std::filesystem::temp_directory_path() / "rescind-wire-XXXXXX").string();
  REQUIRE(mkdtemp(path.data()) != nullptr);
  return path;
}

Result<std::unique_ptr<Connector>> connect(const std::string& url, Settings more = {}) {
  static SystemClock clock;
  ConnectorConfig config;
  config.system = "crm";
  config.settings = std::move(more);
  config.settings["url"] = url;
  config.settings["token"] = "wire-secret";
  return make_scim_connector(config, clock);
}

ActionRequest disable_u1() {
  ActionRequest request;
  request.verb = Verb::Disable;
  request.item = scim_account("u1");
  return request;
}

}  // namespace

TEST_CASE("scim: TLS is verified, against the file that the settings name") {
  const std::string folder = scratch_folder();
  const std::string right = folder + "/right";
  const std::string wrong = folder + "/wrong";
  std::filesystem::create_directory(right);
  std::filesystem::create_directory(wrong);
  const Certificate good = make_certificate(right, "IP:127.0.0.1");
  const Certificate other = make_certificate(wrong, "DNS:elsewhere.example.org");
  const auto serve = [](const Certificate& certificate) {
    auto server =
        std::make_unique<httplib::SSLServer>(certificate.cert.c_str(), certificate.key.c_str());
    server->Get("/Users/u1", [](const httplib::Request&, httplib::Response& response) {
      response.set_content(R"({"id": "u1", "active": true})", "application/scim+json");
    });
    return server;
  };
  const LocalServer server(serve(good));
  const LocalServer misnamed(serve(other));
  const std::string url = "https://127.0.0.1:" + std::to_string(server.port());

  auto trusted = connect(url, {{"ca_file", good.cert}});
  REQUIRE(trusted);
  const auto seen = (*trusted)->observe(scim_account("u1"));
  REQUIRE_MESSAGE(seen, seen.error().to_string());
  CHECK(seen->enabled == true);

  auto untrusted = connect(url);
  const ActionResult refused = (*untrusted)->perform(disable_u1());
  CHECK(refused.result == ResultClass::Failed);
  CHECK_MESSAGE(refused.detail.find("certificate") != std::string::npos, refused.detail);
  CHECK((*untrusted)->observe(scim_account("u1")).error().kind() == ErrorKind::Network);

  auto wrong_name =
      connect("https://127.0.0.1:" + std::to_string(misnamed.port()), {{"ca_file", other.cert}});
  const ActionResult for_another = (*wrong_name)->perform(disable_u1());
  CHECK(for_another.result == ResultClass::Failed);
  CHECK_MESSAGE(for_another.detail.find("another name") != std::string::npos, for_another.detail);

  auto no_file = connect(url, {{"ca_file", folder + "/none.pem"}});
  CHECK((*no_file)->perform(disable_u1()).result == ResultClass::Failed);
  std::filesystem::remove_all(folder);
}

TEST_CASE("scim: a port where nobody listens is a failure and never an absence") {
  auto connector = connect("http://127.0.0.1:1");
  REQUIRE(connector);
  CHECK((*connector)->perform(disable_u1()).result == ResultClass::Failed);
  CHECK((*connector)->observe(scim_account("u1")).error().kind() == ErrorKind::Network);
  CHECK((*connector)->discover().error().kind() == ErrorKind::Network);
  CHECK((*connector)->capabilities().error().kind() == ErrorKind::Network);
  CHECK((*connector)->probe(disable_u1()).answer == ProbeAnswer::Unknown);
}

TEST_CASE("scim: a redirect is not followed, so that the credential goes nowhere else") {
  int visits = 0;
  auto elsewhere = std::make_unique<httplib::Server>();
  elsewhere->Get(".*", [&](const httplib::Request&, httplib::Response& response) {
    ++visits;
    response.set_content("{}", "application/json");
  });
  const LocalServer target(std::move(elsewhere));
  auto first = std::make_unique<httplib::Server>();
  first->Get(".*", [&](const httplib::Request&, httplib::Response& response) {
    response.set_redirect("http://127.0.0.1:" + std::to_string(target.port()) + "/stolen");
  });
  const LocalServer origin(std::move(first));
  auto connector = connect("http://127.0.0.1:" + std::to_string(origin.port()));
  CHECK((*connector)->perform(disable_u1()).result == ResultClass::Failed);
  CHECK(visits == 0);
}

TEST_CASE("scim: an answer without end is cut off") {
  auto endless = std::make_unique<httplib::Server>();
  endless->Get(".*", [](const httplib::Request&, httplib::Response& response) {
    response.set_chunked_content_provider("application/json",
                                          [](std::size_t, httplib::DataSink& sink) {
                                            const std::string block(1 << 16, ' ');
                                            return sink.write(block.data(), block.size());
                                          });
  });
  const LocalServer server(std::move(endless));
  SystemClock clock;
  scim::HttpSettings settings;
  settings.origin = "http://127.0.0.1:" + std::to_string(server.port());
  settings.max_body_bytes = 1 << 20;
  scim::HttpClient client(settings, clock);
  const scim::HttpAnswer answer = client.send({"GET", "/Users", "", ""});
  CHECK(answer.delivery == scim::Delivery::MaybeSent);
  CHECK_MESSAGE(answer.why.find("larger than") != std::string::npos, answer.why);
}

TEST_CASE("scim: ids are encoded, so that they cannot leave their path") {
  std::string seen;
  auto recording = std::make_unique<httplib::Server>();
  recording->set_pre_routing_handler(
      [&](const httplib::Request& request, httplib::Response& response) {
        seen = request.target;
        response.set_content(R"({"id": "x", "active": true})", "application/json");
        return httplib::Server::HandlerResponse::Handled;
      });
  const LocalServer server(std::move(recording));
  auto connector = connect("http://127.0.0.1:" + std::to_string(server.port()) + "/scim/v2/");
  REQUIRE((*connector)->observe(scim_account("a/../../b?c#d \"\r\n")));
  CHECK(seen == "/scim/v2/Users/a%2F..%2F..%2Fb%3Fc%23d%20%22%0D%0A");
  CHECK((*connector)->observe(scim_account(".."))->presence == Presence::Unknown);
  CHECK((*connector)->observe(scim_account(""))->presence == Presence::Unknown);
}

}  // namespace rescind::test
