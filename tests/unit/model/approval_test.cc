// Approval documents and delegations: signed bytes, JSON there and back, and what is refused.
#include "model/approval.h"

#include <doctest/doctest.h>

namespace rescind {
namespace {

KeyPair test_key(std::uint8_t first) {
  std::array<std::uint8_t, 32> seed{};
  seed[0] = first;
  return *key_pair_of_seed(seed);
}

ApprovalDocument example() {
  ApprovalDocument document;
  document.plan = "sha256:plan";
  document.steps = {{"step:b", "sha256:2"}, {"step:a", "sha256:1"}};
  document.reason = "seen with \"legal\"";
  document.approver = "ines";
  document.on_behalf_of = "tom";
  document.at = Instant(Seconds(1767600000));
  document.expires = document.at + Seconds(3600);
  Delegation delegation;
  delegation.delegator = "tom";
  delegation.delegate = "ines";
  delegation.scope = DelegationScope::System;
  delegation.name = "crm";
  delegation.from = document.at;
  delegation.until = document.expires;
  sign_document(delegation, test_key(2));
  document.delegation = delegation;
  sign_document(document, test_key(1));
  return document;
}

std::string with(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("approval documents: what was signed reads back and its signatures hold") {
  const ApprovalDocument document = example();
  CHECK(document.steps.front().id == "step:a");
  const auto read = decode_approval(encode_approval(document));
  REQUIRE_MESSAGE(read.has_value(), read.error().message());
  CHECK(*read == document);
  CHECK(signature_holds(*read));
  CHECK(signature_holds(*read->delegation));
  const auto delegation = decode_delegation(encode_delegation(*document.delegation));
  REQUIRE(delegation.has_value());
  CHECK(*delegation == *document.delegation);
}

TEST_CASE(
    "approval documents: one about exceeding a limit is signed under a head line of its own") {
  ApprovalDocument document = example();
  document.over_limit = "house.mass";
  CHECK_FALSE(signature_holds(document));
  sign_document(document, test_key(1));
  CHECK(signed_bytes(document).starts_with(
      "rescind approval over a limit 1\n10:house.mass,11:sha256:plan,"));
  const auto read = decode_approval(encode_approval(document));
  REQUIRE_MESSAGE(read.has_value(), read.error().message());
  CHECK(*read == document);
  const auto unnamed = decode_approval(with(encode_approval(document), "house.mass", ""));
  REQUIRE_FALSE(unnamed.has_value());
  CHECK(unnamed.error().message().starts_with("R0871"));
}

TEST_CASE("approval documents: the signed bytes are the documented ones") {
  ApprovalDocument document;
  document.plan = "sha256:p";
  document.refuse = true;
  document.reason = "no";
  document.approver = "ines";
  document.at = Instant(Seconds(0));
  document.expires = Instant(Seconds(60));
  document.key = "ed25519:k";
  document.steps = {{"step:a", "sha256:1"}};
  CHECK(signed_bytes(document) ==
        "rescind approval 1\n8:sha256:p,6:refuse,2:no,4:ines,0:,20:1970-01-01T00:00:00Z,"
        "20:1970-01-01T00:01:00Z,9:ed25519:k,0:,0:,1:1,6:step:a,8:sha256:1,");
  Delegation delegation;
  delegation.delegator = "tom";
  delegation.delegate = "ines";
  delegation.key = "ed25519:k";
  CHECK(signed_bytes(delegation) ==
        "rescind delegation 1\n3:tom,4:ines,3:any,0:,20:1970-01-01T00:00:00Z,"
        "20:1970-01-01T00:00:00Z,9:ed25519:k,");
}

TEST_CASE("approval documents: a change anywhere breaks the signature") {
  const ApprovalDocument document = example();
  ApprovalDocument changed = document;
  SUBCASE("plan") {
    changed.plan = "sha256:other";
  }
  SUBCASE("decision") {
    changed.refuse = true;
  }
  SUBCASE("reason") {
    changed.reason += ".";
  }
  SUBCASE("approver") {
    changed.approver = "tom";
  }
  SUBCASE("on behalf of") {
    changed.on_behalf_of.clear();
  }
  SUBCASE("delegation") {
    changed.delegation.reset();
  }
  SUBCASE("at") {
    changed.at += Seconds(1);
  }
  SUBCASE("expires") {
    changed.expires += Seconds(1);
  }
  SUBCASE("step") {
    changed.steps.front().id = "step:c";
  }
  SUBCASE("binding") {
    changed.steps.front().binding = "sha256:3";
  }
  SUBCASE("fewer steps") {
    changed.steps.pop_back();
  }
  SUBCASE("key") {
    changed.key = format_public_key(test_key(3).public_key);
  }
  CHECK_FALSE(signature_holds(changed));
  CHECK(signature_holds(document));
}

TEST_CASE("approval documents: what is no document is refused with R0871 and says why") {
  const std::string text = encode_approval(example());
  const auto why = [](const std::string& json) {
    const auto read = decode_approval(json);
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().kind() == ErrorKind::Corrupt);
    CHECK(read.error().message().starts_with("R0871: "));
    return read.error().message();
  };
  CHECK(why("{").find("not JSON") != std::string::npos);
  CHECK(why("[]").find("is not an object") != std::string::npos);
  CHECK(why(with(text, "\"approval 1\"", "\"approval 2\"")).find("format") != std::string::npos);
  CHECK(why(with(text, "\"approve\"", "\"maybe\"")).find("decision") != std::string::npos);
  CHECK(why(with(text, "\"reason\"", "\"raeson\"")).find("has no `reason`") != std::string::npos);
  CHECK(why(with(text, "\"plan\"", "\"note\": \"x\", \"plan\""))
            .find("a field that does not belong") != std::string::npos);
  CHECK(why(with(text, "08:00:00Z", "08:00Z")).find("no instant") != std::string::npos);
  CHECK(why(with(text, "step:b", "step:a")).find("each once") != std::string::npos);
  CHECK(why(with(text, "\"system\"", "\"planet\"")).find("scope") != std::string::npos);
  CHECK(why(with(text, "\"sha256:plan\"", "7")).find("no text") != std::string::npos);
}

}  // namespace rescind
