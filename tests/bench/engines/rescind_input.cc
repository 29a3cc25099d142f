// Text through parse and check, records through collect, events as the stages take them.
#include "bench/engines/rescind_input.h"

#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <simdjson.h>

#include "base/text.h"
#include "bench/engines/measure.h"
#include "check/check_policy.h"
#include "collect/collect_inventory.h"
#include "diagnostics/diagnostic.h"
#include "parse/parse_policy.h"

namespace bench {
namespace {

[[noreturn]] void die_of(const rescind::Diagnostics& diagnostics,
                         const rescind::SourceSet& sources) {
  die(rescind::render_text(diagnostics, sources, {}));
}

rescind::Event event_of(simdjson::dom::element record) {
  const auto text = [&](const char* name) {
    return std::string(std::string_view(record[name].get_string()));
  };
  rescind::Event event;
  event.type = text("type");
  event.subject = text("subject");
  event.at = rescind::parse_instant(text("at")).value();
  event.id = text("id");
  event.source = text("source");
  for (const auto [name, value] : simdjson::dom::object(record["attributes"])) {
    event.attributes.emplace(std::string(name), std::int64_t(value));
  }
  return event;
}

}  // namespace

std::string read_text(const std::string& path) {
  auto text = rescind::read_file(path, std::size_t{1} << 26U);
  if (!text) {
    die(text.error().to_string());
  }
  return *std::move(text);
}

Policy check_policy_files(const std::vector<std::pair<std::string, std::string>>& files) {
  const auto sources = std::make_shared<rescind::SourceSet>();
  rescind::Diagnostics diagnostics;
  std::vector<rescind::ast::PolicyFile> trees;
  const auto start = Clock::now();
  for (const auto& [name, text] : files) {
    auto tree = rescind::parse_policy(*sources, sources->add(name, text), {}, diagnostics);
    if (!tree) {
      die_of(diagnostics, *sources);
    }
    trees.push_back(*std::move(tree));
  }
  const auto parsed = Clock::now();
  auto checked = rescind::check_policy(std::move(trees), sources, {}, diagnostics);
  if (!checked) {
    die_of(diagnostics, *sources);
  }
  return {.checked = std::make_shared<const rescind::CheckedPolicy>(*std::move(checked)),
          .parse_s = seconds(start, parsed),
          .check_s = seconds(parsed, Clock::now())};
}

std::shared_ptr<const rescind::Inventory> load_inventory(
    const std::string& path, std::shared_ptr<const rescind::Schema> schema, bool with_digest) {
  rescind::CollectOptions options;
  options.seal.with_digest = with_digest;
  rescind::Diagnostics diagnostics;
  rescind::InventoryInput input;
  input.name = path;
  auto inventory = rescind::collect_inventory({input}, std::move(schema), options, diagnostics);
  if (!inventory) {
    die(inventory.error().to_string());
  }
  if (!(*inventory)->rejected.empty()) {
    die(path + ": " + (*inventory)->rejected.front().why);
  }
  return *std::move(inventory);
}

std::vector<rescind::Event> load_events(const std::string& path, std::size_t limit) {
  simdjson::dom::parser parser;
  simdjson::dom::document_stream lines = parser.load_many(path);
  std::vector<rescind::Event> events;
  for (const simdjson::dom::element record : lines) {
    events.push_back(event_of(record));
    if (events.size() == limit) {
      break;
    }
  }
  return events;
}

rescind::Cause cause_of(const rescind::Event& event, const rescind::Inventory& inventory) {
  rescind::Cause cause;
  cause.event = event;
  const auto type = inventory.schema->find_event(event.type);
  cause.subject = inventory.find_identity(event.subject);
  if (!type || !cause.subject.valid()) {
    die("no such event or subject: " + event.type + " " + event.subject);
  }
  cause.type = static_cast<std::uint32_t>(*type);
  cause.effective = event.at;
  cause.arrived = event.at;
  return cause;
}

}  // namespace bench
