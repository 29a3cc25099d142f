// Messages to people over real servers: aiosmtpd for e-mail, an HTTP server for the webhook.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <thread>

#include <doctest/doctest.h>
#include <httplib.h>

#include "base/signature.h"
#include "connectors/handover/hand_over.h"
#include "connectors/handover/ways.h"
#include "tests/e2e/connectors/peer.h"

namespace rescind {
namespace {

HandOverMessage example() {
  HandOverMessage message;
  message.key = "escalation:1#2@iam-oncall";
  message.to = "iam-oncall";
  message.contact = "mailto:iam@example.org";
  message.subject = "Overdue: crm:alice";
  message.text = "disable crm:alice: failed\n.\nnext level at noon\n";
  message.at = Instant(Seconds(1767600000));
  return message;
}

SmtpSettings settings_of(const test::Peer& peer, SmtpSettings::Encryption encryption) {
  SmtpSettings settings;
  settings.host = peer["HOST"];
  settings.port = static_cast<std::uint16_t>(std::stoi(peer["PORT"]));
  settings.encryption = encryption;
  settings.from = "rescind@example.org";
  settings.timeout = Seconds(20);
  if (encryption != SmtpSettings::Encryption::None) {
    settings.ca = peer["CA_FILE"];
  }
  return settings;
}

std::vector<std::string> mails(const test::Peer& peer) {
  std::vector<std::string> texts;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(peer["MAIL"], none)) {
    std::ifstream in(entry.path(), std::ios::binary);
    texts.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  return texts;
}

Result<std::string> send(const SmtpSettings& settings) {
  HandOverSettings all;
  all.smtp = settings;
  return make_hand_over(all)->deliver(example());
}

// A receiver that keeps what it gets and answers what it is told to.
class Receiver {
 public:
  int answer = 204;

  Receiver() {
    server_.Post("/hook", [this](const httplib::Request& request, httplib::Response& response) {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
      response.status = answer;
      response.set_header("Location", "http://127.0.0.1:9/elsewhere");
    });
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) {
      std::this_thread::yield();
    }
  }

  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;
  Receiver(Receiver&&) = delete;
  Receiver& operator=(Receiver&&) = delete;

  ~Receiver() {
    server_.stop();
    thread_.join();
  }

  [[nodiscard]] std::string url() const {
    return "http://127.0.0.1:" + std::to_string(port_) + "/hook";
  }

  std::vector<httplib::Request> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  httplib::Server server_;
  std::mutex mutex_;
  std::vector<httplib::Request> requests_;
  int port_ = 0;
  std::thread thread_;
};

}  // namespace

TEST_CASE("mail: arrives plain, with STARTTLS and with TLS, as it was sent") {
  const std::vector<std::pair<std::string, SmtpSettings::Encryption>> ways = {
      {"none", SmtpSettings::Encryption::None},
      {"starttls", SmtpSettings::Encryption::StartTls},
      {"tls", SmtpSettings::Encryption::Tls}};
  for (const auto& [name, encryption] : ways) {
    CAPTURE(name);
    const test::Peer peer("smtp", "", {"--encryption", name});
    const auto went = send(settings_of(peer, encryption));
    REQUIRE_MESSAGE(went.has_value(), went.error().to_string());
    CHECK(*went == "smtp:iam@example.org");
    const auto received = mails(peer);
    REQUIRE(received.size() == 1);
    const std::string& text = received.front();
    CHECK(text.find("Subject: Overdue: crm:alice") != std::string::npos);
    CHECK(text.find("Idempotency-Key: escalation:1#2@iam-oncall") != std::string::npos);
    CHECK(text.find("X-RcptTo: iam@example.org") != std::string::npos);
    CHECK(text.find("X-MailFrom: rescind@example.org") != std::string::npos);
    CHECK(text.find(encode_base64(example().text)) != std::string::npos);
  }
}

TEST_CASE("mail: whoever has to sign in does so, on an encrypted connection") {
  const std::vector<std::pair<std::string, SmtpSettings::Encryption>> ways = {
      {"starttls", SmtpSettings::Encryption::StartTls}, {"tls", SmtpSettings::Encryption::Tls}};
  for (const auto& [name, encryption] : ways) {
    CAPTURE(name);
    const test::Peer peer("smtp", "", {"--encryption", name, "--user", "rescind:mail-s3cret"});
    SmtpSettings settings = settings_of(peer, encryption);

    settings.user = "rescind";
    settings.password = "mail-s3cret";
    const auto went = send(settings);
    REQUIRE_MESSAGE(went.has_value(), went.error().to_string());
    const auto received = mails(peer);
    REQUIRE(received.size() == 1);
    CHECK(received.front().find("X-Signed-In: rescind") != std::string::npos);
    CHECK(received.front().find("mail-s3cret") == std::string::npos);

    settings.password = "another-s3cret";
    const auto refused = send(settings);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().kind() == ErrorKind::Auth);
    CHECK(refused.error().to_string().find("another-s3cret") == std::string::npos);

    settings.user.clear();
    settings.password.clear();
    CHECK_FALSE(send(settings).has_value());
    CHECK(mails(peer).size() == 1);
  }
}

TEST_CASE("mail: nothing is sent where the server's certificate is not trusted") {
  const test::Peer peer("smtp", "", {"--encryption", "starttls"});
  SmtpSettings settings = settings_of(peer, SmtpSettings::Encryption::StartTls);
  settings.ca.clear();
  const auto went = send(settings);
  REQUIRE_FALSE(went.has_value());
  CHECK(went.error().message().find("certificate") != std::string::npos);
  CHECK(mails(peer).empty());
}

TEST_CASE("mail: nothing is sent in the clear where STARTTLS is asked for and not offered") {
  const test::Peer peer("smtp", "", {"--encryption", "none"});
  CHECK_FALSE(send(settings_of(peer, SmtpSettings::Encryption::StartTls)).has_value());
  CHECK(mails(peer).empty());
}

TEST_CASE("mail: a server that is gone is a failure that may be tried again") {
  SmtpSettings settings;
  {
    const test::Peer peer("smtp", "");
    settings = settings_of(peer, SmtpSettings::Encryption::None);
  }
  const auto went = send(settings);
  REQUIRE_FALSE(went.has_value());
  CHECK(went.error().kind() == ErrorKind::Network);
}

TEST_CASE("webhook: a signed request arrives, with a key that tells repetitions") {
  Receiver receiver;
  HandOverSettings settings;
  settings.webhook = WebhookSettings{receiver.url(), "s3cret", "", Seconds(10)};
  const auto way = make_hand_over(settings);
  const auto went = way->deliver(example());
  REQUIRE_MESSAGE(went.has_value(), went.error().to_string());
  CHECK(*went == "webhook:" + shown_url(receiver.url()));
  REQUIRE(way->deliver(example()).has_value());
  const auto requests = receiver.requests();
  REQUIRE(requests.size() == 2);
  CHECK(requests[0].body == webhook_body(example()));
  CHECK(requests[0].get_header_value("Content-Type") == "application/json");
  CHECK(requests[0].get_header_value("Idempotency-Key") == "escalation:1#2@iam-oncall");
  CHECK(requests[1].get_header_value("Idempotency-Key") == "escalation:1#2@iam-oncall");
  CHECK(requests[0].get_header_value("Rescind-Signature") ==
        webhook_signature("s3cret", example().at, requests[0].body));
  CHECK(requests[0].body.find("s3cret") == std::string::npos);
}

TEST_CASE("webhook: what goes to the address of a contact is not signed") {
  Receiver receiver;
  WebhookSettings settings{receiver.url(), "s3cret", "", Seconds(10)};
  REQUIRE(post_webhook(settings, receiver.url(), example()).has_value());
  settings.url = "https://chat.example.org/ours";
  REQUIRE(post_webhook(settings, receiver.url(), example()).has_value());
  const auto requests = receiver.requests();
  REQUIRE(requests.size() == 2);
  CHECK(requests[0].has_header("Rescind-Signature"));
  CHECK_FALSE(requests[1].has_header("Rescind-Signature"));
}

TEST_CASE("webhook: every answer but 2xx is a failure, and redirects are not followed") {
  Receiver receiver;
  HandOverSettings settings;
  settings.webhook = WebhookSettings{receiver.url() + "?token=hidden", "s3cret", "", Seconds(10)};
  const auto way = make_hand_over(settings);
  for (const int answer : {302, 403, 500}) {
    receiver.answer = answer;
    const auto went = way->deliver(example());
    REQUIRE_FALSE(went.has_value());
    CHECK(went.error().to_string().find(std::to_string(answer)) != std::string::npos);
    CHECK(went.error().to_string().find("hidden") == std::string::npos);
    CHECK(went.error().to_string().find("/hook") == std::string::npos);
    CHECK(went.error().to_string().find("s3cret") == std::string::npos);
  }
}

}  // namespace rescind
