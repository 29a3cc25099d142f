// The canonical line of an entry, and what is refused as one.
#include "audit/entry.h"

#include <string>

#include <doctest/doctest.h>

#include "tests/unit/audit/fixture.h"

namespace {

using namespace rescind;

AuditEntry full_entry() {
  AuditEntry entry;
  entry.sequence = 17;
  entry.note = {.at = at_second(0),
                .kind = "outcome",
                .run = "run:0123456789abcdef",
                .step = "step:a",
                .item = "crm:alice",
                .who = "alice",
                .detail = "a \"quoted\" line\twith\x01 control, ümlaut and \\",
                .data = {{"result", "changed"}, {"epoch", "1"}},
                .requests = {"PATCH /Users/7", "line\nend"}};
  entry.previous = hash_leaf("before");
  return entry;
}

constexpr const char* kFullLine =
    R"({"sequence":17,"at":"2026-01-05T08:00:00Z","kind":"outcome","run":"run:0123456789abcdef",)"
    R"("step":"step:a","item":"crm:alice","who":"alice",)"
    R"("detail":"a \"quoted\" line\twith\u0001 control, ümlaut and \\",)"
    R"("data":{"epoch":"1","result":"changed"},"requests":["PATCH /Users/7","line\nend"],)"
    R"("previous":")";

TEST_CASE("entry: it is written as one line with its members in one order") {
  const std::string line = encode_entry(full_entry());
  CHECK(line == kFullLine + to_hex(hash_leaf("before")) + "\"}");
  const auto read = decode_entry(line);
  REQUIRE(read);
  CHECK(read->sequence == 17);
  CHECK(read->note == full_entry().note);
  CHECK(read->previous == hash_leaf("before"));
}

TEST_CASE("entry: what is empty is left out") {
  AuditEntry entry;
  entry.note.at = at_second(0);
  entry.note.kind = "run";
  CHECK(encode_entry(entry) ==
        R"({"sequence":0,"at":"2026-01-05T08:00:00Z","kind":"run","previous":")" +
            std::string(64, '0') + "\"}");
}

TEST_CASE("entry: bytes that are no text are replaced, and the line reads back") {
  AuditEntry entry = full_entry();
  entry.note.detail = "half \xff a byte";
  const std::string line = encode_entry(entry);
  CHECK(line.find("half \xEF\xBF\xBD a byte") != std::string::npos);
  CHECK(decode_entry(line).has_value());
}

TEST_CASE("entry: a line that says the same in another way is refused") {
  const std::string good = encode_entry(full_entry());
  const auto refusal = [](const std::string& line) {
    const auto read = decode_entry(line);
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().kind() == ErrorKind::Corrupt);
    return read.error().message();
  };
  CHECK(refusal(good + " ") == "it is not written in the canonical form");
  CHECK(refusal("{\"extra\":1," + good.substr(1)) == "it is not written in the canonical form");
  std::string escaped = good;
  escaped.replace(escaped.find("alice"), 5, "\\u0061lice");
  CHECK(refusal(escaped) == "it is not written in the canonical form");
  CHECK(refusal("[1]") == "it is no JSON object");
  CHECK(refusal(good.substr(0, good.size() - 1)) == "it is no JSON object");
  CHECK(refusal("{\"sequence\":-1}") == "it has no `sequence`");
  CHECK(refusal(R"({"sequence":0,"at":"yesterday"})") == "`at` is no instant");
  CHECK(refusal(R"({"sequence":0,"at":"2026-01-05T08:00:00Z","kind":7})") == "`kind` is no text");
  CHECK(refusal(R"({"sequence":0,"at":"2026-01-05T08:00:00Z","data":[]})") ==
        "`data` is no object");
  CHECK(refusal(R"({"sequence":0,"at":"2026-01-05T08:00:00Z","data":{"a":1}})") ==
        "`data` holds something else than texts");
  CHECK(refusal(R"({"sequence":0,"at":"2026-01-05T08:00:00Z","requests":{}})") ==
        "`requests` is no array");
  CHECK(refusal(R"({"sequence":0,"at":"2026-01-05T08:00:00Z","previous":"00"})") ==
        "`previous` is no hash");
}

}  // namespace
