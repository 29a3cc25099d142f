// The plan as a picture: Graphviz DOT and Mermaid, one cluster per rank. Strong edges solid, weak
// dashed.
#include <algorithm>
#include <functional>
#include <map>

#include "plan/plan_words.h"
#include "plan/render.h"

namespace rescind {
namespace {

std::string dot_text(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
    }
    out += c;
  }
  return out;
}

std::string mermaid_text(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
    case '"':
      out += "#quot;";
      break;
    case '<':
      out += "#lt;";
      break;
    case '>':
      out += "#gt;";
      break;
    case '#':
      out += "#35;";
      break;
    case '%':  // `%%{init: …}%%` would be a directive, wherever it stands
      out += "#37;";
      break;
    default:
      out += c;
    }
  }
  return out;
}

std::vector<std::string> label_lines(const PlanStep& step, Instant now) {
  std::vector<std::string> lines{verb_words(step) + " " + item_words(step),
                                 deadline_words(step, now)};
  if (!step.approvals.empty() || step.gate) {
    const std::vector<std::string> conditions = condition_words(step, now);
    lines.insert(lines.end(), conditions.begin(), conditions.end());
  }
  return lines;
}

// Node names by step id: n0, n1 …
std::map<std::string, std::string> node_names(const Plan& plan) {
  std::map<std::string, std::string> names;
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    names[plan.steps[i].id] = "n" + std::to_string(i);
  }
  return names;
}

void each_rank(const Plan& plan,
               const std::function<void(Rank, const std::vector<const PlanStep*>&)>& visit) {
  for (std::size_t r = 0; r < kRankCount; ++r) {
    std::vector<const PlanStep*> steps;
    for (const PlanStep& step : plan.steps) {
      if (step.rank == static_cast<Rank>(r) && step.retirement.empty()) {
        steps.push_back(&step);
      }
    }
    if (!steps.empty()) {
      visit(static_cast<Rank>(r), steps);
    }
  }
}

// A stage of a retirement and the steps in it.
struct StageBox {
  std::string node;    // r0s1 …
  std::string before;  // the node of the stage before it; "" it is the first
  PlannedStage stage;
  std::vector<const PlanStep*> steps;
};

// Visits each retirement with the stages that are still to come.
void each_retirement(
    const Plan& plan,
    const std::function<void(const PlannedRetirement&, const std::vector<StageBox>&)>& visit) {
  for (std::size_t r = 0; r < plan.retirements.size(); ++r) {
    const PlannedRetirement& retirement = plan.retirements[r];
    std::vector<StageBox> boxes;
    for (const PlannedStage& stage : stages_ahead(retirement)) {
      StageBox box;
      box.node = "r" + std::to_string(r) + "s" + std::to_string(boxes.size());
      box.before = boxes.empty() ? std::string() : boxes.back().node;
      box.stage = stage;
      for (const PlanStep& step : plan.steps) {
        if (step.retirement == retirement.id && step.stage == stage.name) {
          box.steps.push_back(&step);
        }
      }
      boxes.push_back(std::move(box));
    }
    visit(retirement, boxes);
  }
}

}  // namespace

std::string render_plan_dot(const Plan& given) {
  const Plan plan = without_control_characters(given);
  std::map<std::string, std::string> names = node_names(plan);
  std::string out =
      "digraph plan {\n  rankdir=LR;\n  node [shape=box, style=rounded, "
      "fontname=\"sans-serif\"];\n";
  const auto dot_step = [&](const PlanStep& step) {
    std::string label;
    for (const std::string& line : label_lines(step, plan.as_of)) {
      label += (label.empty() ? "" : "\\n") + dot_text(line);
    }
    out += "    " + names[step.id] + " [label=\"" + label + "\"" +
           (cannot_be_undone(step) ? ", color=red" : "") + "];\n";
  };
  each_rank(plan, [&](Rank rank, const std::vector<const PlanStep*>& steps) {
    const std::string name(rank_name(rank));
    out += "  subgraph cluster_" + name + " {\n    label=\"" + name + "\";\n";
    for (const PlanStep* step : steps) {
      dot_step(*step);
    }
    out += "  }\n";
  });
  each_retirement(
      plan, [&](const PlannedRetirement& retirement, const std::vector<StageBox>& boxes) {
        for (const StageBox& box : boxes) {
          out += "  subgraph cluster_" + box.node + " {\n    label=\"" + dot_text(retirement.item) +
                 ": " + dot_text(box.stage.name) + "\";\n    " + box.node + " [label=\"" +
                 dot_text(stage_words(box.stage)) + "\", shape=oval];\n";
          for (const PlanStep* step : box.steps) {
            dot_step(*step);
          }
          out += "  }\n";
          if (!box.before.empty()) {
            out += "  " + box.before + " -> " + box.node + " [style=bold];\n";
          }
        }
      });
  for (const PlanStep& step : plan.steps) {
    for (const std::string& before : step.strong_after) {
      out += "  " + names[before] + " -> " + names[step.id] + ";\n";
    }
    for (const std::string& before : step.after) {
      out += "  " + names[before] + " -> " + names[step.id] + " [style=dashed];\n";
    }
  }
  return out + "}\n";
}

std::string render_plan_mermaid(const Plan& given) {
  const Plan plan = without_control_characters(given);
  std::map<std::string, std::string> names = node_names(plan);
  std::string out = "flowchart LR\n";
  std::string finals;
  const auto mermaid_step = [&](const PlanStep& step) {
    std::string label;
    for (const std::string& line : label_lines(step, plan.as_of)) {
      label += (label.empty() ? "" : "<br/>") + mermaid_text(line);
    }
    out += "    " + names[step.id] + "[\"" + label + "\"]\n";
    if (cannot_be_undone(step)) {
      finals += (finals.empty() ? "" : ",") + names[step.id];
    }
  };
  each_rank(plan, [&](Rank rank, const std::vector<const PlanStep*>& steps) {
    const std::string name(rank_name(rank));
    out += "  subgraph rank_" + name + "[\"" + name + "\"]\n";
    for (const PlanStep* step : steps) {
      mermaid_step(*step);
    }
    out += "  end\n";
  });
  each_retirement(
      plan, [&](const PlannedRetirement& retirement, const std::vector<StageBox>& boxes) {
        for (const StageBox& box : boxes) {
          out += "  subgraph stage_" + box.node + "[\"" + mermaid_text(retirement.item) + ": " +
                 mermaid_text(box.stage.name) + "\"]\n    " + box.node + "([\"" +
                 mermaid_text(stage_words(box.stage)) + "\"])\n";
          for (const PlanStep* step : box.steps) {
            mermaid_step(*step);
          }
          out += "  end\n";
          if (!box.before.empty()) {
            out += "  " + box.before + " ==> " + box.node + "\n";
          }
        }
      });
  for (const PlanStep& step : plan.steps) {
    for (const std::string& before : step.strong_after) {
      out += "  " + names[before] + " --> " + names[step.id] + "\n";
    }
    for (const std::string& before : step.after) {
      out += "  " + names[before] + " -.-> " + names[step.id] + "\n";
    }
  }
  if (!finals.empty()) {
    out += "  classDef final stroke:#c00,stroke-width:2px\n  class " + finals + " final\n";
  }
  return out;
}

}  // namespace rescind
