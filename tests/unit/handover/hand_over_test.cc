// What is handed over, without a server: bodies, signatures, addresses, headers, files.
#include "connectors/handover/hand_over.h"

#include <filesystem>

#include <doctest/doctest.h>

#include "base/signature.h"
#include "base/text.h"
#include "connectors/handover/ways.h"
#include "tests/support/temporary_folder.h"

namespace rescind {
namespace {

HandOverMessage example() {
  HandOverMessage message;
  message.key = "escalation:1#2@iam-oncall";
  message.to = "iam-oncall";
  message.subject = "Overdue: crm:alice";
  message.text = "disable crm:alice: failed\n";
  message.fields = {{"kind", "escalation"}, {"to", "somebody else"}};
  message.at = Instant(Seconds(1767600000));
  return message;
}

}  // namespace

TEST_CASE("hand-over: a webhook's signature is HMAC-SHA256 (RFC 4231) over instant and body") {
  CHECK(hmac_sha256_hex("Jefe", "what do ya want for nothing?") ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(hmac_sha256_hex(std::string(131, '\xaa'),
                        "Test Using Larger Than Block-Size Key - Hash Key First") ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  CHECK(webhook_signature("s3cret", Instant(Seconds(1767600000)), "{}") ==
        "t=1767600000,v1=" + hmac_sha256_hex("s3cret", "1767600000.{}"));
}

TEST_CASE("hand-over: of a URL only what is no secret is shown") {
  CHECK(shown_url("https://chat.example.org/hooks/T0/B0/s3cret?t=x#y") ==
        "https://chat.example.org");
  CHECK(shown_url("https://user:pw@chat.example.org:8443/x@y") == "https://chat.example.org:8443");
  CHECK(shown_url("https://chat.example.org?k=s3cret@x") == "https://chat.example.org");
  CHECK(shown_url("s3cret") == "(a URL)");
}

TEST_CASE("hand-over: a message's own fields never take the place of who and what") {
  CHECK(
      webhook_body(example()) ==
      R"({"key":"escalation:1#2@iam-oncall","to":"iam-oncall","at":"2026-01-05T08:00:00Z",)"
      R"("subject":"Overdue: crm:alice","text":"disable crm:alice: failed\n","kind":"escalation"})");
}

TEST_CASE("hand-over: only an address that can stand in a header is taken from a contact") {
  CHECK(mail_address("mailto:iam@example.org") == "iam@example.org");
  CHECK(mail_address("mailto:iam%2Boncall@example.org?subject=x") == "iam+oncall@example.org");
  for (const char* bad :
       {"iam@example.org", "mailto:", "mailto:iam", "mailto:@example.org", "mailto:a@b@c",
        "mailto:a@example.org,b@example.org", "mailto:a%0d%0aBcc:b@example.org",
        "mailto:a b@example.org", "mailto:<a@example.org>", "mailto:a%4@example.org%"}) {
    CAPTURE(bad);
    CHECK_FALSE(mail_address(bad).has_value());
  }
}

TEST_CASE("hand-over: a mail cannot be given another header or body by what is in it") {
  HandOverMessage message = example();
  message.subject = "Overdue\r\nBcc: mallory@example.org\r\n\r\nbody";
  message.key = "step:1\r\nX: y";
  message.text = "line\r\n.\r\nQUIT\r\n";
  const std::string text = mail_text(message, "rescind@example.org", "iam@example.org");
  const std::size_t head = text.find("\r\n\r\n");
  REQUIRE(head != std::string::npos);
  CHECK(text.find("\r\nBcc:") == std::string::npos);
  CHECK(text.find("\r\nX:") == std::string::npos);
  std::string body = text.substr(head + 4);
  std::erase(body, '\r');
  std::erase(body, '\n');
  CHECK(decode_base64(body) == message.text);
}

TEST_CASE("hand-over: a subject that is not plain is cut into encoded words between characters") {
  HandOverMessage message = example();
  message.subject = "Überfällig: ";
  for (int i = 0; i < 40; ++i) {
    message.subject += "ß";
  }
  const std::string text = mail_text(message, "rescind@example.org", "iam@example.org");
  const std::size_t begin = text.find("Subject: ") + 9;
  std::string subject = text.substr(begin, text.find("\r\nDate:") - begin);
  std::string decoded;
  for (std::size_t at = 0; (at = subject.find("=?utf-8?B?", at)) != std::string::npos;) {
    const std::size_t end = subject.find("?=", at);
    CHECK(end + 2 - at <= 75);
    const auto word = decode_base64(subject.substr(at + 10, end - at - 10));
    REQUIRE(word.has_value());
    CHECK_FALSE(first_invalid_utf8(*word).has_value());
    decoded += *word;
    at = end;
  }
  CHECK(decoded == message.subject);
  CHECK(text.find("\r\nDate: Mon, 5 Jan 2026 08:00:00 +0000\r\n") != std::string::npos);
}

TEST_CASE("hand-over: the same key is the same Message-ID and the same file") {
  HandOverMessage again = example();
  again.at += Seconds(300);
  const auto id = [](const HandOverMessage& message) {
    const std::string text = mail_text(message, "rescind@example.org", "a@example.org");
    const std::size_t at = text.find("Message-ID:");
    return text.substr(at, text.find("\r\n", at) - at);
  };
  CHECK(id(example()) == id(again));
  CHECK(file_path("out", example()) == file_path("out", again));
  again.key += "x";
  CHECK(id(example()) != id(again));
  CHECK(file_path("out", example()) != file_path("out", again));
}

TEST_CASE("hand-over: files stay in the configured folder") {
  HandOverMessage message = example();
  CHECK(file_path("out", message)->starts_with("out/escalation-1-2-iam-oncall-"));
  message.contact = "file:teams/iam";
  CHECK(file_path("out", message)->starts_with("out/teams/iam/"));
  for (const char* bad : {"file:/etc", "file:../x", "file:a/../../x", "file:///etc"}) {
    message.contact = bad;
    CAPTURE(bad);
    CHECK_FALSE(file_path("out", message).has_value());
  }
  message.contact.clear();
  message.key = "../../etc/passwd";
  CHECK(file_path("out", message)->starts_with("out/------etc-passwd-"));
}

TEST_CASE("hand-over: a message is written whole, once per key, and read back") {
  const TemporaryFolder folder;
  HandOverSettings settings;
  settings.folder = folder.file("people");
  const auto way = make_hand_over(settings);
  const auto went = way->deliver(example());
  REQUIRE_MESSAGE(went.has_value(), went.error().to_string());
  CHECK(way->deliver(example()) == *went);
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(settings.folder)) {
    ++files;
    CHECK(read_file(entry.path().string(), 10000) == webhook_body(example()) + "\n");
  }
  CHECK(files == 1);
}

TEST_CASE("hand-over: without a way to the contact the failure says so") {
  const auto way = make_hand_over({});
  HandOverMessage message = example();
  auto went = way->deliver(message);
  REQUIRE_FALSE(went.has_value());
  CHECK(went.error().message().find("`iam-oncall` has no contact") != std::string::npos);
  message.contact = "mailto:iam@example.org";
  went = way->deliver(message);
  REQUIRE_FALSE(went.has_value());
  CHECK(went.error().message().find("mailto:iam@example.org") != std::string::npos);
}

}  // namespace rescind
