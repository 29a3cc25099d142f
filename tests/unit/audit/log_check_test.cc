// A log that was tampered with in any way is caught, by the message that names entry and reason.
#include "audit/log_check.h"

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "audit/log_file.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/audit/fixture.h"

namespace {

using namespace rescind;

std::string only_finding(const LogReport& report, FindingKind kind) {
  REQUIRE(report.findings.size() == 1);
  CHECK(finding_kind_name(report.findings.front().kind) == finding_kind_name(kind));
  return report.findings.front().message;
}

std::string first_finding(const LogReport& report, FindingKind kind) {
  REQUIRE_FALSE(report.findings.empty());
  CHECK(finding_kind_name(report.findings.front().kind) == finding_kind_name(kind));
  return report.findings.front().message;
}

TEST_CASE("log: one that nobody touched holds, with all its checkpoints") {
  TestLog log(12);
  log.sign_at(0);
  log.sign_at(5);
  log.sign_at(12);
  const LogReport report = log.check();
  CHECK(report.holds());
  CHECK(report.entries == 12);
  CHECK(report.covered == 12);
  CHECK(report.checkpoints.size() == 3);
}

TEST_CASE("log: a changed entry is named, whether or not its hash was mended after it") {
  TestLog log(12);
  log.sign_at(6);
  log.sign_at(12);
  SUBCASE("only the entry") {
    log.replace(7, "detail 7", "another detail");
    const LogReport report = log.check();
    CHECK(first_finding(report, FindingKind::Changed) ==
          "entry 7 was changed: entry 8 names another hash of the entry before it");
    CHECK(report.findings.size() == 2);  // and the checkpoint of 12
  }
  SUBCASE("the entry and every hash after it") {
    log.replace(7, "detail 7", "another detail");
    log.mend_from(8);
    CHECK(only_finding(log.check(), FindingKind::Forked) ==
          "the log does not fit checkpoint 2 (12 entries, signed at 2026-01-05T08:00:12Z): one of "
          "the entries 6 to 11 was changed after it was signed, or the log was forked");
  }
  SUBCASE("the last one, under no checkpoint") {
    TestLog open(4);
    open.sign_at(3);
    open.replace(3, "detail 3", "another detail");
    CHECK(only_finding(open.check(), FindingKind::Unsigned) ==
          "entry 3 and what follows came after the last checkpoint: no signature vouches for them");
  }
  SUBCASE("into something that is no entry") {
    log.lines[7] = "{}";
    CHECK(first_finding(log.check(), FindingKind::Malformed) ==
          "entry 7 cannot be read: it has no `sequence`");
  }
}

TEST_CASE("log: a log that was cut off is held against its checkpoint") {
  TestLog log(12);
  log.sign_at(12);
  log.lines.resize(9);
  CHECK(only_finding(log.check(), FindingKind::Truncated) ==
        "the log was cut off: entry 9 is the first that is missing, checkpoint 1 (12 entries, "
        "signed at 2026-01-05T08:00:12Z) covers it");
}

TEST_CASE("log: an entry that was taken out, put elsewhere or repeated is named") {
  TestLog log(12);
  log.sign_at(12);
  SUBCASE("taken out") {
    log.lines.erase(log.lines.begin() + 4);
    CHECK(first_finding(log.check(), FindingKind::Missing) ==
          "entry 4 is missing: entry 5 stands in its place");
  }
  SUBCASE("two exchanged") {
    std::swap(log.lines[4], log.lines[5]);
    CHECK(first_finding(log.check(), FindingKind::Reordered) ==
          "entry 4 stands behind entry 5: the log was reordered");
  }
  SUBCASE("repeated") {
    log.lines.insert(log.lines.begin() + 5, log.lines[4]);
    CHECK(first_finding(log.check(), FindingKind::Reordered) ==
          "entry 4 stands twice, the second time in the place of entry 5");
  }
  SUBCASE("repeated instead of the next") {
    log.lines[5] = log.lines[4];
    CHECK(first_finding(log.check(), FindingKind::Reordered) ==
          "entry 4 stands twice, the second time in the place of entry 5");
  }
  SUBCASE("the first taken out") {
    log.lines.erase(log.lines.begin());
    CHECK(first_finding(log.check(), FindingKind::Missing) ==
          "entry 0 is missing: entry 1 stands in its place");
  }
}

TEST_CASE("log: two signed checkpoints of one size with different roots show a fork") {
  TestLog log(12);
  log.sign_at(12);
  TestLog other(12);
  other.replace(3, "detail 3", "another past");
  other.mend_from(4);
  other.sign_at(12);
  log.notes.push_back(other.notes.front());
  CHECK(first_finding(log.check(), FindingKind::Forked) ==
        "the log was forked: checkpoint 1 (12 entries, signed at 2026-01-05T08:00:12Z) and "
        "checkpoint 2 (12 entries, signed at 2026-01-05T08:00:12Z) are both signed and tell of "
        "different entries");
}

TEST_CASE("log: an earlier checkpoint that a later one does not continue shows a fork") {
  TestLog other(8);
  other.replace(3, "detail 3", "another past");
  other.mend_from(4);
  other.sign_at(8);
  TestLog log(12);
  log.sign_at(12);
  log.notes.push_back(other.notes.front());
  CHECK(only_finding(log.check(), FindingKind::Forked) ==
        "the log does not fit checkpoint 2 (8 entries, signed at 2026-01-05T08:00:08Z): one of the "
        "entries 0 to 7 was changed after it was signed, or the log was forked");
}

TEST_CASE(
    "log: a checkpoint under another key, of another log or none at all vouches for nothing") {
  TestLog log(3);
  SUBCASE("none") {
    CHECK(only_finding(log.check(), FindingKind::Unsigned) ==
          "nothing vouches for the log: it has no checkpoint that a known key signed");
  }
  SUBCASE("another key") {
    log.key = key_of(9);
    log.sign_at(3);
    log.key = key_of(7);
    CHECK(only_finding(log.check(), FindingKind::Unsigned) ==
          "checkpoint 1: no signature under it was made by a known key");
  }
  SUBCASE("another log") {
    log.sign_at(3);
    log.notes.push_back(sign_checkpoint({"elsewhere", 3, MerkleHash{}, at_second(3)}, log.key));
    CHECK(only_finding(log.check(), FindingKind::Unsigned) ==
          "checkpoint 2 is of the log `elsewhere`, this one is `test-log`");
  }
  SUBCASE("a text that is none") {
    log.notes = {"hello"};
    CHECK(only_finding(log.check(), FindingKind::Malformed) ==
          "checkpoint 1: a signed note has an empty line before its signatures");
  }
  SUBCASE("entries after it are allowed while the log goes on") {
    log.sign_at(2);
    const LogReport report = log.check(false);
    CHECK(report.holds());
    CHECK(report.covered == 2);
  }
}

TEST_CASE("log: the entries of a file are read again and again, of the kinds that are wanted") {
  TestLog log(3);
  AuditNote closing;
  closing.kind = "closure";
  closing.detail = R"(it says ,"kind":"outcome" itself)";
  log.append(closing);
  log.sign_at(4);
  const TemporaryFolder folder;
  std::ofstream(folder.file("log"), std::ios::binary) << log.file();
  const LogSource entries = entries_of_file(folder.file("log"));
  const auto heard = [&entries](const EntryKinds& kinds) {
    std::vector<std::uint64_t> places;
    const Status read =
        entries(kinds, [&places](const AuditEntry& entry) { places.push_back(entry.sequence); });
    REQUIRE(read.has_value());
    return places;
  };
  CHECK(heard({}) == std::vector<std::uint64_t>{0, 1, 2, 3});
  CHECK(heard({"closure"}) == std::vector<std::uint64_t>{3});
  CHECK(heard({"outcome", "step"}) == std::vector<std::uint64_t>{0, 1, 2});
  CHECK(heard({"step"}).empty());

  std::ofstream(folder.file("log"), std::ios::binary) << log.file() << "{}\n";
  CHECK_FALSE(entries({}, [](const AuditEntry&) {}).has_value());
  CHECK_FALSE(entries_of_file(folder.file("none"))({}, [](const AuditEntry&) {}).has_value());
}

TEST_CASE("log: a file is its header and its lines, and is checked in one pass") {
  TestLog log(7);
  log.sign_at(7);
  const std::string file = log.file();
  std::istringstream in(file);
  const auto report = check_log_file(in, {{log.key.public_key}, "", true}, {});
  REQUIRE(report.has_value());
  CHECK(report->holds());
  CHECK(report->entries == 7);

  const std::string half = file.substr(0, file.size() - 40);
  std::istringstream cut(half);
  const auto damaged = check_log_file(cut, {{log.key.public_key}, "", true}, {});
  REQUIRE(damaged.has_value());
  CHECK(first_finding(*damaged, FindingKind::Malformed) ==
        "entry 6 cannot be read: it is no JSON object");

  TestLog longer(9);
  longer.sign_at(9);
  std::istringstream again(file);
  const auto held_against =
      check_log_file(again, {{log.key.public_key}, "", true}, {{"`later`", longer.notes.front()}});
  REQUIRE(held_against.has_value());
  CHECK(only_finding(*held_against, FindingKind::Truncated) ==
        "the log was cut off: entry 7 is the first that is missing, `later` (9 entries, signed at "
        "2026-01-05T08:00:09Z) covers it");
}

TEST_CASE("log: what is no log file is refused with the reason") {
  const auto refusal = [](const std::string& text) {
    std::istringstream in(text);
    const auto report = check_log_file(in, {}, {});
    REQUIRE_FALSE(report.has_value());
    return report.error().message();
  };
  CHECK(refusal("") ==
        "this is no evidence log: its first line has no `format`: `rescind-evidence-log`");
  CHECK(refusal(R"({"format":"rescind-evidence-log","version":"9"})") ==
        "the evidence log has version `9`, this program knows 1.0");
  CHECK(refusal("{\"format\":\"rescind-evidence-log\",\"version\":\"9\\u001b[2J\\n\"}") ==
        "the evidence log has version `9\uFFFD[2J\uFFFD`, this program knows 1.0");
  CHECK(refusal(R"({"format":"rescind-evidence-log","version":"1.0"})") ==
        "the header of the evidence log has no `checkpoints`");
  CHECK(refusal(R"({"format":"rescind-evidence-log","version":"1.0","checkpoints":[1]})") ==
        "a checkpoint in the header of the evidence log is no text");
}

}  // namespace
