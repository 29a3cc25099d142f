// Damaged text never stops a load, and no line of it vanishes: each is a row, a repetition, or
// named.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "collect/collect_inventory.h"
#include "collect/read_events.h"

namespace rescind {
namespace {

std::shared_ptr<const Schema> schema() {
  static const auto kSchema = std::make_shared<const Schema>(builtin_schema());
  return kSchema;
}

constexpr std::string_view kLines[] = {
    R"({"record":"system","id":"okta","kind":"idp","tier":0,"federated_by":"okta","owner":["p"]})",
    R"({"record":"identity","id":"p","kind":"employee","manager":"q","timezone":"Europe/Berlin"})",
    R"({"record":"account","id":"a","system":"okta","holder":"p","factors":["otp","\u00e9\n"]})",
    R"({"id":"s","record":"session","system":"okta","account":"a","max_life":"8h","expires":null})",
    R"({"record":"team","id":"t","members":["p"],"approver_keys":{"p":"key"}})",
    R"({"record":"usage","item":"a","at":"2026-01-05T03:00:00Z","by":"p","outcome":"failure"})",
    R"({"record":"coverage","system":"okta","kinds":["account"],"since":"2026-01-05T03:00:00Z",)"
    R"("until":"2026-01-06T03:00:00Z"})"};

// One to four bytes replaced, dropped or inserted, never by a line end.
std::string damaged(std::string text) {
  constexpr std::string_view kBytes = "{}[]\",:\\ntrue0-9\x01\x7f\xc3\xff ";
  const int changes = *rc::gen::inRange(1, 5);
  for (int i = 0; i < changes && !text.empty(); ++i) {
    const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
    const char byte = kBytes[*rc::gen::inRange<std::size_t>(0, kBytes.size())];
    switch (*rc::gen::inRange(0, 4)) {
    case 0:
      text[at] = byte;
      break;
    case 1:
      text.erase(at, 1);
      break;
    case 2:
      text.insert(at, 1, byte);
      break;
    default:
      text.resize(at);
      break;
    }
  }
  return text;
}

TEST_CASE("collect: damaged lines are read or named, and the lines around them are read") {
  const bool holds = rc::check("damaged lines do no harm to others", [] {
    const std::string victim = damaged(std::string(kLines[*rc::gen::inRange<std::size_t>(0, 7)]));
    const std::string whole = R"({"record":"system","id":"before","kind":"idp"})";
    const std::string last = R"({"record":"system","id":"after","kind":"idp"})";
    const auto inventory =
        collect_inventory_from_text(whole + "\n" + victim + "\n" + last, schema());
    RC_ASSERT(inventory->find_system("before").valid());
    RC_ASSERT(inventory->find_system("after").valid());
    std::size_t kept = inventory->usages.size() + inventory->coverages.size();
    for (const Table& table : inventory->tables) {
      kept += table.ids.size();
    }
    const bool blank = victim.find_first_not_of(" \t\r") == std::string::npos;
    RC_ASSERT(blank || kept > 2 || !inventory->rejected.empty());
    for (const RejectedRecord& rejected : inventory->rejected) {
      RC_ASSERT(rejected.line == 2U);
    }
  });
  CHECK(holds);
}

TEST_CASE("collect: a record that was changed is the same, another, or named") {
  const bool holds = rc::check("damage is not silently repaired", [] {
    const std::string account =
        R"({"record":"account","id":"a","system":"okta","holder":"p","enabled":false})";
    const std::string ground = std::string(kLines[0]) + "\n" + std::string(kLines[1]) + "\n" +
                               R"({"record":"identity","id":"q","kind":"employee"})" + "\n";
    const auto sound = collect_inventory_from_text(ground + account, schema());
    const auto other = collect_inventory_from_text(
        ground + account.substr(0, *rc::gen::inRange<std::size_t>(0, account.size())), schema());
    RC_ASSERT(sound->rejected.empty());
    RC_ASSERT(other->digest != sound->digest);
    const ItemRef item = other->find_item("a");
    RC_ASSERT(!item.valid() || other->why_undetermined(entity_of(Kind::Account), item.row()));
  });
  CHECK(holds);
}

TEST_CASE("events: damaged text is an event or an error, never both and never neither") {
  const bool holds = rc::check("damaged events are errors or events", [] {
    SourceSet sources;
    const bool yaml = *rc::gen::arbitrary<bool>();
    const std::string text = damaged(
        R"({"type":"leaver","subject":"p","at":"2026-01-05","attributes":{"reason":"\u00e9"},"revision":2})");
    const SourceFileId file = sources.add(yaml ? "e.yaml" : "e.json", text);
    Diagnostics diagnostics;
    const auto events = read_events(sources, file, *schema(), nullptr, {}, diagnostics);
    RC_ASSERT(events.has_value() != diagnostics.has_errors());
    for (const Diagnostic& diagnostic : diagnostics.sorted()) {
      RC_ASSERT(diagnostic.primary.end <= text.size());
      RC_ASSERT(diagnostic.primary.begin <= diagnostic.primary.end);
    }
  });
  CHECK(holds);
}

}  // namespace
}  // namespace rescind
