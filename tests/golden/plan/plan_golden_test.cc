// Golden tests of plans, from policy text to what people see. Sections: `policy NAME` (text),
// `files` (policies and inventories of the project, one path or folder a line), `inventory` (JSON
// Lines), `events` (JSON), `now` (instant), `steward`; `expect text`, `expect verbose`, `expect
// dot`, `expect mermaid`, `expect json`. Every case runs again with its records in the opposite
// order, which must give the same bytes.
#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/text.h"
#include "check/check_policy.h"
#include "collect/collect_inventory.h"
#include "collect/read_events.h"
#include "compile/compile.h"
#include "evaluate/evaluate.h"
#include "parse/parse_policy.h"
#include "plan/build.h"
#include "plan/render.h"
#include "tests/golden/golden.h"

namespace {

using namespace rescind;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (end > begin) {
      lines.push_back(text.substr(begin, end - begin));
    }
    begin = end + 1;
  }
  return lines;
}

std::string text_of(const golden::Case& test, std::string_view section) {
  const std::string* text = test.find(section);
  return text == nullptr ? std::string() : *text;
}

// Policies and JSON Lines that the `files` of a case name, folders searched; sorted.
std::vector<std::string> files_of(const golden::Case& test) {
  const std::filesystem::path root = RESCIND_SOURCE_DIR;
  std::vector<std::string> files;
  for (const std::string& path : lines_of(text_of(test, "files"))) {
    if (!std::filesystem::is_directory(root / path)) {
      files.push_back(path);
      continue;
    }
    for (const auto& entry : std::filesystem::directory_iterator(root / path)) {
      const std::string extension = entry.path().extension().string();
      if (extension == ".rescind" || extension == ".jsonl") {
        files.push_back(path + "/" + entry.path().filename().string());
      }
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

// The inputs of a case, with what its `files` name read in.
struct Inputs {
  std::vector<std::pair<std::string, std::string>> policies;
  std::string records;
};

Inputs inputs_of(const golden::Case& test) {
  Inputs inputs;
  for (const golden::Section* section : test.all("policy")) {
    inputs.policies.emplace_back(section->name.substr(7), section->text);
  }
  for (const std::string& path : files_of(test)) {
    const Result<std::string> text =
        read_file(std::string(RESCIND_SOURCE_DIR) + "/" + path, 64UL << 20U);
    REQUIRE_MESSAGE(text.has_value(), path);
    if (path.ends_with(".jsonl")) {
      inputs.records += *text;
    } else {
      inputs.policies.emplace_back(path, *text);
    }
  }
  inputs.records += text_of(test, "inventory");
  return inputs;
}

std::string reversed_lines(const std::string& text) {
  std::vector<std::string> lines = lines_of(text);
  std::reverse(lines.begin(), lines.end());
  return join(lines, "\n") + "\n";
}

struct Outcome {
  std::string diagnostics;
  std::optional<Plan> plan;
};

// The plan without what the place of a record in its file shows: line numbers of rejected records.
std::string without_lines(Plan plan) {
  for (Plan::InventoryRef::Rejected& record : plan.inventory.rejected) {
    record.line = 0;
  }
  std::sort(plan.inventory.rejected.begin(), plan.inventory.rejected.end(),
            [](const auto& a, const auto& b) { return a.why < b.why; });
  plan.digest.clear();
  return encode_plan(plan);
}

Outcome plan_case(const golden::Case& test, const Inputs& inputs, bool reversed) {
  const auto sources = std::make_shared<SourceSet>();
  Diagnostics diagnostics;
  std::vector<ast::PolicyFile> files;
  for (const auto& [name, text] : inputs.policies) {
    if (auto tree = parse_policy(*sources, sources->add(name, text), {}, diagnostics)) {
      files.push_back(*std::move(tree));
    }
  }
  if (reversed) {
    std::reverse(files.begin(), files.end());
  }
  auto checked = check_policy(std::move(files), sources, {}, diagnostics);
  if (!checked) {
    return {render_text(diagnostics, *sources, {}), std::nullopt};
  }
  const auto policy = std::make_shared<const CheckedPolicy>(*std::move(checked));
  const auto inventory = collect_inventory_from_text(
      reversed ? reversed_lines(inputs.records) : inputs.records, policy->schema);
  const Instant now = parse_instant(lines_of(text_of(test, "now")).front()).value();
  const SourceFileId event_file = sources->add("events.json", text_of(test, "events"));
  const auto events = read_events(*sources, event_file, *policy->schema, inventory.get(),
                                  {.timezone = "Europe/Berlin", .now = now}, diagnostics);
  if (!events) {
    return {render_text(diagnostics, *sources, {}), std::nullopt};
  }
  PlanOptions options;
  const std::vector<std::string> steward = lines_of(text_of(test, "steward"));
  options.steward = steward.empty() ? std::string() : steward.front();
  return {render_text(diagnostics, *sources, {}),
          build_plan(evaluate_program(compile_policy(policy), inventory, *events, now), options)};
}

golden::Outputs run(const golden::Case& test) {
  const Inputs inputs = inputs_of(test);
  const Outcome outcome = plan_case(test, inputs, false);
  golden::Outputs outputs{{"diagnostics", outcome.diagnostics}};
  if (!outcome.plan) {
    return outputs;
  }
  const Plan& plan = *outcome.plan;
  const Outcome reversed = plan_case(test, inputs, true);
  REQUIRE(reversed.plan.has_value());
  CHECK_MESSAGE(without_lines(plan) == without_lines(*reversed.plan), test.path);
  outputs["text"] = render_plan_text(plan, {});
  outputs["verbose"] = render_plan_text(plan, {.verbose = true});
  outputs["dot"] = render_plan_dot(plan);
  outputs["mermaid"] = render_plan_mermaid(plan);
  outputs["json"] = encode_plan(plan);
  return outputs;
}

TEST_CASE("plan: the cases give the plans that they show") {
  golden::run_cases("tests/golden/plan", run);
}

}  // namespace
